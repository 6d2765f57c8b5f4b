"""Who may ask for a subscription on the web, for which kind of address, and how often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from cachetools import TTLCache
from fastapi import Depends, Request

from notify import channels
from notify.request_limits import WINDOW, TooManyRequests
from store.errors import WrongUse
from web.clients import client_key

MOST_CLIENTS = 50_000


class ClosedChannel(WrongUse):
    """An address of a kind that only the operator subscribes; `kinds` are those that anybody may."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__(
            f"invalid address: only {', '.join(('mail addresses', *kinds))} can be subscribed here; "
            "ask the operator of this site to subscribe another"
        )
        self.kinds = kinds


class Requesting:
    """Counts the requests of each client in this process, failed ones too. What is kept of clients is bounded: the one
    that has not asked for longest is forgotten first."""

    def __init__(self, per_hour: int, timer: Callable[[], float] = time.monotonic) -> None:
        self.per_hour = per_hour
        self._timer = timer
        self._lock = threading.Lock()
        self._counts: TTLCache[str, list[float]] = TTLCache(MOST_CLIENTS, WINDOW.total_seconds(), timer)

    def count(self, client: str) -> None:
        """Raises TooManyRequests."""
        if not self.per_hour:
            return
        with self._lock:
            since, many = self._counts.get(client, [self._timer(), 0])
            if client not in self._counts:
                self._counts[client] = [since, 1]
            elif many >= self.per_hour:
                left = since + WINDOW.total_seconds() - self._timer()
                raise TooManyRequests("from this address", max(1, round(left)))
            else:
                self._counts[client][1] = many + 1


def check_open(address: str, public: tuple[str, ...]) -> None:
    """Raises ClosedChannel when the address is of a kind that is not open to everybody."""
    try:
        kind = channels.kind_of(address)
    except WrongUse:
        return  # no kind at all, which the check of the address itself tells best
    if kind != "mail" and kind not in public:
        raise ClosedChannel(public)


async def _count(request: Request) -> None:
    request.app.state.requesting.count(client_key(request.client.host if request.client else ""))


Counted = Depends(_count)
"""What an endpoint stands behind that lets anybody cause a letter."""
