"""When plans are published: counts by day and by month, of the days that the originals themselves give."""

from __future__ import annotations

import datetime as dt
from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import models as rows
from store.browse import Narrowing, of_plan


def years(session: Session) -> list[int]:
    """The years in which something was published, the latest first."""
    first, last = session.execute(
        select(func.min(rows.Document.dated_on), func.max(rows.Document.dated_on)).where(
            rows.Document.role == "original"
        )
    ).one()
    return [] if first is None or last is None else list(range(last.year, first.year - 1, -1))


def days(session: Session, year: int, narrowing: Narrowing) -> Counter[dt.date]:
    """How many plans are dated on each day of a year."""
    query = (
        select(rows.Document.dated_on, func.count())
        .join(rows.Document.plan)
        .where(
            rows.Document.role == "original",
            rows.Document.dated_on.between(dt.date(year, 1, 1), dt.date(year, 12, 31)),
            *of_plan(narrowing),
        )
        .group_by(rows.Document.dated_on)
    )
    return Counter({day: n for day, n in session.execute(query) if day is not None})
