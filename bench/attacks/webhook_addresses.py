"""Webhook addresses that lead into this machine or its network, or that make the sender fail.

Tried are hosts, ports, host names and redirects.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpcore

from bench.attacks import Attempt, Ground
from bench.attacks.page_addresses import HOSTS as INTERNAL
from notify import channels
from notify.channels import webhook
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from notify.tokens import Tokens
from store.errors import WrongUse

TITLE = "webhook addresses (SSRF, poison)"
BOTH_DATABASES = False

POISON = (
    "a..b.example", ".example", "example.org.", "example.org..", "..", ".", "a" * 64 + ".example", "a." * 127 + "org", "-a.example",
    "a-.example", "a_b.example", "xn--a.org", "xn--.org", "xn--zzzzzzzzzzzz99999.org", "\u200b.example", "a\u00adb..org", "a\u3002\u3002b.org",
    "é" * 60 + ".example", "＿.org", "%00.example", "%2e%2e.org", "a b.example", "a\tb.example", "a\nb.example", "*.example.org",
    "example.org,other.org", "[::1", "::1]", "[v1.x]", "[::1]x", "[fe80::1%25eth0]", "[fe80::1%eth0]", "intranet", "printer.local",
    "hook.localhost", "metadata.google.internal", "1.in-addr.arpa", "256.1.1.1", "1.2.3", "0x7f.0.0.1", "1.2.3.4.", "0127.0.0.1", "99999999999",
    "\ud800.example", "\x00", "ℓocalhost", "ｌｏｃａｌｈｏｓｔ", "127.0.0.1\u3002", "①.①.①.①",
)  # fmt: skip
URLS = (
    "https://user@example.org/", "https://user:word@example.org/", "https://@example.org/", "https://example.org@127.0.0.1/",
    "https://example.org\\@127.0.0.1/", "https://127.0.0.1\\.example.org/", "https://example.org:22/", "https://example.org:0/",
    "https://example.org:99999/", "https://example.org:443x/", "https://example.org:４４３/", "https://example.org:-1/", "https://example.org:80/",
    "http://example.org/", "ftp://example.org/", "file:///etc/passwd", "https:///etc/passwd", "https:example.org", "//example.org/", "https:/e.org/",
    "https://example.org/#x", "https://example.org/#", "https://example.org#@127.0.0.1/", "https://example.org?@127.0.0.1/ ", "https://",
    "https://example.org/a b", "https://example.org/\r\nHost: x", "https://example.org/\nx", "https://example.org/é", "https://example.org/\x00",
    "https://example.org/<x>", "https://e.org/" + "a" * 3000, "webhook+https://example.org/", " https://example.org/", "HTTPS ://e.org/",
    "gopher://example.org/", "javascript:alert(1)", "data:text/html,x", "unix:///run/x.sock", "",
)  # fmt: skip
REDIRECTS = (301, 302, 303, 307, 308)
# What a DNS server may say of a public name.
ANSWERS = (
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "100.100.100.200",
    "::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "fd00:ec2::254",
    "0.0.0.0",
)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Try each address.

    A breach is an address that is stored, a host that is connected to, a redirect that is followed, or an
    exception.
    """
    post = Post("y <y@example.org>", Tokens("t" * 40), ground.data / "outbox")
    hosts = [f"https://{host}/h" for host in (*INTERNAL, *POISON)]
    for url in (*hosts, *URLS):
        address = f"webhook+{url}"
        yield Attempt(repr(url), describe_kept(address) or _sent(address, post))
    for answer in ANSWERS:
        yield Attempt(f"a name that leads to {answer}", _rebound(answer, post))
    for status in REDIRECTS:
        yield Attempt(f"a redirect with {status}", _followed(status, ground))


def describe_kept(address: str) -> str:
    """Return how an address is kept, or what checking it raised; nothing when it is refused."""
    try:
        kept = channels.checked(address)
    except WrongUse:
        return ""
    except Exception as error:  # noqa: BLE001 (any other is what is looked for)
        return f"raised {type(error).__name__}"
    return f"is kept as {kept}"


def _send(address: str, post: Post) -> Answer:
    now = dt.datetime.now(dt.UTC)
    parcel = Parcel(1, "digest", "webhook", address, "<d@example.org>", now, 1, 1, now, 0)

    async def send() -> Answer:
        async with webhook.opened(post) as outlet:
            return await outlet.send(parcel, Letter("subject", "text", "", "short"))

    return asyncio.run(send())


def _sent(address: str, post: Post) -> str:
    try:
        answer = _send(address, post)
    except Exception as error:  # noqa: BLE001
        return f"sending raised {type(error).__name__}"
    return "" if answer.verdict == "refused" else f"sending answered {answer.verdict}: {answer.said}"


def _rebound(place: str, post: Post) -> str:
    """Connect to a name that DNS resolves to a private address on the second query (DNS rebinding)."""

    async def connect() -> str:
        async def lookup(*_: Any, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, 443))]

        asyncio.get_running_loop().getaddrinfo = lookup  # type: ignore[method-assign]
        try:
            await webhook.Guarded(post.allow_private).connect_tcp("hook.example.org", 443, 1)
        except webhook.NotPublic:
            return ""
        except (OSError, httpcore.NetworkError, httpcore.TimeoutException):
            pass
        return "was connected to"

    return asyncio.run(connect())


def _followed(status: int, ground: Ground) -> str:
    post = Post("y <y@example.org>", Tokens("t" * 40), ground.data / "outbox", allow_private=True)
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as site,
        closing(socket.create_server(("127.0.0.1", 0))) as inside,
    ):
        where = f"http://127.0.0.1:{inside.getsockname()[1]}/secret"
        reply = f"HTTP/1.1 {status} X\r\nLocation: {where}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = site.accept()
                connection.recv(65536)
                connection.sendall(reply.encode())
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        answer = _send(f"webhook+http://127.0.0.1:{site.getsockname()[1]}/h", post)
        thread.join(5)
        inside.settimeout(0)
        try:
            inside.accept()
        except BlockingIOError:
            return "" if answer.said == f"HTTP {status}" else answer.said
    return "the secret was asked"
