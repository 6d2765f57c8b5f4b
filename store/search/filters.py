"""What narrows a search beside its words, as conditions on the rows that a hit belongs to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import aliased

from store import models as rows
from store import regions
from store.flow import Role
from store.search.meaning import Hint


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader narrows by. `region` includes all within it, `year` any period around it, `publisher` is part of
    a name. `since` and `until` are days of the document's own date, both included. `as_of` is a moment: only what
    could be read on the sites then."""

    region: str | None = None
    year: int | None = None
    kind: str | None = None
    publisher: str | None = None
    source: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    as_of: dt.datetime | None = None
    role: Role | None = None

    def __bool__(self) -> bool:
        return self != Filters()


def of_document(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions on Document and Plan."""
    plan, document = rows.Plan, rows.Document
    found: list[ColumnElement[bool]] = []
    if filters.region is not None:
        found.append(plan.region.startswith(regions.prefix(filters.region)))
    if filters.year is not None:
        found += [plan.period_start <= filters.year, plan.period_end >= filters.year]
    if filters.kind is not None:
        found.append(plan.kind == filters.kind)
    if filters.publisher is not None:
        found.append(plan.publisher.icontains(filters.publisher, autoescape=True))
    if filters.source is not None:
        found.append(document.source_id == filters.source)
    if filters.role is not None:
        found.append(document.role == filters.role)
    day = func.coalesce(document.dated_on, document.listed_on)
    if filters.since is not None:
        found.append(
            or_(day >= filters.since, and_(day.is_(None), document.found_at >= _start(filters.since)))
        )
    if filters.until is not None:
        last = dt.datetime.combine(filters.until, dt.time.max, dt.UTC)
        found.append(or_(day <= filters.until, and_(day.is_(None), document.found_at <= last)))
    return found


def of_row(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions on Version, which brought the row, and on Ended: whether it could be read at a moment."""
    if filters.as_of is None:
        return []
    later = aliased(rows.Change)
    gone = exists().where(
        rows.Change.document_id == rows.Document.id,
        rows.Change.type == "withdrawn",
        rows.Change.detected_at <= filters.as_of,
        ~exists().where(
            later.document_id == rows.Change.document_id,
            later.type == "restored",
            later.detected_at > rows.Change.detected_at,
            later.detected_at <= filters.as_of,
        ),
    )
    return [
        rows.Version.captured_at <= filters.as_of,
        or_(rows.Ended.until.is_(None), rows.Ended.until > filters.as_of),
        ~gone,
    ]


def of_hint(hint: Hint) -> ColumnElement[bool]:
    """Whether the plan is of this place, year or kind, or is named so."""
    plan = rows.Plan
    found: list[ColumnElement[bool]] = [plan.region.startswith(regions.prefix(code)) for code in hint.regions]
    if hint.year is not None:
        found.append(and_(plan.period_start <= hint.year, plan.period_end >= hint.year))
    if hint.kind is not None:
        found.append(plan.kind == hint.kind)
    return or_(*found, plan.title.icontains(hint.phrase.text, autoescape=True))


def end_of(day: dt.date, timezone: str) -> dt.datetime:
    """The last moment of a day: what a reader means by “as of”."""
    # Of the calendar's last days it would be no moment in UTC any more.
    day = min(day, dt.date.max - dt.timedelta(days=2))
    return dt.datetime.combine(day, dt.time.max, ZoneInfo(timezone)).astimezone(dt.UTC)


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)
