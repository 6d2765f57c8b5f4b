"""Signing in: passwords by argon2, a signed cookie for operators only, and few attempts at a time."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Annotated
from urllib.parse import quote

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from fastapi import Depends, Request
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from store import operators
from store.errors import YaodianError
from web.terms import Given, terms_of

COOKIE = "yaodian_operator"
MAX_AGE_S = 12 * 3600
# Whoever guesses gets five tries a minute from one address, and thirty an hour at one name from anywhere.
FROM_ONE_ADDRESS = RateLimitItemPerMinute(5)
AT_ONE_NAME = RateLimitItemPerHour(30)
SHORTEST, LONGEST = 12, 200

_hasher = PasswordHasher()


class NotSignedIn(YaodianError):
    """The page is the operator's; `address` is where to sign in, and come back from."""

    def __init__(self, address: str) -> None:
        super().__init__("sign in first")
        self.address = address


class TooManyAttempts(YaodianError):
    """Somebody guesses passwords, or has forgotten his."""


class Attempts:
    """Counts the attempts to sign in, in this process; a restart forgives."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def count(self, address: str, name: str) -> None:
        """Raises TooManyAttempts."""
        from_here = self._limiter.hit(FROM_ONE_ADDRESS, "address", address)
        if not (self._limiter.hit(AT_ONE_NAME, "name", name) and from_here):
            raise TooManyAttempts("too many attempts; wait a minute and try again")


def hashed(password: str) -> str:
    return _hasher.hash(password)


@cache
def _nobodys() -> str:
    return hashed("nobody has this password")


def sign_in(request: Request, name: str, password: str) -> bool:
    """Whether the password is the operator's; then the session is his. An unknown name takes as long as a wrong
    password. Raises TooManyAttempts."""
    request.app.state.attempts.count(request.client.host if request.client else "", name)
    with terms_of(request).database.read() as session:
        known = operators.hash_of(session, name)
    try:
        _hasher.verify(known or _nobodys(), password[:LONGEST])
    except Argon2Error:
        return False
    if known is None:
        return False
    request.session.clear()
    request.session.update(operator=name, proof=_proof(known))
    return True


def sign_out(request: Request) -> None:
    request.session.clear()


def operator_of(request: Request) -> str | None:
    """The operator whose session this is, unless his password was changed or he was removed since."""
    name = request.session.get("operator")
    if not name:
        return None
    with terms_of(request).database.read() as session:
        known = operators.hash_of(session, name)
    return name if known is not None and request.session.get("proof") == _proof(known) else None


def _proof(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def _signed_in(request: Request, terms: Given) -> str:
    name = operator_of(request)
    if name is None:
        back = request.url.path if request.method == "GET" else "/operator"
        raise NotSignedIn(f"/operator/login?back={quote(back)}")
    return name


SignedIn = Annotated[str, Depends(_signed_in)]
"""What an endpoint asks for that is the operator's alone: his name."""


def local_back(back: str) -> str:
    """Where to go after signing in: a page of the operator's, never another site's."""
    return back if back.startswith("/operator") and "\\" not in back and ".." not in back else "/operator"
