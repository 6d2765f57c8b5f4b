"""Foreign host names in `Host` and in proxy headers: no request is answered, and no link leads to them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bench import webserver
from bench.attacks import Attempt, Ground
from bench.webserver import Site

TITLE = "foreign host names (DNS rebinding)"
BOTH_DATABASES = False

PUBLIC = "https://yaodian.example.org"
HOSTS = (
    "evil.test", "evil.test:80", "EVIL.TEST", "evil.test.", "localhost.evil.test", "127.0.0.1.evil.test",
    "yaodian.example.org.evil.test", "evilyaodian.example.org", "sub.yaodian.example.org", "example.org",
    "yaodian.example.org@evil.test", "evil.test@yaodian.example.org", "yaodian.example.org:80@evil.test",
    "yaodian.example.org/evil.test", "evil.test#yaodian.example.org", "evil.test?yaodian.example.org",
    "yaodian.example.org evil.test", "yaodian.example.org,evil.test", "evil.test\\yaodian.example.org",
    "localhost:evil.test", "localhost:", "localhost:123456", "localhost.", "localhost.localdomain", "127.1",
    "2130706433", "0x7f000001", "017700000001", "127.0.0.2", "127.0.0.1.", "0.0.0.0", "0", "[::]", "[::ffff:7f00:2]",
    "[::1", "::1", "[::1]evil.test", "[::1%25lo]", "192.0.2.7", "10.0.0.1", "169.254.169.254", "[2001:db8::7]",
    "8.8.8.8:80", "", " ", ".", "*", "*.example.org", "xn--e1afmkfd.test", "%65vil.test", "evil.test%00", "ｅvil.test",
    "a" * 5000 + ".test", "-", "_", "evil.test\t", "http://localhost", "//localhost", "127.0.0.1.nip.io",
)  # fmt: skip
PATHS = ("/", "/api/v1/plans", "/feeds/changes.atom", "/timegate/https://a.test/", "/static/mark.svg", "/operator",
         "/healthz/", "//healthz", "/metrics/", "/api/v1/openapi.json", "/nowhere")  # fmt: skip
# With the right `Host` these are of no importance.
ASIDE = (
    "X-Forwarded-Host: evil.test", "X-Host: evil.test", "X-Forwarded-Server: evil.test", "X-Original-Host: evil.test",
    "Forwarded: host=evil.test", "X-HTTP-Host-Override: evil.test", "X-Original-URL: http://evil.test/",
    "X-Rewrite-URL: /evil.test", "X-Forwarded-Prefix: //evil.test", "Origin: http://evil.test",
    "Referer: http://evil.test/", "X-Forwarded-Port: 6666\r\nX-Forwarded-Host: evil.test",
)  # fmt: skip
LINKING = (
    "/feeds/changes.atom",
    "/feeds/changes.rss",
    "/feeds/changes.json",
    "/api/v1/openapi.json",
    "/plans/",
    "/",
)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Ask under each name with a public address and without; then with the right name and others beside it."""
    paths = PATHS[:3] if ground.is_short else PATHS
    for base_url in (PUBLIC, ""):
        with webserver.running(ground.data, ground.database_url, base_url=base_url) as site:
            for host, path in product(HOSTS, paths):
                yield _refused(site, host, path)
            for header, path in product(ASIDE, LINKING):
                reply = site.ask(path, header).data
                yield Attempt(f"{header} {path}", "it is in the answer" if b"evil.test" in reply else "")
            yield from _try_raw(site)
            for host in ("localhost", "LOCALHOST:1", "127.0.0.1", f"127.0.0.1:{site.port}", "[::1]:8080"):
                yield Attempt(
                    f"own name {host}", "" if site.ask("/plans", host=host).status == 200 else "is refused"
                )


def _refused(site: Site, host: str, path: str) -> Attempt:
    reply = site.ask(path, host=host)
    return Attempt(f"{host[:40]!r} {path}", "" if reply.status == 400 else f"answered {reply.status}")


def _try_raw(site: Site) -> Iterator[Attempt]:
    """Send requests without a host name, with two, and with one in the request line."""
    for name, head in {
        "no Host": b"GET / HTTP/1.1\r\n",
        "no Host, HTTP/1.0": b"GET / HTTP/1.0\r\n",
        "two Hosts": b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.test\r\n",
        "two Hosts, the foreign one first": b"GET / HTTP/1.1\r\nHost: evil.test\r\nHost: localhost\r\n",
        "a folded Host": b"GET / HTTP/1.1\r\nHost: evil.test\r\n localhost\r\n",
        "a space before the colon": b"GET / HTTP/1.1\r\nHost : localhost\r\n",
        "a foreign whole address": b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n",
    }.items():
        status = site.send([head + b"Connection: close\r\n\r\n"]).status
        yield Attempt(name, "" if status == 400 else f"answered {status}")
    reply = site.send(
        [b"GET http://evil.test/plans/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"]
    )
    yield Attempt("a foreign address in the request line", "it is followed" if reply.status < 400 else "")
