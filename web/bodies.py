"""Limits on a request's head and body, checked before anything else is done with the request."""

from __future__ import annotations

import asyncio
from collections import Counter
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.clients import client_key
from web.problems import answer

MAX_BODY_BYTES = 1 << 20
"""No form and no JSON of ours needs more: the largest is a source file of 256 KB, percent-encoded."""
MAX_HEAD_BYTES = 32 << 10
MAX_BUFFERED_BYTES = 64 << 20
"""Of all bodies that are being received and handled at a time."""
MAX_CLIENT_BYTES = 8 << 20
"""The same for those of one client, so that none can take the others' share."""
BODY_SECONDS = 30.0
# A client that still sends would lose the refusal if the connection were reset at once, so some of it is discarded.
MAX_DISCARDED_BYTES = 2 << 20
DISCARD_SECONDS = 2.0
DISCARD_PAUSE_SECONDS = 0.5


class _Refused(Exception):
    """The request is not handed to the application."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class _Disconnected(Exception):
    """The client has gone away before its body was complete."""


class LimitRequests:
    """Receive the whole body, within limits of size and time, and only then call the application.

    What is too large is refused by its `Content-Length` without reading it, and a body without one as soon as it has
    grown too large. A refusal ends the connection, so that the rest is not read either.
    """

    def __init__(self, app: ASGIApp, body_seconds: float = BODY_SECONDS) -> None:
        self.app = app
        self.body_seconds = body_seconds
        self._buffered: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        received, client = bytearray(), client_key((scope.get("client") or ("", 0))[0])
        try:
            refusal = await self._receive_or_refuse(scope, receive, received, client)
            if refusal is not None:
                # At once, or bodies that are refused already would keep all others of the client out.
                self._release(client, received)
                await _refuse(scope, receive, send, refusal)
            else:
                await self.app(scope, _replay(bytes(received), receive), send)
        except _Disconnected:
            return
        finally:
            self._release(client, received)

    def _release(self, client: str, received: bytearray) -> None:
        self._buffered[client] -= len(received)
        if not self._buffered[client]:
            del self._buffered[client]
        received.clear()

    async def _receive_or_refuse(
        self, scope: Scope, receive: Receive, received: bytearray, client: str
    ) -> _Refused | None:
        try:
            _check_head(scope)
            async with asyncio.timeout(self.body_seconds):
                await self._receive_body(receive, received, client)
        except _Refused as refusal:
            return refusal
        except TimeoutError:
            return _Refused(
                HTTPStatus.REQUEST_TIMEOUT,
                f"the request's body took longer than {self.body_seconds:g} seconds; send it again",
            )
        return None

    async def _receive_body(self, receive: Receive, received: bytearray, client: str) -> None:
        """Raise _Refused when this body, or all bodies together, are larger than allowed."""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _Disconnected
            chunk = message.get("body", b"")
            if len(received) + len(chunk) > MAX_BODY_BYTES:
                raise _too_large()
            if chunk and self._is_full(client, len(chunk)):
                raise _Refused(
                    HTTPStatus.SERVICE_UNAVAILABLE,
                    "too much is being sent at the moment; try again in a minute",
                )
            received += chunk
            self._buffered[client] += len(chunk)
            if not message.get("more_body", False):
                return

    def _is_full(self, client: str, more_bytes: int) -> bool:
        return (
            self._buffered[client] + more_bytes > MAX_CLIENT_BYTES
            or self._buffered.total() + more_bytes > MAX_BUFFERED_BYTES
        )


def _check_head(scope: Scope) -> None:
    head_bytes = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    head_bytes += sum(len(name) + len(value) for name, value in scope["headers"])
    if head_bytes > MAX_HEAD_BYTES:
        raise _Refused(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"the request's head is too large; send at most {MAX_HEAD_BYTES >> 10} KB",
        )
    headers = Headers(scope=scope)
    if "content-length" in headers and "transfer-encoding" in headers:
        raise _Refused(
            HTTPStatus.BAD_REQUEST,
            "invalid request: got Content-Length and Transfer-Encoding; expected one of them",
        )
    length = headers.get("content-length", "")
    if length.isdecimal() and (len(length) > 15 or int(length) > MAX_BODY_BYTES):
        raise _too_large()


def _too_large() -> _Refused:
    return _Refused(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"the request's body is too large; send at most {MAX_BODY_BYTES >> 20} MB",
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receive function that gives the body as one message, then what the connection sends."""
    is_given = False

    async def replayed() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _refuse(scope: Scope, receive: Receive, send: Send, refusal: _Refused) -> None:
    """Send the refusal, discard a little of what the client still sends, and end the connection."""
    headers = {"Connection": "close"}
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "60"
    response = answer(Request(scope), refusal.status, refusal.detail, headers)
    await send(
        {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
    )
    await send({"type": "http.response.body", "body": response.body, "more_body": True})
    # A client that waits for `100 Continue` has sent nothing, and will not.
    if "expect" not in Headers(scope=scope):
        await _discard(receive)
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _discard(receive: Receive) -> None:
    discarded = 0
    try:
        async with asyncio.timeout(DISCARD_SECONDS):
            while discarded <= MAX_DISCARDED_BYTES:
                async with asyncio.timeout(DISCARD_PAUSE_SECONDS):
                    message = await receive()
                discarded += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return
