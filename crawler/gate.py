"""The gate through which a browser reaches the web: a proxy on loopback that holds the address guard for it.

A browser looks names up and connects by itself, and follows redirects that nobody sees; all it is given is this proxy.
Each name is resolved here, and the address that is connected to is the one that was judged.
"""

from __future__ import annotations

import asyncio
import re
import socket
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from crawler.middlewares.guard import RefusedAddress, check_url
from store.internet import may_connect
from store.said import said

LONGEST_HEAD = 64 << 10
CONNECT_S = 20.0
CHUNK = 64 << 10
# They speak of the connection to us, or would keep it open for another site.
_HOP = re.compile(rb"(?:proxy-[\w-]+|connection|keep-alive):", re.I)
_LENGTH = re.compile(rb"^content-length:\s*(\d{1,9})\s*$", re.I | re.M)


class Gate:
    """`async with Gate(…) as gate`: it listens at `gate.url` until the end. A connection has `lasts_s` seconds and
    carries `max_bytes` at most."""

    def __init__(self, *, allow_private: bool, max_bytes: int, lasts_s: float) -> None:
        self.allow_private = allow_private
        self.max_bytes = max_bytes
        self.lasts_s = lasts_s
        self.refused: list[str] = []
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LONGEST_HEAD)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, browser: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(self.lasts_s):
                await self._pass(browser, answer)
        except RefusedAddress as error:
            self.refused.append(str(error))
            answer.write(b"HTTP/1.1 403 Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        except (OSError, ValueError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the browser sees a connection that broke off, which is what it is
        finally:
            answer.close()

    async def _pass(self, browser: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        head = await browser.readuntil(b"\r\n\r\n")
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        tunnels = method == "CONNECT"
        url = f"https://{target}/" if tunnels else target
        check_url(url, allow_private=self.allow_private)
        parts = urlsplit(url)
        site, sender = await self._connect(parts.hostname or "", parts.port or (443 if tunnels else 80))
        try:
            if tunnels:
                answer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
                there = self._copy(browser, sender)
            else:
                sender.write(_for_site(head, parts.path or "/", parts.query))
                length = _LENGTH.search(head)
                there = self._send(browser, sender, int(length[1]) if length else 0)
            await asyncio.gather(there, self._copy(site, answer))
        finally:
            sender.close()

    async def _connect(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Raises RefusedAddress when the name stands for no address that may be connected to."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(address[0]) for *_, address in found]
        allowed = [one for one in addresses if may_connect(one, allow_private=self.allow_private)]
        if not allowed:
            raise RefusedAddress(said("stands for no public address"), host)
        async with asyncio.timeout(CONNECT_S):
            return await asyncio.open_connection(allowed[0], port)

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        left = self.max_bytes
        while (chunk := await source.read(CHUNK)) and left > 0:
            left -= len(chunk)
            target.write(chunk)
            await target.drain()
        target.close()

    async def _send(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, length: int) -> None:
        """The body of one request; what the browser would send after it is another request, on another connection."""
        target.write(await source.readexactly(min(length, self.max_bytes)))
        await target.drain()


def _for_site(head: bytes, path: str, query: str) -> bytes:
    """A request to a proxy as the request to the site."""
    first, *lines = head.rstrip(b"\r\n").split(b"\r\n")
    method, _, protocol = first.split(b" ", 2)
    target = (path + (f"?{query}" if query else "")).encode("latin-1")
    kept = [line for line in lines if not _HOP.match(line)]
    return b"\r\n".join((b" ".join((method, target, protocol)), *kept, b"Connection: close", b"", b""))
