"""Sites that mean harm, on loopback: each answers every request in its own way. robots.txt is not there."""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Answer = Callable[[BaseHTTPRequestHandler], None]
ZEROS = bytes(1 << 20)
BOMB = 64
"""MiB that a bomb unpacks to."""


def sends(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    given = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
    for name, value in (given | {key.replace("_", "-"): value for key, value in headers.items()}).items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def metadata(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 302, Location="http://169.254.169.254/latest/meta-data/")


def mapped(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 302, Location="http://[::ffff:169.254.169.254]/")


def local_file(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 302, Location="file:///etc/passwd")


def announced(handler: BaseHTTPRequestHandler) -> None:
    """10 GB by its Content-Length."""
    sends(handler, 200, b"<p>", Content_Length=str(10 << 30))


def endless(handler: BaseHTTPRequestHandler) -> None:
    """10 GB that it does not announce."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    for _ in range(10 << 10):
        handler.wfile.write(ZEROS)


def gzipped(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 200, _GZIP, Content_Encoding="gzip")


def brotlied(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 200, _BROTLI, Content_Encoding="br")


def zstandard(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 200, _ZSTD, Content_Encoding="zstd")


def twice(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 200, gzip.compress(_GZIP), Content_Encoding="gzip, gzip")


def redirects(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 302, Location=f"{handler.path}x")


def drips(handler: BaseHTTPRequestHandler) -> None:
    """A byte now and then, for as long as anybody listens."""
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    stop = threading.Event()
    for _ in range(2000):
        handler.wfile.write(b" ")
        stop.wait(0.05)


def pages(handler: BaseHTTPRequestHandler) -> None:
    """A calendar: each page has lines of its own, and leads to the next."""
    number = int("0" + "".join(filter(str.isdigit, handler.path)))
    lines = "".join(f'<li><a href="/{number}-{n}">某县通知{number}-{n}</a></li>' for n in range(5))
    sends(handler, 200, f'<ul>{lines}</ul><a class=next href="/p{number + 1}">下一页</a>'.encode())


def links(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 200, _LINKS)


def tags(handler: BaseHTTPRequestHandler) -> None:
    sends(handler, 200, b"<ul>" + b"<li>" * 4_000_000)


_GZIP = gzip.compress(ZEROS * BOMB)
_BROTLI = brotli.compress(ZEROS * BOMB, quality=1)
_ZSTD = zstd.compress(ZEROS * BOMB)
_LINKS = "".join(f"<li><a href={n}>通知</a>" for n in range(500_000)).encode()

SITES: Mapping[str, tuple[Answer, str]] = {
    "metadata": (metadata, "refused address: http://169.254.169.254/latest/meta-data/: is no public address"),
    "mapped": (mapped, "refused address: http://[::ffff:169.254.169.254]/: is no public address"),
    "local-file": (local_file, "unreachable: the site answers 302"),
    "announced": (announced, "unreachable: the answer is larger than what is fetched"),
    "endless": (endless, "unreachable: "),
    "gzipped": (gzipped, "larger than what is fetched"),
    "brotlied": (brotlied, "larger than what is fetched"),
    "zstandard": (zstandard, "larger than what is fetched"),
    "twice": (twice, "larger than what is fetched"),
    "redirects": (redirects, "redirect"),
    "drips": (drips, "unreachable: no answer in time"),
    "pages": (pages, "cut: it goes on after page 20"),
    "tags": (tags, "unreadable: too large: more than 2,000,000 tags and attributes"),
    "links": (links, "cut: it names 2000 documents or more; the rest is left out"),
}
"""What each does, and what is told of it."""


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                if self.path == "/robots.txt":
                    sends(self, 404)
                else:
                    answer(self)
            except (BrokenPipeError, ConnectionResetError):
                pass  # nobody listens any more

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.socket.close()
