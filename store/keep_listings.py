"""What follows from fetching a listing, in one transaction each, and what a crawl notes of itself: the half of its keeper
that knows no documents but those it has yet to ask for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models as rows
from store import moves, runs
from store.archive import Archive, Original, Place, digest
from store.database import Database
from store.flow import Capture, Entry, Filling, Listing, Origin, Visit
from store.identity import canonical, document_id
from store.rechecks import is_believed, pause
from store.records import add_capture

# PostgreSQL indexes no more than 2700 bytes; Scrapy asks for nothing longer than this.
LONGEST_URL = 2083
Clock = Callable[[], dt.datetime]


class Listed(NamedTuple):
    """The id of a listing page's capture, and what it names that was not known."""

    capture: int
    found: list[Visit]


class ListingKeeper:
    """Keeps what one crawl of one source learns of its listings."""

    def __init__(self, database: Database, archive: Archive, origin: Origin, clock: Clock) -> None:
        self.database = database
        self.archive = archive
        self.origin = origin
        self.clock = clock
        # Found by this crawl and not read yet: nothing has to be looked up of them.
        self._unread: set[str] = set()

    # ── the crawl ──

    def begin(self) -> runs.Run:
        return runs.begin(self.database, self.origin, self.clock)

    def put_off(self, until: dt.datetime) -> None:
        """The source is due then, and not before."""
        with self.database.write() as session:
            source = session.get(rows.Source, self.origin.id)
            if source is not None:
                source.next_due_at = max(source.next_due_at or until, until)
                source.recheck_due_at = None

    def report(
        self, sign: str, url: str, detail: str, capture: Capture | None = None, document: str | None = None
    ) -> None:
        """A health event of this source, with the capture that shows it. A `document` that could not be had is asked
        for again later, the later the more often that happened."""
        kept = self._archive(capture) if capture else None
        with self.database.write() as session:
            row = add_capture(session, capture, *kept) if capture and kept else None
            session.flush()
            session.add(self._event(sign, url, detail, row.id if row else None))
            if document is not None:
                failed = session.get_one(rows.Document, document)
                failed.failures += 1
                failed.next_check_at = self.clock() + pause(failed.failures)

    def _event(self, sign: str, url: str, detail: str, capture_id: int | None) -> rows.HealthEvent:
        at = self.clock()
        return rows.HealthEvent(
            source_id=self.origin.id, at=at, sign=sign, url=url, detail=detail, capture_id=capture_id
        )

    # ── listings ──

    def listing(self, url: str) -> Visit:
        """How to ask for a listing page."""
        with self.database.read() as session:
            page = session.get(rows.ListingPage, (self.origin.id, url))
            if page is None:
                return Visit(url)
            if not is_believed(page.believed):
                return Visit(url, next=page.next_url)
            return Visit(url, etag=page.etag, last_modified=page.last_modified, next=page.next_url)

    def keep_listing(
        self, visit: Visit, capture: Capture, listing: Listing, matched: Iterable[Entry]
    ) -> Listed:
        """Keep a listing page and the documents that it names first; what was not known is returned to be visited."""
        place, original = self._archive(capture)
        with self.database.write() as session:
            captured = add_capture(session, capture, place, original)
            session.merge(
                rows.ListingPage(
                    source_id=self.origin.id,
                    url=visit.url,
                    checked_at=capture.fetched_at,
                    etag=capture.header("ETag"),
                    last_modified=capture.header("Last-Modified"),
                    next_url=listing.next,
                    entries=len(listing.entries),
                    believed=0,
                )
            )
            fresh = self._fresh(session, matched, capture.fetched_at)
            session.add_all(fresh)
            session.flush()
            self._unread.update(row.id for row in fresh)
            found = [Visit(row.url, row.id, title=row.listed_title) for row in fresh]
            return Listed(captured.id, found)

    def listing_unchanged(self, visit: Visit) -> None:
        with self.database.write() as session:
            page = session.get_one(rows.ListingPage, (self.origin.id, visit.url))
            page.checked_at = self.clock()
            page.believed += 1

    def filling(self, url: str) -> Filling:
        """How far the back-fill of a listing has come."""
        with self.database.read() as session:
            row = session.get(rows.Backfill, (self.origin.id, url))
            return Filling(row.next_url, row.next_number, row.is_done) if row else Filling()

    def keep_filling(self, url: str, filling: Filling) -> None:
        with self.database.write() as session:
            session.merge(
                rows.Backfill(
                    source_id=self.origin.id,
                    url=url,
                    next_url=filling.url,
                    next_number=filling.number,
                    is_done=filling.is_done,
                )
            )

    def _fresh(self, session: Session, entries: Iterable[Entry], at: dt.datetime) -> list[rows.Document]:
        """New rows for the entries that were not known; those left out whose address is no document's."""
        named: dict[str, Entry] = {}
        for entry in entries:
            url = canonical(entry.url)
            if len(url) <= LONGEST_URL:
                named.setdefault(url, entry)
        known = moves.known(session, self.origin.id, named)
        return [
            rows.Document(
                id=document_id(self.origin.id, url),
                source_id=self.origin.id,
                url=url,
                listed_title=entry.title,
                listed_on=entry.date,
                found_at=at,
                state="found",
            )
            for url, entry in named.items()
            if url not in known
        ]

    # ── parts ──

    def _archive(self, capture: Capture) -> tuple[Place, int | None]:
        """Write the record; a revisit, with the id of the capture that has the body, when one has."""
        with self.database.read() as session:
            twin = session.execute(
                select(rows.Capture.id, rows.Capture.url, rows.Capture.fetched_at)
                .where(rows.Capture.digest == digest(capture.body), rows.Capture.body_of.is_(None))
                .order_by(rows.Capture.id)
                .limit(1)
            ).first()
            original = Original(twin.url, twin.fetched_at) if twin else None
        return self.archive.append(capture, original), twin.id if twin else None
