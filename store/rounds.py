"""Which known documents a crawl looks at, and in which order."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from urllib.parse import urlsplit

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from store import agenda
from store import models as rows
from store.flow import Visit
from store.rechecks import LONGEST, Past, is_believed, urgency


def everything(session: Session, source: str, now: dt.datetime) -> list[Visit]:
    return [_visit(row) for row in _ordered(session.scalars(_known(source)), now)]


def due(session: Session, source: str, now: dt.datetime, most_rechecks: int) -> tuple[list[Visit], int]:
    """Those that are due within the budget of a host and day, and how many of these it leaves for another day."""
    is_due = or_(
        rows.Document.next_check_at.is_(None),
        rows.Document.next_check_at <= now,
        # noted by a clock that was ahead
        rows.Document.next_check_at > now + 2 * LONGEST,
    )
    found = _ordered(session.scalars(_known(source).where(is_due)), now)
    rechecked: dict[str, list[rows.Document]] = defaultdict(list)
    for row in found:
        if row.checked_at is not None:
            rechecked[urlsplit(row.url).netloc].append(row)
    left: set[str] = set()
    for host, known in rechecked.items():
        granted = agenda.spend(session, host, now, len(known), most_rechecks)
        left.update(row.id for row in known[granted:])
    return [_visit(row) for row in found if row.id not in left], len(left)


def _known(source: str) -> Select[rows.Document]:
    return (
        select(rows.Document)
        .where(rows.Document.source_id == source, rows.Document.state != "unmatched")
        .order_by(rows.Document.found_at.desc(), rows.Document.id)
    )


def _ordered(found: Iterable[rows.Document], now: dt.datetime) -> list[rows.Document]:
    return sorted(found, key=lambda row: urgency(now, row.checked_at, row.next_check_at, row.failures))


def past(row: rows.Document, missing_since: dt.datetime | None) -> Past:
    """What its next look depends on. A document that was old when it was found is not fresh; one that is missing
    changed when it went."""
    listed = row.dated_on or row.listed_on
    published_at = dt.datetime.combine(listed, dt.time(), dt.UTC) if listed else row.found_at
    versions = row.version.number if row.version else 1
    return Past(
        published_at=min(published_at, row.found_at),
        watched_from=row.found_at,
        changed_at=missing_since or row.changed_at,
        changes=versions - 1 + (missing_since is not None),
    )


def _visit(row: rows.Document) -> Visit:
    if not is_believed(row.believed):
        return Visit(row.url, row.id, title=row.listed_title)
    return Visit(row.url, row.id, etag=row.etag, last_modified=row.last_modified, title=row.listed_title)
