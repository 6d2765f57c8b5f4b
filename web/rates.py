"""How often one address may ask: programs get an even share, and are told when to come back."""

from __future__ import annotations

from fastapi import Depends, Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from web.clients import client_key
from web.sessions import TooManyAttempts
from web.terms import terms_of


class Rates:
    """Counts the requests of each client, in this process."""

    def __init__(self, per_minute: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._limit = RateLimitItemPerMinute(per_minute)

    def count(self, address: str) -> None:
        """Raises TooManyAttempts."""
        if not self._limiter.hit(self._limit, client_key(address)):
            raise TooManyAttempts("too many requests from this address; wait a minute and go on")


async def _limited(request: Request) -> None:
    if terms_of(request).requests_per_minute:
        request.app.state.rates.count(request.client.host if request.client else "")


Limited = Depends(_limited)
