"""Tokens of programs: made once, shown once, kept as argon2 hashes; asked for by what writes or shows addresses."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from store import models as rows
from store import tokens
from store.errors import YaodianError
from web.terms import Given

_FORM = re.compile(r"yaodian_([1-9]\d{0,8})_[\w-]{43}")
_hasher = PasswordHasher()
_bearer = HTTPBearer(auto_error=False, description="A token from `yaodian tokens add NAME`.")


class NoToken(YaodianError):
    """The request needs a token that we gave and have not taken back."""

    def __init__(self) -> None:
        super().__init__(
            "a token is needed: Authorization: Bearer …; the operator makes one by `yaodian tokens add`"
        )


class Known:
    """Tokens that were verified in this process: argon2 is slow on purpose, and each request brings its token."""

    MOST = 1000

    def __init__(self) -> None:
        self._known: dict[bytes, str] = {}

    def verify(self, token_hash: str, token: str) -> bool:
        """Whether a token is that of a hash; a hash that was taken out of the database is never asked about."""
        digest = hashlib.sha256(token.encode()).digest()
        if self._known.get(digest) == token_hash:
            return True
        try:
            _hasher.verify(token_hash, token)
        except Argon2Error:
            return False
        if len(self._known) >= self.MOST:
            self._known.clear()
        self._known[digest] = token_hash
        return True


def made(session: Session, name: str, at: dt.datetime) -> tuple[rows.Token, str]:
    """A token's row, and the token, which nobody can tell again."""
    row = tokens.add(session, name, at)
    token = f"yaodian_{row.id}_{secrets.token_urlsafe(32)}"
    row.token_hash = _hasher.hash(token)
    return row, token


def _needed(
    request: Request,
    terms: Given,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> None:
    told = _FORM.fullmatch(given.credentials) if given else None
    if given is None or told is None:
        raise NoToken
    with terms.database.read() as session:
        token_hash = tokens.hash_of(session, int(told[1]))
    if not token_hash or not request.app.state.known_tokens.verify(token_hash, given.credentials):
        raise NoToken


Needed = Depends(_needed)
