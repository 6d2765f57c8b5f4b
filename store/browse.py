"""Long lists for readers, a leaf at a time: changes and plans, narrowed by what they are, newest first."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload, undefer

from store import models as rows
from store import regions
from store.errors import UsageError, WrongUse

# A keyset cursor is as quick on the thousandth leaf as on the first, and misses nothing that comes meanwhile.
MOST = 200
MOST_NUMBER = 2**31  # what a database's integer holds

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a list is narrowed to; None or an empty tuple leaves all. A region includes the divisions within it,
    `year` is one that the plan covers, `dated` the day that its original gives, `official` leaves out what mirrors carry; `types` are types of change."""

    region: str | None = None
    year: int | None = None
    dated: dt.date | None = None
    kind: str | None = None
    publisher: str | None = None
    source: str | None = None
    official: bool = False
    types: tuple[str, ...] = ()
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Leaf(Generic[Row]):
    """One leaf of a list; `following` asks for the next one, None at the end."""

    rows: tuple[Row, ...]
    following: str | None


def changes(
    session: Session, narrowing: Narrowing = Narrowing(), *, cursor: str | None = None, limit: int = 50
) -> Leaf[rows.Change]:
    """Changes, the latest detected first, with documents, plans and versions; not those that only a new reading
    made. Raises WrongUse for a cursor that is none."""
    query = (
        select(rows.Change)
        .join(rows.Change.document)
        .outerjoin(rows.Document.plan)
        .where(rows.Change.extraction.is_(False), *of_plan(narrowing))
        .options(
            undefer(rows.Change.difference),
            joinedload(rows.Change.document).joinedload(rows.Document.source),
            joinedload(rows.Change.document).joinedload(rows.Document.plan),
            joinedload(rows.Change.to_version),
            joinedload(rows.Change.from_version),
        )
    )
    if narrowing.types:
        query = query.where(rows.Change.type.in_(narrowing.types))
    if narrowing.source is not None:
        query = query.where(rows.Document.source_id == narrowing.source)
    if narrowing.official:
        query = query.join(rows.Document.source).where(rows.Source.kind == "official")
    if narrowing.since is not None:
        query = query.where(rows.Change.detected_at >= narrowing.since)
    if narrowing.until is not None:
        query = query.where(rows.Change.detected_at < narrowing.until)
    if cursor is not None:
        at, identity = _read(cursor, str, int)
        try:
            moment = dt.datetime.fromisoformat(at)
        except ValueError as error:
            raise _no_cursor(cursor) from error
        query = query.where(
            tuple_(rows.Change.detected_at, rows.Change.id)
            < tuple_(literal(moment, rows.Change.detected_at.type), identity)
        )
    query = query.order_by(rows.Change.detected_at.desc(), rows.Change.id.desc())
    found = session.scalars(query.limit(_bounded(limit) + 1)).unique().all()
    return _leaf(found, _bounded(limit), lambda last: [last.detected_at.isoformat(), last.id])


def plans(
    session: Session, narrowing: Narrowing = Narrowing(), *, cursor: str | None = None, limit: int = 50
) -> Leaf[rows.Plan]:
    """Plans of the latest years first, within a year by region. Raises WrongUse for a cursor that is none."""
    year = func.coalesce(rows.Plan.period_start, 0)
    place = func.coalesce(rows.Plan.region, "")
    query = (
        select(rows.Plan)
        .where(*of_plan(narrowing))
        .options(selectinload(rows.Plan.documents).joinedload(rows.Document.source))
    )
    if narrowing.source is not None or narrowing.official or narrowing.dated is not None:
        query = query.where(_carried(narrowing))
    if cursor is not None:
        started, code, identity = _read(cursor, int, str, str)
        query = query.where(tuple_(-year, place, rows.Plan.id) > tuple_(-started, code, identity))
    found = session.scalars(query.order_by(year.desc(), place, rows.Plan.id).limit(_bounded(limit) + 1)).all()
    return _leaf(found, _bounded(limit), lambda last: [last.period_start or 0, last.region or "", last.id])


def documents(
    session: Session,
    *,
    source: str | None = None,
    plan: str | None = None,
    state: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Leaf[rows.Document]:
    """Documents in the order of their ids. Raises WrongUse for a cursor that is none."""
    query = select(rows.Document).options(joinedload(rows.Document.version))
    for column, wanted in (
        (rows.Document.source_id, source),
        (rows.Document.plan_id, plan),
        (rows.Document.state, state),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if cursor is not None:
        (identity,) = _read(cursor, str)
        query = query.where(rows.Document.id > identity)
    found = session.scalars(query.order_by(rows.Document.id).limit(_bounded(limit) + 1)).all()
    return _leaf(found, _bounded(limit), lambda last: [last.id])


def versions(
    session: Session, *, document: str | None = None, cursor: str | None = None, limit: int = 50
) -> Leaf[rows.Version]:
    """Versions, the newest stored first. Raises WrongUse for a cursor that is none."""
    query = select(rows.Version).options(undefer(rows.Version.page))
    if document is not None:
        query = query.where(rows.Version.document_id == document)
    return _newest(session, rows.Version, query, cursor, limit)


def digests(
    session: Session, *, subscription: int | None = None, cursor: str | None = None, limit: int = 50
) -> Leaf[rows.Digest]:
    """Digests, the newest first. Raises WrongUse for a cursor that is none."""
    query = select(rows.Digest)
    if subscription is not None:
        query = query.where(rows.Digest.subscription_id == subscription)
    return _newest(session, rows.Digest, query, cursor, limit)


def subscriptions(session: Session, *, cursor: str | None = None, limit: int = 50) -> Leaf[rows.Subscription]:
    """Subscriptions, the newest first. Raises WrongUse for a cursor that is none."""
    return _newest(session, rows.Subscription, select(rows.Subscription), cursor, limit)


def one(session: Session, kind: type[Row], name: int | str) -> Row:
    """A row by its id. Raises UsageError when there is none."""
    found = session.get(kind, name)
    if found is None:
        raise UsageError(f"no {kind.__name__.lower()} has the id {name}")
    return found


def _newest(
    session: Session, kind: type[Row], query: Select[Any], cursor: str | None, limit: int
) -> Leaf[Row]:
    """A leaf of rows whose ids are counted, the highest first."""
    key: InstrumentedAttribute[int] = kind.id  # type: ignore[attr-defined]
    if cursor is not None:
        (identity,) = _read(cursor, int)
        query = query.where(key < identity)
    found: Sequence[Row] = session.scalars(query.order_by(key.desc()).limit(_bounded(limit) + 1)).all()
    return _leaf(found, _bounded(limit), lambda last: [last.id])  # type: ignore[attr-defined]


def kinds(session: Session) -> list[str]:
    """The kinds of plan that there are, the commonest first."""
    query = select(rows.Plan.kind).where(rows.Plan.kind.is_not(None)).group_by(rows.Plan.kind)
    return [kind for kind in session.scalars(query.order_by(func.count().desc(), rows.Plan.kind)) if kind]


def of_plan(narrowing: Narrowing) -> list[ColumnElement[bool]]:
    conditions = []
    if narrowing.region is not None:
        conditions.append(rows.Plan.region.startswith(regions.prefix(narrowing.region)))
    if narrowing.year is not None:
        conditions += [rows.Plan.period_start <= narrowing.year, rows.Plan.period_end >= narrowing.year]
    if narrowing.kind is not None:
        conditions.append(rows.Plan.kind == narrowing.kind)
    if narrowing.publisher is not None:
        conditions.append(rows.Plan.publisher.icontains(narrowing.publisher, autoescape=True))
    return conditions


def _carried(narrowing: Narrowing) -> ColumnElement[bool]:
    """Whether one of the plan's documents is of the source, is official, is dated so."""
    query: Select[Any] = select(rows.Document.id).join(rows.Document.source)
    query = query.where(rows.Document.plan_id == rows.Plan.id)
    if narrowing.source is not None:
        query = query.where(rows.Document.source_id == narrowing.source)
    if narrowing.official:
        query = query.where(rows.Source.kind == "official")
    if narrowing.dated is not None:
        query = query.where(rows.Document.dated_on == narrowing.dated)
    return query.exists()


def _bounded(limit: int) -> int:
    return max(1, min(limit, MOST))


def _leaf(found: Sequence[Row], limit: int, place: Callable[[Row], list[Any]]) -> Leaf[Row]:
    kept = tuple(found[:limit])
    return Leaf(kept, _written(place(kept[-1])) if len(found) > limit else None)


def _written(place: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read(cursor: str, *types: type) -> list[Any]:
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError) as error:
        raise _no_cursor(cursor) from error
    if not isinstance(place, list) or [type(part) for part in place] != list(types):
        raise _no_cursor(cursor)
    if any(isinstance(part, int) and not -MOST_NUMBER < part < MOST_NUMBER for part in place):
        raise _no_cursor(cursor)
    return place


def _no_cursor(cursor: str) -> WrongUse:
    return WrongUse(f"cursor {cursor[:40]!r} is none of ours; take the one that the leaf before gives")
