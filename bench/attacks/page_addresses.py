"""Pages to fetch whose address lies within the machine or its network, in every form an address can be written."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

from bench.attacks import Attempt, Ground
from crawler.middlewares.guard import RefusedAddress, check_url
from store.internet import may_connect

TITLE = "internal addresses of pages (SSRF)"
BOTH_DATABASES = False

# Literals that a URL parser, the C library or IPv6 reads as an internal address.
HOSTS = (
    "127.0.0.1", "127.1", "127.8.8.8", "2130706433", "017700000001", "0x7f000001", "0x7f.1", "127.0.0.1.",
    "0", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "100.100.100.200",
    "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::127.0.0.1]", "[fe80::1]", "[fe80::1%25eth0]",
    "[fc00::1]", "[fd00:ec2::254]", "[2001:0:7f00:1::1]", "１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1",
    "localhost", "localhost.", "LOCALHOST",
)  # fmt: skip
# Addresses that must not be fetched whatever their host.
URLS = (
    "file:///etc/passwd", "ftp://example.org/", "data:text/html,x", "s3://bucket/key", "gopher://example.org/",
    "http://user@example.org/", "http://user:word@example.org/", "http://example.org:22/", "http://example.org:6379/",
    "http://example.org:99999/", "http://127.0.0.1:80@example.org/", "http:///etc/passwd", "//127.0.0.1/",
)  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Ask the guard for each URL, and the resolver's rule for whatever its host name stands for here."""
    for host in HOSTS:
        url = f"http://{host}/"
        yield Attempt(
            url, "" if _is_refused(url) or not asyncio.run(_reachable(host)) else "may be connected to"
        )
    for url in URLS:
        yield Attempt(url, "" if _is_refused(url) else "is not refused")


def _is_refused(url: str) -> bool:
    try:
        check_url(url, allow_private=False)
    except RefusedAddress:
        return True
    return False


async def _reachable(host: str) -> list[str]:
    """Return the addresses of a host that may be connected to."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), 80, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(to[0]) for *_, to in found if may_connect(str(to[0]), allow_private=False)]
