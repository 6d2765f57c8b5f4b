"""Runs: one crawl of one source as a row, from its beginning over its progress to its end, and when the next is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from store import conditions
from store import models as rows
from store.database import Database
from store.flow import Origin

# Rechecks of one source are gathered for so long, so that a crawl is worth its start.
RECHECK_PAUSE = dt.timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Run:
    id: int
    source: str
    database: Database
    clock: Callable[[], dt.datetime]

    def progress(self, counts: Mapping[str, int]) -> None:
        """How far it is, for whoever watches."""
        with self.database.write() as session:
            run = session.get_one(rows.Run, self.id)
            run.seen_at, run.counts = self.clock(), dict(counts)

    def finish(
        self,
        outcome: str,
        counts: Mapping[str, int],
        next_due_at: dt.datetime | None,
        resume_at: dt.datetime | None = None,
    ) -> None:
        """It has ended. `next_due_at` is None when the listings were not looked at; `resume_at` is given when known
        documents that are due were left for then."""
        with self.database.write() as session:
            now = self._end(session, outcome, counts)
            source = session.get_one(rows.Source, self.source)
            if next_due_at is None:
                session.get_one(rows.Run, self.id).counts = {**counts, rows.ONLY_RECHECKS: 1}
            else:
                source.last_crawled_at, source.next_due_at = now, next_due_at
            # What was not asked for is due still, and is asked for with the next listing.
            following = session.scalar(
                select(func.min(rows.Document.next_check_at)).where(
                    rows.Document.source_id == source.id,
                    rows.Document.state != "unmatched",
                    rows.Document.next_check_at > now,
                )
            )
            moments = [moment for moment in (following, resume_at) if moment is not None]
            source.recheck_due_at = max(min(moments), now + RECHECK_PAUSE) if moments else None
            session.flush()
            conditions.renew(session, self.source, now)

    def interrupt(self, counts: Mapping[str, int]) -> None:
        """It was stopped; the source stays due."""
        with self.database.write() as session:
            self._end(session, "interrupted", counts)

    def _end(self, session: Session, outcome: str, counts: Mapping[str, int]) -> dt.datetime:
        run, now = session.get_one(rows.Run, self.id), self.clock()
        run.finished_at = run.seen_at = now
        run.outcome, run.counts = outcome, dict(counts)
        return now


def begin(database: Database, origin: Origin, clock: Callable[[], dt.datetime]) -> Run:
    """Start a run; the source's row is made, or brought up to date with its file."""
    now = clock()
    with database.write() as session:
        source = session.get(rows.Source, origin.id) or rows.Source(id=origin.id)
        source.name, source.publisher = origin.name, origin.publisher
        source.region, source.kind = origin.region, origin.kind
        session.add(source)
        session.flush()
        if source.rules != origin.rules:
            _forget_readings(session, source.id)
            source.rules = origin.rules
        # Whoever begins holds the source: an earlier run that is still open was killed.
        still_open = update(rows.Run).where(rows.Run.source_id == source.id, rows.Run.outcome.is_(None))
        session.execute(still_open.values(outcome="killed", finished_at=rows.Run.seen_at))
        run = rows.Run(source_id=source.id, started_at=now, seen_at=now, counts={})
        session.add(run)
        session.flush()
        return Run(run.id, source.id, database, clock)


def due(database: Database, source: str, now: dt.datetime) -> tuple[bool, bool]:
    """Whether the source's listings, and whether known documents of it, are to be looked at."""
    with database.read() as session:
        row = session.get(rows.Source, source)
        if row is None or row.next_due_at is None or row.next_due_at <= now:
            return True, True
        return False, row.recheck_due_at is not None and row.recheck_due_at <= now


def _forget_readings(session: Session, source: str) -> None:
    """By other rules the same bytes may name other entries and read otherwise: ask for all of them whole, once."""
    session.execute(
        update(rows.ListingPage)
        .where(rows.ListingPage.source_id == source)
        .values(etag=None, last_modified=None)
    )
    session.execute(delete(rows.Backfill).where(rows.Backfill.source_id == source))
    of_source = update(rows.Document).where(rows.Document.source_id == source)
    session.execute(
        of_source.values(etag=None, last_modified=None, reads_as=None, next_check_at=None, failures=0)
    )
    session.execute(of_source.where(rows.Document.state == "unmatched").values(state="found"))
