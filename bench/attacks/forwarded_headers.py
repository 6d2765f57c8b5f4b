"""Headers in which a client claims an address or a scheme: they give it no further quota and change neither."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench import webserver
from bench.attacks import Attempt, Ground
from bench.webserver import Site

TITLE = "forged forwarding headers"
BOTH_DATABASES = False

SHARE = 3
# A header whose value is new in each request; {n} is its number.
ROTATING = (
    "X-Forwarded-For: 198.51.100.{n}", "X-Forwarded-For: 198.51.100.{n}, 127.0.0.1", "X-Real-IP: 198.51.100.{n}",
    "X-Forwarded-For: 127.0.0.1, 198.51.100.{n}", "X-Forwarded-For: 2001:db8:{n}::1", "Forwarded: for=198.51.100.{n}",
    "X-Forwarded-For: [2001:db8:{n}::1]:80", "X-Client-IP: 198.51.100.{n}", "CF-Connecting-IP: 198.51.100.{n}",
    "True-Client-IP: 198.51.100.{n}", "X-Cluster-Client-IP: 198.51.100.{n}", "X-Forwarded-For: made-up-{n}",
    "X-Forwarded-For: unknown, {n}", "X-ProxyUser-Ip: 198.51.100.{n}", "Via: 1.1 198.51.100.{n}",
    "X-Forwarded-For: 198.51.100.{n}\r\nX-Forwarded-For: 203.0.113.{n}", "x-forwarded-for: 198.51.100.{n}",
    "Fastly-Client-IP: 198.51.100.{n}", "X-Originating-IP: 198.51.100.{n}", "X-Remote-Addr: 198.51.100.{n}",
)  # fmt: skip
# What a proxy that is trusted sends when its client forges: it appends the client's true address.
APPENDED = (
    "X-Forwarded-For: 198.51.100.{n}, 203.0.113.9", "X-Forwarded-For: 198.51.100.{n}\r\nX-Forwarded-For: 203.0.113.9",
    "X-Forwarded-For: 198.51.100.{n}, 203.0.113.9, 127.0.0.1", "X-Forwarded-For: made-up-{n}, 203.0.113.9:4{n}",
    "X-Forwarded-For: 127.0.0.1, 198.51.100.{n},203.0.113.9", "X-Forwarded-For: ,{n},  203.0.113.9 ",
    "X-Forwarded-For: 10.0.0.{n}, ::ffff:203.0.113.9", "X-Forwarded-For: 203.0.113.9\r\nX-Real-IP: 198.51.100.{n}",
    "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=198.51.100.{n}", "X-Forwarded-For: [::1]:{n}, 203.0.113.9",
    "X-Forwarded-For: 127.0.0.1, 203.0.113.9\r\nX-Forwarded-For: 127.0.0.1",
)  # fmt: skip
ONE_NETWORK = (
    "X-Forwarded-For: 2001:db8:1:2::{n}",
    "X-Forwarded-For: 2001:db8:1:2:{n}::1",
    "X-Forwarded-For: [2001:db8:1:2::{n}]:9{n}",
)
SCHEMES = ("X-Forwarded-Proto: https", "X-Forwarded-Ssl: on", "Front-End-Https: on", "X-Url-Scheme: https", "Forwarded: proto=https",
           "X-Forwarded-Scheme: https", "X-Scheme: https", "X-Forwarded-Protocol: https")  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Ask more often than is allowed, each time as somebody else, without a trusted proxy and behind one."""

    def run(name: str, headers: tuple[str, ...], *proxies: str) -> Iterator[Attempt]:
        for header in headers:
            with webserver.running(
                ground.data, ground.database_url, requests_per_minute=SHARE, trusted_proxies=proxies
            ) as site:
                yield Attempt(f"{name}: {header!r}", _count_share(site, header.format))

    sample = slice(None, None, 4 if ground.is_short else 1)
    yield from run("no proxy", ROTATING[sample])
    yield from run("another proxy", ROTATING[sample], "192.0.2.1", "10.0.0.0/8")
    yield from run("behind a proxy", APPENDED[sample], "127.0.0.1")
    yield from run("one network", ONE_NETWORK[sample], "127.0.0.1/32")
    with webserver.running(ground.data, ground.database_url) as site:
        for header in SCHEMES:
            breach = b"https://127.0.0.1" in site.ask("/feeds/changes.atom", header).data
            yield Attempt(header, "links lead to https" if breach else "")
    with webserver.running(ground.data, ground.database_url, trusted_proxies=("127.0.0.1",)) as site:
        for scheme in ("javascript", "file", "https://evil.test/", "HTTPS,http", "ht\ttps"):
            reply = site.ask("/feeds/changes.atom", f"X-Forwarded-Proto: {scheme}")
            is_kept = b"http://127.0.0.1" in reply.data
            yield Attempt(
                f"scheme {scheme!r}", "" if is_kept or reply.status == 400 else "links lead elsewhere"
            )


def _count_share(site: Site, header: Callable[..., str]) -> str:
    statuses = [site.ask("/api/v1/plans", header(n=n)).status for n in range(1, SHARE + 4)]
    return "" if statuses.count(200) <= SHARE and 429 in statuses else f"answered {statuses}"
