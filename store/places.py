"""How much there is of what: plans by region and publisher, sources with their documents, a source's runs and signs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import models as rows
from store import regions

MOST = 30
# Events from which the signs of a source are read; of one crawl are those within an hour.
MOST_EVENTS, ONE_CRAWL = 1000, dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Division:
    """A province, or a division within one, and the plans it has, with those of the divisions below it."""

    code: str
    name: str
    plans: int
    below: tuple[Division, ...] = ()


@dataclass(frozen=True, slots=True)
class Publisher:
    name: str
    plans: int
    earliest: int | None
    latest: int | None


@dataclass(frozen=True, slots=True)
class Watched:
    """A source with the number of its documents that are live, and of all."""

    source: rows.Source
    live: int
    documents: int


@dataclass(slots=True)
class Shown:
    """A health event, and how many `others` of its crawl say the same of other attachments."""

    event: rows.HealthEvent
    others: int = 0


def by_region(session: Session) -> list[Division]:
    """The provinces that have plans, by code, each with its divisions that have some."""
    query = select(rows.Plan.region, func.count()).where(rows.Plan.region.is_not(None))
    counts = {code: n for code, n in session.execute(query.group_by(rows.Plan.region)) if code}
    found = []
    for province in sorted({regions.province(code) for code in counts}):
        own = {code: n for code, n in counts.items() if code[:2] == province[:2]}
        below = tuple(
            Division(code, regions.names().get(code, code), n)
            for code, n in sorted(own.items())
            if code != province
        )
        found.append(Division(province, regions.full_name(province), sum(own.values()), below))
    return found


def by_publisher(session: Session) -> list[Publisher]:
    """The publishers, those with most plans first."""
    count = func.count()
    query = (
        select(rows.Plan.publisher, count, func.min(rows.Plan.period_start), func.max(rows.Plan.period_end))
        .where(rows.Plan.publisher.is_not(None))
        .group_by(rows.Plan.publisher)
        .order_by(count.desc(), rows.Plan.publisher)
    )
    return [Publisher(name or "", plans, first, last) for name, plans, first, last in session.execute(query)]


def sources(session: Session) -> list[Watched]:
    """Every source that was ever crawled, by region."""
    live = func.count().filter(rows.Document.state == "live")
    query = (
        select(rows.Source, live, func.count(rows.Document.id))
        .outerjoin(rows.Document, rows.Document.source_id == rows.Source.id)
        .group_by(rows.Source.id)
        .order_by(rows.Source.region, rows.Source.id)
    )
    return [Watched(source, alive, documents) for source, alive, documents in session.execute(query)]


def runs(session: Session, source: str) -> list[rows.Run]:
    """The source's last crawls, the latest first."""
    query = select(rows.Run).where(rows.Run.source_id == source).order_by(rows.Run.id.desc())
    return list(session.scalars(query.limit(MOST)))


def goes_on(run: rows.Run, now: dt.datetime) -> bool:
    """Whether a crawl goes on: it notes how far it is every two seconds, unless it was killed."""
    return run.finished_at is None and run.seen_at is not None and now - run.seen_at < dt.timedelta(minutes=2)


def last_runs(session: Session) -> dict[str, rows.Run]:
    """Each source's last crawl."""
    last = select(func.max(rows.Run.id)).group_by(rows.Run.source_id)
    return {run.source_id: run for run in session.scalars(select(rows.Run).where(rows.Run.id.in_(last)))}


def signs(session: Session, source: str) -> list[Shown]:
    """Return a source's health events, newest first.

    Equal attachment events of one crawl are shown once, with their number.
    """
    query = select(rows.HealthEvent).where(rows.HealthEvent.source_id == source)
    found: list[Shown] = []
    open_groups: dict[str, Shown] = {}
    for event in session.scalars(query.order_by(rows.HealthEvent.id.desc()).limit(MOST_EVENTS)):
        group = open_groups.get(event.detail) if event.sign == "attachment" else None
        if group is not None and group.event.at - event.at < ONE_CRAWL:
            group.others += 1
        elif len(found) == MOST:
            break
        else:
            found.append(shown := Shown(event))
            if event.sign == "attachment":
                open_groups[event.detail] = shown
    return found
