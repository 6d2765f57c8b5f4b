"""The web server in a thread of this process with limits that the caller sets, and requests written byte by byte."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from notify.post import Post
from notify.tokens import Tokens
from store.archive import Archive
from store.database import Database
from web.app import create
from web.connections import ConnectionLimits
from web.server import Server, listen
from web.terms import Terms


@dataclass(frozen=True, slots=True)
class Site:
    port: int

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def send(self, parts: Iterable[bytes], seconds: float = 10) -> Reply:
        """Send the parts until the server ends the connection, and read its whole answer."""
        sent = 0
        with self.connect() as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                    sent += len(part)
                connection.settimeout(seconds)
            except OSError:  # it has been closed, which is what a server may do
                connection.settimeout(1)
            return Reply(read_to_end(connection), sent)

    def ask(self, path: str = "/healthz", *headers: str, host: str = "127.0.0.1") -> Reply:
        head = "\r\n".join((f"GET {path} HTTP/1.1", f"Host: {host}", *headers, "Connection: close", "", ""))
        return self.send([head.encode("utf-8")])


@dataclass(frozen=True, slots=True)
class Reply:
    """All bytes that came back, and how many had been sent by then."""

    data: bytes
    sent: int

    @property
    def status(self) -> int:
        """Return the last status, since a 100 may come before it; 0 if there is none."""
        lines = [line for line in self.data.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
        return int(lines[-1].split()[1]) if lines else 0

    @property
    def responses(self) -> int:
        return self.data.count(b"HTTP/1.1 ") - self.data.count(b"HTTP/1.1 100 ")


def read_to_end(connection: socket.socket) -> bytes:
    """Read until the other side closes or sends nothing for as long as the timeout."""
    data = b""
    try:
        while (chunk := connection.recv(65536)) and not _is_refused(data := data + chunk):
            continue
    except OSError:
        return data
    return data


def _is_refused(data: bytes) -> bool:
    """Return True if the data is a whole answer that ends the connection, which the server keeps open briefly."""
    head, end, body = data.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    return bool(end and length and b"connection: close" in head and len(body) >= int(length[1]))


def is_closed(connection: socket.socket) -> bool:
    """Return True if the other side has closed the connection; discard what it sent before."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            continue
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def wait_until_closed(connections: Iterable[socket.socket], seconds: float) -> int:
    """Wait until the connections are closed or the time is over; return how many are still open."""
    still_open, until = list(connections), time.monotonic() + seconds
    while still_open and time.monotonic() < until:
        still_open = [one for one in still_open if not is_closed(one)]
        time.sleep(0.05)
    return len(still_open)


@contextmanager
def running(
    data: Path, database_url: str, limits: ConnectionLimits | None = None, base_url: str = "", **terms: Any
) -> Iterator[Site]:
    database = Database(database_url)
    post = Post(
        "要点 Yaodian <yaodian@example.org>",
        Tokens("a secret of the bench, long enough"),
        data / "outbox",
        base_url,
    )
    application = create(
        Terms(database, data, Archive(data / "warc"), "Asia/Shanghai", post, "a secret of the bench", **terms)
    )
    server = Server(application, listen("127.0.0.1", 0, "end what listens there"), ConnectionLimits())
    if limits is not None:
        server.connections.limits = limits
    # It says of each malformed request that it is.
    logging.getLogger("uvicorn.error").addHandler(logging.NullHandler())
    thread = threading.Thread(target=asyncio.run, args=(server.serve([server.listener]),))
    thread.start()
    site = Site(server.listener.getsockname()[1])
    try:
        yield site
    finally:
        server.should_exit = True
        thread.join()
        database.close()
