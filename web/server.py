"""The web server: uvicorn in the service's loop, within the machine's file descriptors."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
from collections.abc import Iterator
from dataclasses import replace

import structlog
import uvicorn
from starlette.types import ASGIApp

from store.errors import OperatorError
from web.connections import Connection, ConnectionLimits, ConnectionTable

MAX_OPEN_FILES = 65_536
"""More is not asked for: some programs that are started as children look at each number below the limit."""
RESERVED_FILES = 256
"""For the database, the archive, child processes and their pipes, logs, mail and webhooks."""
MAX_BACKLOG = 512
SEND_BUFFER_BYTES = 256 << 10


class Server(uvicorn.Server):
    """uvicorn with limits on connections; signals are the service's."""

    def __init__(self, application: ASGIApp, listener: socket.socket, limits: ConnectionLimits) -> None:
        limits, backlog = fit_limits(limits, raise_file_limit())
        super().__init__(
            uvicorn.Config(
                application,
                http=Connection,
                ws="none",
                lifespan="off",
                log_config=None,
                proxy_headers=False,  # web.app does it, for the proxies that the operator trusts
                server_header=False,
                backlog=backlog,
                timeout_graceful_shutdown=5,
            )
        )
        self.connections = ConnectionTable(limits)
        self.server_state = self.connections
        self.listener = listener

    @property
    def address(self) -> str:
        host, port = self.listener.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Servers:
    """All servers of the service, as one thing to run and to stop; `named` gives the log's event for each."""

    def __init__(self, named: dict[str, Server]) -> None:
        self._named = named

    async def serve(self) -> None:
        for name, server in self._named.items():
            structlog.get_logger("yaodian.web").info(name, address=server.address)
        await asyncio.gather(*(server.serve(sockets=[server.listener]) for server in self._named.values()))

    def stop(self) -> None:
        for server in self._named.values():
            server.should_exit = True


def raise_file_limit() -> int:
    """Raise the soft limit of open files to the hard one, and return it. systemd's soft limit is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return MAX_OPEN_FILES if soft == resource.RLIM_INFINITY else soft


def fit_limits(limits: ConnectionLimits, open_files: int) -> tuple[ConnectionLimits, int]:
    """Return the limits and the backlog for which there are enough file descriptors beside the service's own.

    As many as the backlog are accepted in one go, before any of them can be refused.
    """
    free = max(32, open_files - RESERVED_FILES)
    backlog = max(16, min(MAX_BACKLOG, free // 5))
    connections = min(limits.connections, max(16, free - backlog))
    return replace(limits, connections=connections, per_client=max(8, connections // 4)), backlog


def listen(host: str, port: int, remedy: str) -> socket.socket:
    """Return a listening socket; raise OperatorError with the remedy if the address can't be listened on."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.create_server((host, port), family=family)
    except OSError as error:
        raise OperatorError(f"can't listen on {host}:{port}: {error.strerror}; {remedy}") from error
    made.setblocking(False)
    # What it accepts inherits both. Else the kernel keeps megabytes for each client that does not read,
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    # and a kept connection's answer waits 40 ms for its reader to acknowledge its head.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
