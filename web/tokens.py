"""Tokens of programs: made once, shown once, stored as SHA-256; asked for by what writes or shows addresses.

A token has 256 random bits, so nobody can guess one from its hash, and a slow hash would only serve whoever wants to
keep the service busy. Version 0.1 stored argon2 hashes; one is replaced when its token is used next.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
from typing import Annotated

import structlog
from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from store import models as rows
from store import tokens
from store.database import Database
from store.errors import OperatorError, YaodianError
from web.client_counts import ClientCounts
from web.clients import client_key
from web.hashing import Gate, Lane
from web.sign_ins import TooManyAttempts
from web.terms import Given

_FORM = re.compile(r"yaodian_([1-9]\d{0,8})_[\w-]{43}", re.ASCII)
_OLD_HASH = "$argon2"
_bearer = HTTPBearer(auto_error=False, description="A token from `yaodian tokens add NAME`.")

log = structlog.get_logger("yaodian.web")


class NoToken(YaodianError):
    """The request needs a token that we gave and have not taken back."""

    def __init__(self) -> None:
        super().__init__(
            "a token is needed: Authorization: Bearer …; the operator makes one by `yaodian tokens add`"
        )


class TokenCheck:
    """Compares tokens with stored hashes. Of argon2 hashes a client may fail five in ten seconds: this bounds their
    cost, and is short, since a token can't be guessed and its holder may share the address of whoever forges."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._failures = ClientCounts(5, 10)

    async def is_valid(self, database: Database, token: str, client: str) -> bool:
        """Return True if a stored hash is that of the token. Raises TooManyAttempts or Busy, for argon2 hashes only."""
        found = _FORM.fullmatch(token)
        if found is None:
            return False
        identity = int(found[1])
        stored = await run_in_threadpool(_hash_of, database, identity)
        if not stored.startswith(_OLD_HASH):
            return _is_hash_of(stored, token)
        self._refuse_over_limit(client)
        async with self._gate.turn(Lane.PROGRAM, client):
            # Another request with this token may have replaced the hash meanwhile, others of this client have failed.
            stored = await run_in_threadpool(_hash_of, database, identity)
            if not stored.startswith(_OLD_HASH):
                return _is_hash_of(stored, token)
            self._refuse_over_limit(client)
            if not await self._gate.matches(stored, token):
                self._failures.add(client)
                return False
        # After the turn: the database may keep us waiting.
        await run_in_threadpool(_renew_hash, database, identity, stored, token)
        return True

    def _refuse_over_limit(self, client: str) -> None:
        if wait_s := self._failures.wait_s(client):
            raise TooManyAttempts("too many wrong tokens; wait a few seconds and try again", wait_s)


def made(session: Session, name: str, at: dt.datetime) -> tuple[rows.Token, str]:
    """A token's row, and the token, which nobody can tell again."""
    row = tokens.add(session, name, at)
    token = f"yaodian_{row.id}_{secrets.token_urlsafe(32)}"
    row.token_hash = _hash(token)
    return row, token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _is_hash_of(stored: str, token: str) -> bool:
    return hmac.compare_digest(stored.encode(), _hash(token).encode())


def _hash_of(database: Database, identity: int) -> str:
    """Return the stored hash; an empty text, which is no token's, when there is none."""
    with database.read() as session:
        return tokens.hash_of(session, identity) or ""


def _renew_hash(database: Database, identity: int, old: str, token: str) -> None:
    try:
        with database.write() as session:
            tokens.replace_hash(session, identity, old, _hash(token))
    except OperatorError as error:
        # The token is right; where nothing can be written now, its hash is replaced at another use.
        log.warning("token hash not replaced", token=identity, error=str(error))


async def _needed(
    request: Request,
    terms: Given,
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> None:
    check: TokenCheck = request.app.state.token_check
    client = client_key(request.client.host if request.client else "")
    if given is None or not await check.is_valid(terms.database, given.credentials, client):
        raise NoToken


Needed = Depends(_needed)
