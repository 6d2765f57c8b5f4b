"""Check passwords: who may try how often, and how fast everybody together may guess.

- Only failures count: five a minute and thirty an hour for each client (an IPv4 address, a /64 of IPv6); a right
  password resets them. No limit counts by name, so nobody can lock an operator out from elsewhere.
- A browser that signed in before has a device cookie. It is counted by that cookie instead of its address, and waits
  in a queue of its own (OWASP, Slow Down Online Guessing Attacks with Device Cookies).
- When many clients fail, browsers without such a cookie are checked one a second, whoever they are.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from fastapi import Request
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.concurrency import run_in_threadpool

from store import operators, sessions
from store.errors import YaodianError
from web.client_counts import ClientCounts
from web.clients import client_key
from web.hashing import Gate, Lane
from web.terms import terms_of

SHORTEST, LONGEST = 12, 200
DEVICE_COOKIE = "yaodian_device"
DEVICE_MAX_AGE_S = 180 * 24 * 3600
SLOWED_S = 1.0


class TooManyAttempts(YaodianError):
    """The client has reached a limit; it may go on after `retry_after_s` seconds."""

    def __init__(self, says: str, retry_after_s: float = 60) -> None:
        super().__init__(says)
        self.retry_after_s = max(1, math.ceil(retry_after_s))


class SignIns:
    """The limits of signing in, in this process; `gate` is shared with whatever else computes argon2."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.of_client = (ClientCounts(5, 60), ClientCounts(30, 3600))
        self.of_all = ClientCounts(100, 3600)
        self._slow = Gate(at_once=1, most_of_one_client=1)

    async def check(self, request: Request, name: str, password: str) -> str | None:
        """Return the id of a new session if the password is the operator's, else None.

        Raises TooManyAttempts, and Busy when too many wait to be checked.
        """
        device = self._device(request, name)
        client = device or client_key(request.client.host if request.client else "")
        self._refuse_over_limit(client)
        async with self._turn(client, is_known=device is not None):
            # Others of this client may have failed while it waited.
            self._refuse_over_limit(client)
            stored = await run_in_threadpool(_hash_of, request, name)
            is_right = await self.gate.matches(stored, password[:LONGEST])
            if stored is None or not is_right:
                for failures in self.of_client:
                    failures.add(client)
                self.of_all.add("")
                return None
        for failures in self.of_client:
            failures.forget(client)
        return await run_in_threadpool(_begin, request, name, stored)

    @asynccontextmanager
    async def _turn(self, client: str, *, is_known: bool) -> AsyncIterator[None]:
        if is_known:
            async with self.gate.turn(Lane.KNOWN, client):
                yield
        elif not self.of_all.wait_s(""):
            async with self.gate.turn(Lane.STRANGER, client):
                yield
        else:
            async with self._slow.turn(Lane.STRANGER, client):
                await anyio.sleep(SLOWED_S)
                async with self.gate.turn(Lane.STRANGER, client):
                    yield

    def _refuse_over_limit(self, client: str) -> None:
        if wait_s := self._wait_s(client):
            raise TooManyAttempts("too many failed attempts; wait a minute and try again", wait_s)

    def _wait_s(self, client: str) -> float:
        return max(failures.wait_s(client) for failures in self.of_client)

    def _device(self, request: Request, name: str) -> str | None:
        """Return the key of the browser's device cookie if it is this operator's and not over the limit."""
        try:
            operator, device = _signer(request).loads(
                request.cookies.get(DEVICE_COOKIE, ""), max_age=DEVICE_MAX_AGE_S
            )
        except BadData:
            return None
        key = f"device {device}"
        return key if operator == name and not self._wait_s(key) else None


def new_device(request: Request, name: str) -> str:
    """Return the device cookie of a browser in which the operator has signed in."""
    return str(_signer(request).dumps([name, secrets.token_hex(16)]))


def _signer(request: Request) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(terms_of(request).secret, salt="yaodian device")


def _hash_of(request: Request, name: str) -> str | None:
    with terms_of(request).database.read() as session:
        return operators.hash_of(session, name)


def _begin(request: Request, name: str, password_hash: str) -> str | None:
    terms = terms_of(request)
    with terms.database.write() as session:
        return sessions.begin(session, name, password_hash, terms.clock())
