"""Access to the subscription form: for which kinds of address it is open, and how often a client may use it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from fastapi import Depends, Request

from notify import channels
from notify.request_limits import WINDOW, TooManyRequests
from store.errors import WrongUse
from web.client_counts import ClientCounts
from web.clients import client_key


class ClosedChannel(WrongUse):
    """An address of a kind that only the operator subscribes; `kinds` are those that anybody may."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__(
            f"invalid address: only {', '.join(('mail addresses', *kinds))} can be subscribed here; "
            "ask the operator of this site to subscribe another"
        )
        self.kinds = kinds


class Requesting:
    """Limits the requests of each client in an hour, failed ones included; 0 sets no limit."""

    def __init__(self, per_hour: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests = ClientCounts(per_hour, WINDOW.total_seconds(), clock)

    def count(self, client: str) -> None:
        """Count one request of a client; raise TooManyRequests if it exceeds the hourly limit."""
        if not self.requests.most:
            return
        if wait_s := self.requests.wait_s(client):
            raise TooManyRequests("from this address", math.ceil(wait_s))
        self.requests.add(client)


def check_open(address: str, public: tuple[str, ...]) -> None:
    """Raise ClosedChannel if the address is of a kind that is not open to the public."""
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
