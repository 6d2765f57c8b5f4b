"""Connections that keep the service waiting.

They are silent, send half a head, half a body or single bytes, or never read the answer.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

from bench import webserver
from bench.attacks import Attempt, Ground
from bench.webserver import Site, is_closed, wait_until_closed
from web.connections import ConnectionLimits

TITLE = "idle and slow connections"
BOTH_DATABASES = False

HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /subscribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
# What is sent at once, and what follows byte by byte.
WAYS = {
    "nothing": (b"", b""),
    "one byte": (b"G", b""),
    "half a request line": (b"GET /", b""),
    "half a head": (HEAD, b""),
    "half a header": (HEAD + b"Accept: text", b""),
    "blank lines": (b"\r\n\r\n", b"\r\n" * 500),
    "a head byte by byte": (b"", HEAD + b"X: " + b"x" * 500),
    "headers without end": (HEAD, b"A: b\r\n" * 100),
    "no body": (POST + b"Content-Length: 100\r\n\r\n", b""),
    "half a body": (POST + b"Content-Length: 100\r\n\r\naddress=", b""),
    "a body byte by byte": (POST + b"Content-Length: 900\r\n\r\n", b"a" * 800),
    "no chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b""),
    "half a chunk": (POST + b"Transfer-Encoding: chunked\r\n\r\n10\r\naddress=", b""),
    "chunks byte by byte": (POST + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n" * 100),
    "half a trailer": (POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: y", b""),
    "expecting, then nothing": (POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n", b""),
    "idle after an answer": (HEAD + b"\r\n", b""),
    "half a head after an answer": (HEAD + b"\r\nGET", b""),
    "blank lines after an answer": (HEAD + b"\r\n", b"\r\n" * 500),
    "too large, then byte by byte": (POST + b"Content-Length: 9999999\r\n\r\n", b"a" * 800),
}
LIMITS = ConnectionLimits(60, 40, head_seconds=0.5, body_seconds=0.5, idle_seconds=0.5, write_seconds=0.5)
MAX_SECONDS = 5.0


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Keep connections open in every way at once, then more than there may be."""
    with webserver.running(ground.data, ground.database_url, LIMITS) as site:
        yield from _try_ways(site)
        yield _try_unread_answers(site)
        for count in (80,) if ground.is_short else (100, 500, 2000):
            yield from _try_many(site, count)


def _try_ways(site: Site) -> Iterator[Attempt]:
    with ExitStack() as stack:
        opened = {name: stack.enter_context(site.connect()) for name in WAYS}
        for name, (at_once, _) in WAYS.items():
            opened[name].sendall(at_once)
        began, at = time.monotonic(), 0
        still_open = dict(opened)
        while still_open and time.monotonic() - began < MAX_SECONDS:
            for name, connection in still_open.items():
                _send_quietly(connection, WAYS[name][1][at : at + 1])
            at += 1
            time.sleep(0.05)
            still_open = {name: one for name, one in still_open.items() if not is_closed(one)}
        for name in WAYS:
            yield Attempt(name, f"open after {MAX_SECONDS:g} seconds" if name in still_open else "")


def _send_quietly(connection: socket.socket, data: bytes) -> None:
    try:
        connection.send(data)
    except OSError:  # it was closed: `is_closed` will say so
        return


def _try_unread_answers(site: Site) -> Attempt:
    """Ask for much, read nothing of it until long after the deadline, and see whether it went on."""
    request = b"GET /static/style.css HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", site.port))
        connection.settimeout(1)
        _send_quietly(connection, request * 500)
        time.sleep(3 * LIMITS.write_seconds)
        return Attempt("answers never read", _unless_closed(wait_until_closed([connection], 1)))


def _try_many(site: Site, count: int) -> Iterator[Attempt]:
    """Open more than there may be; others must be answered meanwhile."""
    with ExitStack() as stack:
        connections = []
        for n in range(count):
            connection = stack.enter_context(site.connect())
            _send_quietly(connection, (HEAD, POST + b"Content-Length: 9\r\n\r\n", b"")[n % 3])
            connections.append(connection)
        began = time.monotonic()
        status = site.ask().status
        seconds = time.monotonic() - began
        answered = status == 200 and seconds < 2
        yield Attempt(f"beside {count} idle ones", "" if answered else f"{status} after {seconds:.1f} s")
        still_open = sum(not is_closed(one) for one in connections)
        breach = f"{still_open} of {count} were kept" if still_open > LIMITS.per_client else ""
        yield Attempt(f"{count} connections at a time", breach)
        yield Attempt(f"{count} idle ones end", _unless_closed(wait_until_closed(connections, MAX_SECONDS)))


def _unless_closed(still_open: int) -> str:
    return f"{still_open} are still open" if still_open else ""
