"""What follows from a fetch: the capture, the version, the change, the plan, in one transaction each.

A crawl that is killed between two of these has lost nothing: what was found and not yet read is a row of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from store import models as rows
from store import plans
from store.archive import Archive, Original, Place, digest
from store.database import Database
from store.diff import diff
from store.errors import SiteError
from store.flow import Capture, ChangeType, Difference, Entry, Listing, Origin, Outcome, Page, Visit
from store.identity import canonical, document_id
from store.normal import content_hash
from store.rechecks import SECOND_LOOK, next_check
from store.shapes import difference_to_json, page_from_json, page_to_json
from store.templates import restored

GONE = 410
Clock = Callable[[], dt.datetime]


class Keeper:
    """Keeps what one crawl of one source fetches. Not for threads; several keepers may work at a time."""

    def __init__(self, database: Database, archive: Archive, origin: Origin, clock: Clock) -> None:
        self.database = database
        self.archive = archive
        self.origin = origin
        self.clock = clock

    # ── the crawl ──

    def begin(self) -> int:
        """Start a run; the source's row is made, or brought up to date with its file."""
        with self.database.write() as session:
            source = session.get(rows.Source, self.origin.id) or rows.Source(id=self.origin.id)
            source.name, source.publisher = self.origin.name, self.origin.publisher
            source.region, source.kind = self.origin.region, self.origin.kind
            session.add(source)
            session.flush()
            run = rows.Run(source_id=source.id, started_at=self.clock(), counts={})
            session.add(run)
            session.flush()
            return run.id

    def finish(self, run_id: int, outcome: str, counts: dict[str, int], next_due_at: dt.datetime) -> None:
        with self.database.write() as session:
            run = session.get_one(rows.Run, run_id)
            run.finished_at, run.outcome, run.counts = self.clock(), outcome, counts
            source = session.get_one(rows.Source, self.origin.id)
            source.last_crawled_at, source.next_due_at = self.clock(), next_due_at

    def report(self, sign: str, url: str, detail: str, capture: Capture | None = None) -> None:
        """A health event of this source, with the capture that shows it."""
        kept = self._archive(capture) if capture else None
        with self.database.write() as session:
            row = _add_capture(session, capture, *kept) if capture and kept else None
            session.flush()
            session.add(self._event(sign, url, detail, row.id if row else None))

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
            return Visit(url, etag=page.etag, last_modified=page.last_modified, next=page.next_url)

    def keep_listing(
        self, visit: Visit, capture: Capture, listing: Listing, matched: Iterable[Entry]
    ) -> list[Visit]:
        """Keep a listing page and the documents that it names first; what was not known is returned to be visited."""
        place, original = self._archive(capture)
        found: list[Visit] = []
        with self.database.write() as session:
            _add_capture(session, capture, place, original)
            session.merge(
                rows.ListingPage(
                    source_id=self.origin.id,
                    url=visit.url,
                    checked_at=capture.fetched_at,
                    etag=capture.header("ETag"),
                    last_modified=capture.header("Last-Modified"),
                    next_url=listing.next,
                    entries=len(listing.entries),
                )
            )
            for entry in matched:
                document = self._find(session, entry, capture.fetched_at)
                if document is not None:
                    found.append(Visit(document.url, document.id))
        return found

    def listing_unchanged(self, visit: Visit) -> None:
        with self.database.write() as session:
            page = session.get_one(rows.ListingPage, (self.origin.id, visit.url))
            page.checked_at = self.clock()

    def _find(self, session: Session, entry: Entry, at: dt.datetime) -> rows.Document | None:
        """A new row for an entry that was not known; None for one that was."""
        url = canonical(entry.url)
        key = document_id(self.origin.id, url)
        if session.get(rows.Document, key) is not None:
            return None
        document = rows.Document(
            id=key,
            source_id=self.origin.id,
            url=url,
            listed_title=entry.title,
            listed_on=entry.date,
            found_at=at,
            state="found",
        )
        session.add(document)
        return document

    # ── documents ──

    def documents(self, *, everything: bool) -> list[Visit]:
        """The known documents to look at: all, or those that are due."""
        due = or_(rows.Document.next_check_at.is_(None), rows.Document.next_check_at <= self.clock())
        wanted = (
            select(rows.Document)
            .where(rows.Document.source_id == self.origin.id, rows.Document.state != "unmatched")
            .order_by(rows.Document.found_at.desc(), rows.Document.id)
        )
        with self.database.read() as session:
            found = session.scalars(wanted if everything else wanted.where(due))
            return [Visit(d.url, d.id, etag=d.etag, last_modified=d.last_modified) for d in found]

    def unchanged(self, document: str) -> Outcome:
        """The server says that nothing changed (304): one small row update."""
        with self.database.write() as session:
            self._checked(session.get_one(rows.Document, document), self.clock())
        return Outcome(document)

    def reads_as(self, document: str, body: bytes) -> bool:
        """Whether these are the very bytes that were read last: then nothing has to be read again."""
        with self.database.read() as session:
            return session.get_one(rows.Document, document).reads_as == digest(body)

    def keep_same(self, document: str, capture: Capture) -> Outcome:
        """The same bytes again, sent whole: a revisit record."""
        place, original = self._archive(capture)
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            _add_capture(session, capture, place, original, row)
            self._checked(row, capture.fetched_at, capture)
            if row.state != "withdrawn":
                return Outcome(document)
            row.state = "live"
            _add_change(session, row, "restored", capture.fetched_at, row.version, row.version, Difference())
            return Outcome(document, "restored", row.version.number if row.version else None)

    def keep_page(
        self, document: str, capture: Capture, page: Page, read: Callable[[Capture], Page] | None = None
    ) -> Outcome:
        """A page that was read: a new version when its content differs from the one before. With `read`, how the
        page was read, the version before is read again from its capture in the same way: what only the reading
        changed is no change."""
        last = self._last(document, page, read)
        place, original = self._archive(capture)
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            captured = _add_capture(session, capture, place, original, row)
            before = row.version
            hashed = content_hash(page)
            difference = Difference()
            if last is not None and content_hash(last) != hashed:
                difference = diff(last, page)
            was_withdrawn = row.state == "withdrawn"
            row.state = "live"
            change: ChangeType | None = "restored" if was_withdrawn and before else None
            if before is None:
                change = "new"
            elif difference and not was_withdrawn:
                change = "changed"
            version = before
            if before is None or difference:
                session.flush()
                version = self._add_version(session, row, captured, page, hashed)
                plans.link(session, row, page)
            if change:
                row.changed_at = capture.fetched_at
                _add_change(session, row, change, capture.fetched_at, before, version, difference)
            self._checked(row, capture.fetched_at, capture)
            return Outcome(document, change, version.number if version else None, difference)

    def keep_unmatched(self, document: str, capture: Capture) -> Outcome:
        """The text is not about education: remembered, so that it is not fetched again."""
        place, original = self._archive(capture)
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            _add_capture(session, capture, place, original, row)
            row.state = "unmatched"
            self._checked(row, capture.fetched_at, capture)
        return Outcome(document)

    def keep_unreadable(self, document: str, capture: Capture, detail: str) -> None:
        """Nothing could be read out of it: told once, with its capture, and looked at again when its bytes change."""
        place, original = self._archive(capture)
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            captured = _add_capture(session, capture, place, original, row)
            session.flush()
            session.add(self._event("unreadable", row.url, detail, captured.id))
            if row.version_id is None:
                row.state = "unreadable"
            self._checked(row, capture.fetched_at, capture)

    def missing(self, document: str, capture: Capture) -> Outcome:
        """410, or 404: withdrawn at once, or when a later crawl finds it missing again."""
        place, original = self._archive(capture)
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            _add_capture(session, capture, place, original, row)
            now = capture.fetched_at
            confirmed = capture.status == GONE or row.missing_since is not None
            row.missing_since = row.missing_since or now
            if not confirmed:
                row.next_check_at = now + SECOND_LOOK
                return Outcome(document)
            row.checked_at, row.next_check_at = now, next_check(now, row.missing_since)
            if row.state == "withdrawn":
                return Outcome(document)
            row.state, row.etag, row.last_modified = "withdrawn", None, None
            if row.version_id is None:
                return Outcome(document)
            row.changed_at = now
            _add_change(session, row, "withdrawn", now, row.version, None, Difference())
            return Outcome(document, "withdrawn", row.version.number if row.version else None)

    # ── parts ──

    def _last(self, document: str, page: Page, read: Callable[[Capture], Page] | None) -> Page | None:
        """The current version as today's reading has it; None where there is none."""
        with self.database.read() as session:
            version = session.get_one(rows.Document, document).version
            if version is None:
                return None
            stored = page_from_json(version.page)
            if read is None or version.content_hash == content_hash(page):
                return stored
            try:
                return read(
                    restored(session, self.archive, session.get_one(rows.Capture, version.capture_id))
                )
            except SiteError:
                return stored  # what was a document then no longer reads as one

    def _checked(self, row: rows.Document, at: dt.datetime, capture: Capture | None = None) -> None:
        row.checked_at, row.missing_since = at, None
        row.next_check_at = next_check(at, row.changed_at or row.found_at)
        if capture is not None:
            row.etag, row.last_modified = capture.header("ETag"), capture.header("Last-Modified")
            row.reads_as = digest(capture.body)

    def _add_version(
        self, session: Session, row: rows.Document, captured: rows.Capture, page: Page, hashed: str
    ) -> rows.Version:
        last = session.scalar(select(func.max(rows.Version.number)).where(rows.Version.document_id == row.id))
        version = rows.Version(
            document_id=row.id,
            number=(last or 0) + 1,
            capture_id=captured.id,
            captured_at=captured.fetched_at,
            title=page.title or row.listed_title,
            content_hash=hashed,
            page=page_to_json(page),
        )
        session.add(version)
        session.flush()
        row.version_id = version.id
        session.expire(row, ["version"])
        return version

    def _archive(self, capture: Capture) -> tuple[Place, int | None]:
        """Write the record; a revisit, with the id of the capture that has the body, when one has."""
        with self.database.read() as session:
            twin = session.scalars(
                select(rows.Capture)
                .where(rows.Capture.digest == digest(capture.body), rows.Capture.body_of.is_(None))
                .limit(1)
            ).first()
            original = Original(twin.url, twin.fetched_at) if twin else None
        return self.archive.append(capture, original), twin.id if twin else None


def _add_capture(
    session: Session,
    capture: Capture,
    place: Place,
    body_of: int | None,
    document: rows.Document | None = None,
) -> rows.Capture:
    row = rows.Capture(
        document_id=document.id if document else None,
        url=capture.url,
        fetched_at=capture.fetched_at,
        status=capture.status,
        digest=digest(capture.body),
        file=place.file,
        offset=place.offset,
        length=place.length,
        body_of=body_of,
    )
    session.add(row)
    return row


def _add_change(
    session: Session,
    document: rows.Document,
    kind: ChangeType,
    at: dt.datetime,
    from_version: rows.Version | None,
    to_version: rows.Version | None,
    difference: Difference,
) -> None:
    session.add(
        rows.Change(
            document_id=document.id,
            type=kind,
            detected_at=at,
            from_version_id=from_version.id if from_version else None,
            to_version_id=to_version.id if to_version else None,
            difference=difference_to_json(difference),
        )
    )
