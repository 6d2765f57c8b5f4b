"""What people decided: documents that carry one plan, and documents that do not. Linking never overrides it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session, aliased

from store import models as rows


def decide(session: Session, pairs: Iterable[tuple[str, str]], *, together: bool, at: dt.datetime) -> None:
    """Remember a verdict on pairs of documents; it replaces the one that was there."""
    for pair in pairs:
        one, other = sorted(pair)
        session.merge(rows.Decision(document_id=one, other_id=other, together=together, decided_at=at))


def forget_apart(session: Session, ones: Sequence[str], others: Sequence[str]) -> None:
    """Who puts two plans together takes back that documents of theirs were set apart."""
    session.execute(
        delete(rows.Decision).where(
            rows.Decision.together.is_(False),
            or_(
                and_(rows.Decision.document_id.in_(ones), rows.Decision.other_id.in_(others)),
                and_(rows.Decision.document_id.in_(others), rows.Decision.other_id.in_(ones)),
            ),
        )
    )


def plan_of_partner(session: Session, document: rows.Document) -> rows.Plan | None:
    """The plan of a document that this one was put together with."""
    for partner in _others(session, document, together=True):
        if partner.plan is not None:
            return partner.plan
    return None


def plans_apart_from(session: Session, document: rows.Document) -> set[str | None]:
    """The plans that have a document from which this one was set apart."""
    return {other.plan_id for other in _others(session, document, together=False)}


def are_apart(session: Session, one: rows.Plan, other: rows.Plan) -> bool:
    """Whether any two documents of two plans were set apart."""
    left, right = aliased(rows.Document), aliased(rows.Document)
    query = (
        select(rows.Decision.document_id)
        .join(left, left.id == rows.Decision.document_id)
        .join(right, right.id == rows.Decision.other_id)
        .where(
            rows.Decision.together.is_(False),
            or_(
                and_(left.plan_id == one.id, right.plan_id == other.id),
                and_(left.plan_id == other.id, right.plan_id == one.id),
            ),
        )
        .limit(1)
    )
    return session.scalar(query) is not None


def _others(session: Session, document: rows.Document, *, together: bool) -> Sequence[rows.Document]:
    one, other = rows.Decision.document_id, rows.Decision.other_id
    about = select(one, other).where(
        or_(one == document.id, other == document.id), rows.Decision.together.is_(together)
    )
    named = {name for pair in session.execute(about) for name in pair} - {document.id}
    # Most documents were never decided about.
    return session.scalars(select(rows.Document).where(rows.Document.id.in_(named))).all() if named else []
