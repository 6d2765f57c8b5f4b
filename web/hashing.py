"""Compute argon2 hashes, at most two at a time in this process: each takes 64 MB and a good part of a core.

A request waits for its turn in the event loop, so that those who wait hold no worker thread.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import anyio
from anyio.to_thread import run_sync
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from store.errors import YaodianError

MOST_AT_ONCE = 2
MOST_WAITING = 32
MOST_WAITING_OF_ONE_CLIENT = 16

_hasher = PasswordHasher()


class Lane(StrEnum):
    """Who waits for a turn. A lane's queue can't be filled by the others, and lanes take turns."""

    KNOWN = "sign-in from a browser that signed in before"
    STRANGER = "sign-in from another browser"
    PROGRAM = "program whose token is still stored as argon2's hash"


class Busy(YaodianError):
    """The queue of the lane is full."""


@dataclass(eq=False, slots=True)
class _Waiting:
    client: str
    turn: anyio.Event


class Gate:
    """Grants turns: at most `at_once`, to the lanes by rotation and within a lane in the order of arrival."""

    def __init__(
        self,
        at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
        most_of_one_client: int = MOST_WAITING_OF_ONE_CLIENT,
    ) -> None:
        self._free = at_once
        # Not the 40 threads that all requests share: the holder of a turn must not wait for another request.
        self._threads = anyio.CapacityLimiter(at_once)
        self._most_waiting = most_waiting
        self._most_of_one_client = most_of_one_client
        self._lanes: dict[Lane, deque[_Waiting]] = {lane: deque() for lane in Lane}

    @asynccontextmanager
    async def turn(self, lane: Lane, client: str) -> AsyncIterator[None]:
        """Wait for a turn and hold it within the context. Raises Busy at once when too many wait already."""
        queue = self._lanes[lane]
        of_client = Counter(waiting.client for waiting in queue)[client]
        if len(queue) >= self._most_waiting or of_client >= self._most_of_one_client:
            raise Busy("the service checks too many passwords at this moment; try again in a few seconds")
        waiting = _Waiting(client, anyio.Event())
        queue.append(waiting)
        self._grant()
        try:
            await waiting.turn.wait()
            yield
        finally:
            if waiting.turn.is_set():
                self._free += 1
                self._grant()
            else:
                queue.remove(waiting)

    def _grant(self) -> None:
        while self._free and (lane := next((lane for lane in self._lanes if self._lanes[lane]), None)):
            self._free -= 1
            # The lane goes to the end of the rotation.
            queue = self._lanes[lane] = self._lanes.pop(lane)
            queue.popleft().turn.set()

    async def matches(self, stored_hash: str | None, secret: str) -> bool:
        """Compute `matches` beside the event loop; call it within a turn."""
        return await run_sync(matches, stored_hash, secret, limiter=self._threads)


def hashed(password: str) -> str:
    """Return the argon2id hash of a password."""
    return _hasher.hash(password)


def matches(stored_hash: str | None, secret: str) -> bool:
    """Return True if an argon2 hash is that of the secret. Without a hash, or with a damaged one, the answer is False
    and takes as long, so that its time tells nobody which names exist."""
    try:
        return _hasher.verify(stored_hash or _hash_of_nobody(), secret) and stored_hash is not None
    except (Argon2Error, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    return hashed("nobody has this password")
