"""Who may change things on the web: names and the hashes of their passwords, never the passwords."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models as rows
from store import sessions
from store.errors import UsageError


def put(session: Session, name: str, password_hash: str, at: dt.datetime) -> None:
    """Make an operator, or give one that there is another password, which ends his sessions."""
    found = session.get(rows.Operator, name, with_for_update=True)
    if found is None:
        session.add(rows.Operator(name=name, password_hash=password_hash, created_at=at))
    else:
        found.password_hash = password_hash
        sessions.end_all(session, name)


def hash_of(session: Session, name: str) -> str | None:
    return session.scalar(select(rows.Operator.password_hash).where(rows.Operator.name == name))


def every(session: Session) -> list[rows.Operator]:
    return list(session.scalars(select(rows.Operator).order_by(rows.Operator.name)))


def remove(session: Session, name: str) -> None:
    """Remove an operator and end his sessions. Raises UsageError when there is none of that name."""
    found = session.get(rows.Operator, name, with_for_update=True)
    if found is None:
        raise UsageError(f"no operator {name!r}; `yaodian operators list` names them all")
    sessions.end_all(session, name)
    session.delete(found)
