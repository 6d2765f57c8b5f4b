"""Requests that are not quite HTTP: none is understood as two, none is answered 5xx, and the service goes on."""

from __future__ import annotations

from collections.abc import Iterator

from bench import webserver
from bench.attacks import Attempt, Ground
from bench.webserver import Site
from web.connections import ConnectionLimits

TITLE = "malformed HTTP, request smuggling"
BOTH_DATABASES = False

START = b"POST /subscribe HTTP/1.1\r\nHost: 127.0.0.1\r\n"
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SECOND = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
# Each carries a second request where a proxy could take it for the body of the first.
SMUGGLED = {
    "length and chunks": START + b"Content-Length: 5\r\n" + CHUNKED + b"\r\n0\r\n\r\n",
    "chunks and length": START + CHUNKED + b"Content-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": START + b"Content-Length: 0\r\nContent-Length: 55\r\n\r\n",
    "two lengths in one": START + b"Content-Length: 0, 55\r\n\r\n",
    "a signed length": START + b"Content-Length: +0\r\n\r\n",
    "a negative length": START + b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": START + b"Content-Length: 0x0\r\n\r\n",
    "a space before the colon": START + b"Content-Length : 0\r\n\r\n",
    "an odd coding": START + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": START + CHUNKED + CHUNKED + b"\r\n0\r\n\r\n",
    "chunked, identity": START + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "gzip, chunked": START + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a tab before chunked": START + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
    "a quoted coding": START + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
    "a folded coding": START + b"Transfer-Encoding:\r\n chunked, x\r\n\r\n0\r\n\r\n",
    "a negative chunk": START + CHUNKED + b"\r\n-1\r\n\r\n",
    "a chunk of 0x0": START + CHUNKED + b"\r\n0x0\r\n\r\n",
    "a chunk of 17 digits": START + CHUNKED + b"\r\n00000000000000000000000\r\n\r\n",
    "a chunk without its end": START + CHUNKED + b"\r\n3\r\nabcX0\r\n\r\n",
    "a bare LF after a chunk": START + CHUNKED + b"\r\n3\nabc\n0\n\n",
    "a NUL in a name": START + b"X\x00: y\r\n\r\n",
    "a NUL in a value": START + b"X: \x00\r\n\r\n",
    "a bare CR in a value": START + b"X: a\rb\r\n\r\n",
    "no colon": START + b"X\r\n\r\n",
    "an empty name": START + b": y\r\n\r\n",
    "a space in front": b" " + START + b"\r\n",
    "a folded first header": b"GET / HTTP/1.1\r\n Host: 127.0.0.1\r\n\r\n",
    "three words more": b"GET / HTTP/1.1 x y z\r\nHost: 127.0.0.1\r\n\r\n",
    "a tab in the request line": b"GET\t/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/0.9": b"GET /\r\n\r\n",
    "HTTP/1.10": b"GET / HTTP/1.10\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "a bad method": b"GE(T / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "an address that is not ASCII": "GET /教育 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode(),
    "zeros": bytes(5000),
    "noise": bytes(range(256)) * 40,
}
# Answered or refused, but not with 5xx.
ODD = {
    "HTTP/9.9": b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    "10 000 headers": GET + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + b"\r\n",
    "10 000 headers of one name": GET + b"X: y\r\n" * 10_000 + b"\r\n",
    "a header of 200 KB": GET + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
    "a name of 200 KB": GET + b"X" * 200_000 + b": y\r\n\r\n",
    "an address of 200 KB": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a query of 200 KB": b"GET /search?q=" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "a head of 20 MB": GET + b"X: " + b"y" * 20_000_000,
    "cookies": GET + b"Cookie: " + b"a=b; " * 5000 + b"\r\n\r\n",
    "an endless method": b"G" * 300_000,
    "bare LF throughout": GET.replace(b"\r\n", b"\n") + b"Connection: close\n\n",
    "an upgrade": GET + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n",
    "h2c": GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
    "*": b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "CONNECT": b"CONNECT evil.test:80 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "TRACE": b"TRACE / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: secret\r\nConnection: close\r\n\r\n",
    "bad escapes": b"GET /%zz%ff%00%u0041?%zz=%ff HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    "a bad Origin": START + b"Origin: http://[\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    "a bad cookie": GET + b"Cookie: yaodian_operator=\xff\xfe; language=\x80\r\nConnection: close\r\n\r\n",
    "a bad language": GET + b"Accept-Language: \xff;q=x,,;\r\nConnection: close\r\n\r\n",
    "a bad Range": b"GET /static/mark.svg HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=9-1,-0," + b"0-," * 2000
    + b"\r\nConnection: close\r\n\r\n",
    "10 000 ranges": b"GET /static/style.css HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes="
    + b",".join(b"%d-%d" % (n, n) for n in range(4000)) + b"\r\nConnection: close\r\n\r\n",
    "300 pipelined": GET + b"\r\n" + (GET + b"\r\n") * 298 + GET + b"Connection: close\r\n\r\n",
}  # fmt: skip

LIMITS = ConnectionLimits(head_seconds=0.3, body_seconds=0.3, idle_seconds=0.3)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Send each in one piece and, in the long form, byte by byte; see that the service still answers."""
    with webserver.running(ground.data, ground.database_url, LIMITS) as site:
        for name, request in SMUGGLED.items():
            yield Attempt(name, _find_second(site, [request + SECOND]))
            if not ground.is_short and len(request) < 1000:
                pieces = [bytes([byte]) for byte in request + SECOND]
                yield Attempt(f"{name}, byte by byte", _find_second(site, pieces))
        for name, request in ODD.items():
            yield Attempt(name, _find_failure(site, request))


def _find_second(site: Site, pieces: list[bytes]) -> str:
    reply = site.send(pieces, seconds=3)
    if b"yaodian_http_requests" in reply.data:
        return "the second request was answered"
    return f"answered {reply.status}" if reply.status >= 500 else _unless_alive(site)


def _find_failure(site: Site, request: bytes) -> str:
    reply = site.send([request], seconds=3)
    if reply.status >= 500 and reply.status != 501:
        return f"answered {reply.status}"
    return _unless_alive(site)


def _unless_alive(site: Site) -> str:
    return "" if site.ask().status == 200 else "the service does not answer any longer"
