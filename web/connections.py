"""Limits on the web server's connections: how many are open, and how long a client may take to send and to read.

uvicorn waits for a request's head without end. Here the head and the body have deadlines, an answer must be read,
and when there are too many connections, those that have kept the service waiting longest are closed first. So a
flood of idle connections takes no place from a request that is sent at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from web.bodies import BODY_SECONDS, DISCARD_SECONDS
from web.clients import Network, client_key, is_within

MAX_SMALL_CHUNKS = 2000
MIN_READ_BYTES = 16 << 10


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Deadlines and numbers; `trusted_proxies` stand for many clients and are not limited each."""

    connections: int = 1000
    per_client: int = 250
    head_seconds: float = 10.0
    body_seconds: float = BODY_SECONDS + DISCARD_SECONDS + 3
    """More than the application's own deadline, which answers; this one closes."""
    idle_seconds: float = 5.0
    """Between two requests."""
    write_seconds: float = 60.0
    """For the next MIN_READ_BYTES of an answer that is not read as fast as it is written."""
    trusted_proxies: tuple[Network, ...] = ()


@dataclass(slots=True)
class _Client:
    """The connections of one client; those that wait for it, the longest waiting first."""

    connections: set[Connection] = field(default_factory=set)
    waiting: dict[Connection, None] = field(default_factory=dict)


class ConnectionTable(ServerState):
    """All open connections of a server. uvicorn hands its ServerState to each of them."""

    def __init__(self, limits: ConnectionLimits) -> None:
        super().__init__()
        self.limits = limits
        self._clients: dict[str, _Client] = {}
        self._waiting: dict[Connection, None] = {}

    def add(self, connection: Connection) -> None:
        """Admit a connection, and drop another, or this one, when there are too many."""
        client = self._clients.setdefault(connection.client_key, _Client())
        client.connections.add(connection)
        is_proxy = is_within(connection.address, self.limits.trusted_proxies)
        if not is_proxy and len(client.connections) > self.limits.per_client:
            self._drop(next(iter(client.waiting), connection))
        elif len(self.connections) > self.limits.connections:
            self._drop(next(iter(self._waiting), connection))

    def remove(self, connection: Connection) -> None:
        self.connections.discard(connection)
        self._waiting.pop(connection, None)
        if (client := self._clients.get(connection.client_key)) is not None:
            client.connections.discard(connection)
            client.waiting.pop(connection, None)
            if not client.connections:
                del self._clients[connection.client_key]

    def set_waiting(self, connection: Connection, is_waiting: bool) -> None:
        """Note that it is the client's turn, from now on, or no longer."""
        self._waiting.pop(connection, None)
        client = self._clients.get(connection.client_key)
        if client is None or connection not in client.connections:
            return
        client.waiting.pop(connection, None)
        if is_waiting:
            self._waiting[connection] = client.waiting[connection] = None

    def _drop(self, connection: Connection) -> None:
        self.remove(connection)
        connection.transport.abort()


class Connection(H11Protocol):
    """uvicorn's protocol with deadlines.

    h11 is taken, and not httptools, because it is strict in what it reads, and one parser is enough to be tested.
    """

    server_state: ConnectionTable
    address = ""
    client_key = ""
    _phase: tuple[str, int] = ("", 0)
    _lines = 0
    _line_bytes = 0
    _read_deadline: asyncio.TimerHandle | None = None
    _write_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # So that `pause_writing` and `resume_writing` tell when there is something left to read, and when nothing.
        transport.set_write_buffer_limits(high=0)
        self.address = self.client[0] if self.client else ""
        self.client_key = client_key(self.address)
        self.server_state.add(self)
        self._enter(("head", 0))

    def connection_lost(self, exc: Exception | None) -> None:
        self._enter(("closed", 0))
        self._cancel_write_deadline()
        self.server_state.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._enter(self._find_phase(is_idle=False))
        if self._phase[0] == "body" and self._is_chopped(data):
            self.transport.abort()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._enter(self._find_phase(is_idle=not self.conn.trailing_data[0]))

    def pause_writing(self) -> None:
        super().pause_writing()
        self.server_state.set_waiting(self, is_waiting=True)
        self._expect_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_write_deadline()
        self.server_state.set_waiting(self, self._phase[0] != "answer")

    def _find_phase(self, *, is_idle: bool) -> tuple[str, int]:
        """Return what the connection is at, and of which request: idle, head, body, answer."""
        request = id(self.cycle)
        if self.conn.their_state is h11.SEND_BODY:
            return "body", request
        if self.conn.their_state is h11.IDLE:
            return ("idle" if is_idle else "head"), request
        return "answer", request

    def _enter(self, phase: tuple[str, int]) -> None:
        if phase == self._phase or self._phase[0] == "closed":
            return
        self._phase = phase
        if self._read_deadline is not None:
            self._read_deadline.cancel()
            self._read_deadline = None
        self._lines = self._line_bytes = 0
        limits = self.server_state.limits
        if phase[0] == "head":
            self._read_deadline = self.loop.call_later(limits.head_seconds, self.transport.abort)
        elif phase[0] == "body":
            self._read_deadline = self.loop.call_later(limits.body_seconds, self.transport.abort)
        elif phase[0] == "idle":
            self._read_deadline = self.loop.call_later(limits.idle_seconds, self.timeout_keep_alive_handler)
        self.server_state.set_waiting(self, phase[0] in ("head", "body", "idle"))

    def _is_chopped(self, data: bytes) -> bool:
        """Return True if a body arrives in chunks of a few bytes, each of which costs as much as a large one."""
        if not any(name == b"transfer-encoding" for name, _ in self.headers):
            return False
        self._lines += data.count(b"\r\n")
        self._line_bytes += len(data)
        return self._lines > MAX_SMALL_CHUNKS and self._lines > self._line_bytes / 8

    def _expect_reading(self) -> None:
        """Have the connection aborted unless its client reads on, also when it is being closed."""
        self._write_deadline = self.loop.call_later(
            self.server_state.limits.write_seconds,
            self._check_reading,
            self.transport.get_write_buffer_size() - MIN_READ_BYTES,
        )

    def _check_reading(self, wanted_bytes: int) -> None:
        left_bytes = self.transport.get_write_buffer_size()
        if left_bytes > max(0, wanted_bytes):
            self.transport.abort()
        else:
            self._expect_reading()

    def _cancel_write_deadline(self) -> None:
        if self._write_deadline is not None:
            self._write_deadline.cancel()
            self._write_deadline = None
