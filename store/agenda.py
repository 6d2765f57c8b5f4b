"""What is due, as rows: services claim it here, so that nothing is begun twice, however many services there are.

A claim is a lease that its service renews; that of a service that was killed runs out, and another takes over. It only
says who begins: that a source is crawled by one process at a time is held by `store.locks.Claims`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from store import models as rows
from store import rechecks
from store.database import Database
from store.locks import alone

LEASE = dt.timedelta(minutes=2)
# After a crawl that never came to its end its source rests, each time twice as long.
REST = dt.timedelta(minutes=5)
LONGEST_REST = dt.timedelta(hours=12)
# After a crawl that found its host or source taken, or the database gone.
PAUSE = dt.timedelta(seconds=30)
AGENDA = "agenda"

DIGESTS = "digests"
"""The chore that makes and sends them, and whatever else waits in the outbox."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A source that is to be looked after, as its file says."""

    id: str
    host: str
    schedule: str
    rules: str


@dataclass(frozen=True, slots=True)
class Due:
    """A source whose time has come. `crashes` tells how often in a row its crawl never came to its end, `is_listing`
    whether its listings are to be looked at, else only documents that are known."""

    id: str
    host: str
    crashes: int
    is_listing: bool = True


# ── sources ──


def sync(
    database: Database,
    wanted: Iterable[Wanted],
    following: Callable[[str, dt.datetime], dt.datetime],
    sane: Callable[[str, dt.datetime], dt.datetime],
) -> list[str]:
    """Bring the duties up to the source files: returns the ids of those that came or changed.

    New rules are tried at once, a new schedule counts from the last crawl (`following` gives the next moment). A moment
    that only a clock that was ahead can have noted is replaced (`sane`).
    """
    changed = []
    with database.write() as session:
        alone(session, AGENDA)
        kept = {row.source_id: row for row in session.scalars(select(rows.Duty))}
        crawled = {row.id: row for row in session.scalars(select(rows.Source))}
        for one in wanted:
            row, source = kept.pop(one.id, None), crawled.get(one.id)
            if row is None:
                row = rows.Duty(source_id=one.id, crashes=0)
                session.add(row)
            if (row.host, row.schedule, row.rules) != (one.host, one.schedule, one.rules):
                changed.append(one.id)
                if source is not None and source.rules != one.rules:
                    source.next_due_at = None
                elif source is not None and row.schedule != one.schedule and source.last_crawled_at:
                    source.next_due_at = following(one.id, source.last_crawled_at)
                row.host, row.schedule, row.rules, row.crashes = one.host, one.schedule, one.rules, 0
            if source is not None and source.next_due_at:
                source.next_due_at = sane(one.id, source.next_due_at)
        session.execute(delete(rows.Duty).where(rows.Duty.source_id.in_(kept)))
    return changed


def hurry(session: Session, source: str, now: dt.datetime) -> None:
    """Look at a source's listings as soon as a service has a hand free. One that was never crawled is due anyway."""
    session.execute(update(rows.Source).where(rows.Source.id == source).values(next_due_at=now))


def is_due(now: dt.datetime) -> ColumnElement[bool]:
    """Of a source's row, that may not be there yet: whether its listings or known documents are to be looked at."""
    return or_(is_listing_due(now), rows.Source.recheck_due_at <= now)


def is_listing_due(now: dt.datetime) -> ColumnElement[bool]:
    return or_(rows.Source.next_due_at.is_(None), rows.Source.next_due_at <= now)


def claim(
    database: Database,
    service: str,
    now: dt.datetime,
    choose: Callable[[list[Due]], Collection[str]],
) -> set[str]:
    """Take for a service what `choose` picks of what is due."""
    with database.write() as session:
        alone(session, AGENDA)
        chosen = set(choose(due(session, now)))
        session.execute(
            update(rows.Duty)
            .where(rows.Duty.source_id.in_(chosen))
            .values(claimed_by=service, claimed_until=now + LEASE)
        )
    return chosen


def due(session: Session, now: dt.datetime) -> list[Due]:
    """What nobody is at: hosts at which some service is already are left alone. What waits longest comes first."""
    duty = rows.Duty
    busy = select(duty.host).where(~_is_free(now), duty.claimed_by.is_not(None))
    found = session.execute(
        select(duty.source_id, duty.host, duty.crashes, is_listing_due(now))
        .outerjoin(rows.Source, rows.Source.id == duty.source_id)
        .where(_is_free(now), duty.host.not_in(busy), is_due(now))
        .order_by(rows.Source.next_due_at.nulls_first(), duty.source_id)
    )
    return [Due(source, host, crashes, bool(listing)) for source, host, crashes, listing in found]


def renew(database: Database, service: str, now: dt.datetime) -> None:
    """The service lives, and is still at what it claimed."""
    with database.write() as session:
        for table in (rows.Duty, rows.Chore):
            session.execute(
                update(table).where(table.claimed_by == service).values(claimed_until=now + LEASE)
            )


def release(database: Database, service: str | None, ended: Iterable[str]) -> None:
    """The service (a worker, that claims nothing, is None) is done with these sources; what is left of them is due at
    once."""
    with database.write() as session:
        session.execute(
            update(rows.Duty)
            .where(rows.Duty.source_id.in_(list(ended)), rows.Duty.claimed_by == service)
            .values(claimed_by=None, claimed_until=None, crashes=0)
        )


def put_off(database: Database, service: str | None, left: Iterable[str], now: dt.datetime) -> None:
    """These could not be crawled, and it was not their doing: another process was at their host, or the database was
    gone. They are due again after a moment, so that nobody asks without pause."""
    with database.write() as session:
        session.execute(
            update(rows.Duty)
            .where(rows.Duty.source_id.in_(list(left)), rows.Duty.claimed_by == service)
            .values(claimed_by=None, claimed_until=now + PAUSE)
        )


def rest(database: Database, service: str | None, crashed: Iterable[str], now: dt.datetime) -> None:
    """Crawls of these sources never came to their end: each rests, the longer the more often that happened."""
    with database.write() as session:
        of_service = select(rows.Duty).where(rows.Duty.claimed_by == service)
        for row in session.scalars(of_service.where(rows.Duty.source_id.in_(list(crashed)))):
            row.claimed_by, row.claimed_until = None, now + min(REST * 2**row.crashes, LONGEST_REST)
            row.crashes = min(row.crashes + 1, 20)


def resign(database: Database, service: str) -> None:
    """The service ends: what it claimed is anyone's."""
    with database.write() as session:
        for table in (rows.Duty, rows.Chore):
            session.execute(
                update(table).where(table.claimed_by == service).values(claimed_by=None, claimed_until=None)
            )


# ── chores ──


def claim_chores(
    database: Database,
    service: str,
    now: dt.datetime,
    first: dict[str, dt.datetime],
    sane: Callable[[str, dt.datetime], dt.datetime],
) -> list[str]:
    """The chores whose time has come. One that has no row yet is due at its `first` moment; one that only a clock that
    was ahead can have noted is moved (`sane`)."""
    with database.write() as session:
        alone(session, AGENDA)
        taken = due_chores(session, now, first, sane)
        for row in taken:
            row.claimed_by, row.claimed_until = service, now + LEASE
        return [row.name for row in taken]


def due_chores(
    session: Session,
    now: dt.datetime,
    first: dict[str, dt.datetime],
    sane: Callable[[str, dt.datetime], dt.datetime],
) -> list[rows.Chore]:
    taken = []
    for name, moment in first.items():
        row = session.get(rows.Chore, name)
        if row is None:
            row = rows.Chore(name=name, due_at=moment)
            session.add(row)
        row.due_at = sane(name, row.due_at)
        is_free = row.claimed_until is None or not now < row.claimed_until <= now + LEASE
        if row.due_at <= now and is_free:
            taken.append(row)
    return taken


def finish_chore(
    database: Database, service: str | None, name: str, now: dt.datetime, due_at: dt.datetime
) -> None:
    with database.write() as session:
        row = session.get_one(rows.Chore, name)
        if row.claimed_by == service:
            row.claimed_by = row.claimed_until = None
            row.done_at, row.due_at = now, due_at


def hurry_chore(session: Session, name: str, now: dt.datetime) -> None:
    """Somebody waits for this chore: the next look at what is due finds it."""
    waits = update(rows.Chore).where(rows.Chore.name == name, rows.Chore.due_at > now)
    session.execute(waits.values(due_at=now))


# ── a clock that was ahead ──


def forget_ahead(database: Database, now: dt.datetime) -> None:
    """Documents and hosts whose next time only a clock that was ahead can have noted are due: a recheck is wanted
    within `rechecks.LONGEST`, a host is left alone for a day at most."""
    latest = now + rechecks.LONGEST
    document, source = rows.Document, rows.Source
    with database.write() as session:
        session.execute(update(document).where(document.next_check_at > latest).values(next_check_at=now))
        session.execute(update(source).where(source.recheck_due_at > latest).values(recheck_due_at=now))
        session.execute(
            update(rows.Host).where(rows.Host.not_before > now + dt.timedelta(days=1)).values(not_before=None)
        )


# ── rechecks ──


def spend(session: Session, host: str, now: dt.datetime, wanted: int, most: int) -> int:
    """Note rechecks at a host, and return how many of those that are wanted its budget for today leaves."""
    alone(session, f"budget {host}")
    row = session.get(rows.HostDay, (host, now.date()))
    if row is None:
        row = rows.HostDay(host=host, day=now.date(), rechecks=0)
        session.add(row)
    granted = max(0, min(wanted, most - row.rechecks))
    row.rechecks += granted
    return granted


def _is_free(now: dt.datetime) -> ColumnElement[bool]:
    until = rows.Duty.claimed_until
    # A moment further off than any lease or rest was noted by a clock that was ahead.
    return or_(until.is_(None), until <= now, until > now + LONGEST_REST)
