"""The sessions of operators on the web: rows that name the hash of a session's id, never the id."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from store import models as rows

LASTS = dt.timedelta(hours=12)


def begin(session: Session, operator: str, password_hash: str, now: dt.datetime) -> str | None:
    """Start a session and return its id, 256 random bits; None if the operator's password hash is another by now.

    The operator's row is locked, so that a new password or a removal at the same moment ends this session too.
    """
    query = select(rows.Operator.password_hash).where(rows.Operator.name == operator).with_for_update()
    if session.scalar(query) != password_hash:
        return None
    session_id = secrets.token_urlsafe(32)
    session.add(
        rows.OperatorSession(
            id_hash=_hash(session_id), operator=operator, created_at=now, expires_at=now + LASTS
        )
    )
    return session_id


def operator_of(session: Session, session_id: str, now: dt.datetime) -> str | None:
    """Return the operator whose session it is, unless it has ended or expired."""
    live = rows.OperatorSession
    # A session that ends later than one that begins now was begun by a clock that was ahead.
    is_valid = (live.expires_at > now) & (live.expires_at <= now + LASTS)
    return session.scalar(select(live.operator).where(live.id_hash == _hash(session_id), is_valid))


def end(session: Session, session_id: str) -> None:
    """End a session, in whatever browsers its cookie is; one that has ended already stays ended."""
    session.execute(delete(rows.OperatorSession).where(rows.OperatorSession.id_hash == _hash(session_id)))


def end_all(session: Session, operator: str) -> None:
    """End every session of an operator."""
    session.execute(delete(rows.OperatorSession).where(rows.OperatorSession.operator == operator))


def erase_expired(session: Session, now: dt.datetime) -> None:
    """Delete the rows of sessions that have expired."""
    session.execute(delete(rows.OperatorSession).where(rows.OperatorSession.expires_at <= now))


def _hash(session_id: str) -> str:
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()
