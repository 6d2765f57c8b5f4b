"""What lets programs write through the API: the hashes of their tokens, never the tokens."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store import models as rows
from store.errors import UsageError


def add(session: Session, name: str, at: dt.datetime) -> rows.Token:
    """A new row, whose id is part of the token; its hash is still to be set."""
    token = rows.Token(name=name, token_hash="", created_at=at)
    session.add(token)
    session.flush()
    return token


def replace_hash(session: Session, identity: int, old: str, new: str) -> None:
    """Store another hash of a token, unless it was removed or stored anew meanwhile."""
    of_token = (rows.Token.id == identity) & (rows.Token.token_hash == old)
    session.execute(update(rows.Token).where(of_token).values(token_hash=new))


def hash_of(session: Session, identity: int) -> str | None:
    return session.scalar(select(rows.Token.token_hash).where(rows.Token.id == identity))


def every(session: Session) -> list[rows.Token]:
    return list(session.scalars(select(rows.Token).order_by(rows.Token.id)))


def remove(session: Session, identity: int) -> str:
    """The name of the token that is no more. Raises UsageError when there is none of that number."""
    found = session.get(rows.Token, identity)
    if found is None:
        raise UsageError(f"no token {identity}; `yaodian tokens list` names them all")
    session.delete(found)
    return found.name
