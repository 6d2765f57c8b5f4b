"""Which addresses may be connected to, and which URLs are refused before a connection is made."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request

from crawler.middlewares.guard import AddressGuard, RefusedAddress
from store.internet import is_public, may_connect

OWN = ["127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fc00::1"]
NEVER = [
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "192.0.2.1",
    "192.0.0.192",
    "192.88.99.1",
    "240.0.0.1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
    "fec0::1",
    "64:ff9b:1::7f00:1",
    "2001:db8::1",
    "2001:0:7f00:1::1",
    "3fff::1",
    "4000::1",
]
PUBLIC = ["8.8.8.8", "202.205.11.1", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
FORMS = ("::ffff:{v4}", "64:ff9b::{v4}", "::ffff:0:{v4}", "::{v4}", "2002:{hex}::1")


@pytest.mark.parametrize("address", OWN)
def test_the_operators_own_networks_are_asked_only_when_allowed(address: str) -> None:
    assert not is_public(address)
    assert may_connect(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_metadata_multicast_and_reserved_addresses_are_never_asked(address: str) -> None:
    assert not is_public(address)
    assert not may_connect(address, allow_private=True)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4), st.sampled_from(FORMS))
def test_an_ipv6_address_that_carries_an_ipv4_one_is_judged_as_that(
    v4: ipaddress.IPv4Address, form: str
) -> None:
    number = f"{int(v4):08x}"
    carried = form.format(v4=v4, hex=f"{number[:4]}:{number[4:]}")
    if int(v4) > 1 or form != "::{v4}":  # ::0 and ::1 are themselves
        for allow in (False, True):
            assert may_connect(carried, allow_private=allow) == may_connect(str(v4), allow_private=allow)


@given(st.ip_addresses())
def test_what_is_public_is_nothing_that_python_calls_special(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(str(ip)):
        special = (ip.is_multicast, ip.is_loopback, ip.is_link_local, ip.is_unspecified)
        assert not any(special)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest",
        "http://user@example.org/",
        "http://example.org:22/",
        "ftp://example.org/",
    ],
)
def test_urls_that_say_no_public_web_address_are_refused(url: str) -> None:
    with pytest.raises(RefusedAddress):
        AddressGuard(allow_private=False).process_request(Request(url))


def test_metadata_is_refused_also_where_private_addresses_are_allowed() -> None:
    with pytest.raises(RefusedAddress):
        AddressGuard(allow_private=True).process_request(Request("http://169.254.169.254/latest/meta-data/"))
