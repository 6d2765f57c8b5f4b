"""Which known documents a crawl looks at, in which order, and when one that is as it was is looked at next."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from store import agenda
from store import models as rows
from store.flow import Visit
from store.rechecks import LONGEST, Past, is_believed, next_check, urgency

# Most looks end in a 304. With an object of the row, and a statement made anew each time, it would take four times as long.
_DOCUMENT, _VERSION = rows.Document.__table__.c, rows.Version.__table__.c
_PAST = (
    select(
        func.coalesce(_DOCUMENT.dated_on, _DOCUMENT.listed_on),
        _DOCUMENT.found_at,
        _DOCUMENT.changed_at,
        _VERSION.number,
    )
    .outerjoin_from(rows.Document, rows.Version, _VERSION.id == _DOCUMENT.version_id)
    .where(_DOCUMENT.id == bindparam("document"))
)
_BELIEVED = (
    update(rows.Document)
    .where(_DOCUMENT.id == bindparam("document"))
    .values(
        checked_at=bindparam("at"),
        next_check_at=bindparam("next"),
        missing_since=None,
        failures=0,
        believed=_DOCUMENT.believed + 1,
    )
)
# Of each document: what its Visit is made of, and what tells how urgent it is. As rows, since a source may have 100 000.
_ASKED = (
    _DOCUMENT.id,
    _DOCUMENT.url,
    _DOCUMENT.listed_title,
    _DOCUMENT.etag,
    _DOCUMENT.last_modified,
    _DOCUMENT.believed,
    _DOCUMENT.checked_at,
    _DOCUMENT.next_check_at,
    _DOCUMENT.failures,
)
_AT_ONCE = 1000


def everything(session: Session, source: str, now: dt.datetime) -> list[Visit]:
    found = session.execute(_known(source)).yield_per(_AT_ONCE)
    pressing = sorted(((_urgency(row, now), _visit(row)) for row in found), key=itemgetter(0))
    return [visit for _, visit in pressing]


def due(session: Session, source: str, now: dt.datetime, most_rechecks: int) -> tuple[list[Visit], int]:
    """Those that are due within the budget of a host and day, and how many of these it leaves for another day."""
    is_due = or_(
        _DOCUMENT.next_check_at.is_(None),
        _DOCUMENT.next_check_at <= now,
        # noted by a clock that was ahead
        _DOCUMENT.next_check_at > now + 2 * LONGEST,
    )
    found = sorted(session.execute(_known(source).where(is_due)), key=lambda row: _urgency(row, now))
    rechecked: dict[str, list[str]] = defaultdict(list)
    for row in found:
        if row.checked_at is not None:
            rechecked[urlsplit(row.url).netloc].append(row.id)
    left: set[str] = set()
    for host, known in rechecked.items():
        granted = agenda.spend(session, host, now, len(known), most_rechecks)
        left.update(known[granted:])
    return [_visit(row) for row in found if row.id not in left], len(left)


def _known(source: str) -> Select[Any]:
    return (
        select(*_ASKED)
        .where(_DOCUMENT.source_id == source, _DOCUMENT.state != "unmatched")
        .order_by(_DOCUMENT.found_at.desc(), _DOCUMENT.id)
    )


def _urgency(row: Row[Any], now: dt.datetime) -> float:
    return urgency(now, row.checked_at, row.next_check_at, row.failures)


def _visit(row: Row[Any]) -> Visit:
    if not is_believed(row.believed):
        return Visit(row.url, row.id, title=row.listed_title)
    return Visit(row.url, row.id, etag=row.etag, last_modified=row.last_modified, title=row.listed_title)


def believe(session: Session, document: str, at: dt.datetime) -> None:
    """The server says that a document is as it was."""
    connection = session.connection()
    listed, found_at, changed_at, number = connection.execute(_PAST, {"document": document}).one()
    next_at = next_check(at, _past(listed, found_at, changed_at, (number or 1) - 1))
    connection.execute(_BELIEVED, {"document": document, "at": at, "next": next_at})


def past(row: rows.Document, missing_since: dt.datetime | None) -> Past:
    """What its next look depends on. A document that is missing changed when it went."""
    versions = row.version.number if row.version else 1
    changes = versions - 1 + (missing_since is not None)
    return _past(row.dated_on or row.listed_on, row.found_at, missing_since or row.changed_at, changes)


def _past(
    listed: dt.date | None, found_at: dt.datetime, changed_at: dt.datetime | None, changes: int
) -> Past:
    """A document that was old when it was found is not fresh."""
    published_at = dt.datetime.combine(listed, dt.time(), dt.UTC) if listed else found_at
    return Past(min(published_at, found_at), found_at, changed_at, changes)
