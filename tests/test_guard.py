"""Which addresses are public, and which URLs are refused before a connection is made."""

from __future__ import annotations

import pytest
from scrapy import Request

from crawler.middlewares.guard import AddressGuard, RefusedAddress, is_public

PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "192.0.2.1",
    "240.0.0.1",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "fec0::1",
    "64:ff9b:1::7f00:1",
    "::127.0.0.1",
    "2001:db8::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "202.205.11.1", "2400:3200::1", "::ffff:8.8.8.8"])
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://169.254.169.254/latest",
        "http://user@example.org/",
        "http://example.org:22/",
        "ftp://example.org/",
    ],
)
def test_urls_that_say_no_public_web_address_are_refused(url: str) -> None:
    with pytest.raises(RefusedAddress):
        AddressGuard(allow_private=False).process_request(Request(url))
