"""What follows from a fetch: the capture, the version, the change, the plan, in one transaction each.

A crawl that is killed between two of these has lost nothing: what was found and not yet read is a row of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from store import agenda, files, moves, plans, rereads, runs
from store import models as rows
from store.archive import Archive, Original, Place, digest
from store.database import Database
from store.flow import (
    Attachment,
    Capture,
    ChangeType,
    Difference,
    Entry,
    Fetched,
    Filling,
    Known,
    Listing,
    Origin,
    Outcome,
    Page,
    Visit,
)
from store.identity import canonical, document_id
from store.locks import alone
from store.normal import content_hash
from store.rechecks import LONGEST, SECOND_LOOK, Past, is_believed, next_check, urgency
from store.records import Judged, add_capture, add_change, add_parts, add_version, digest_of, judge

GONE = 410
# PostgreSQL indexes no more than 2700 bytes; Scrapy asks for nothing longer than this.
LONGEST_URL = 2083
Clock = Callable[[], dt.datetime]
Filed = tuple[Fetched, tuple[Place, int | None] | None]
"""What came for an attachment, and where its answer lies in the archive."""


class Listed(NamedTuple):
    """The id of a listing page's capture, and what it names that was not known."""

    capture: int
    found: list[Visit]


class Keeper:
    """Keeps what one crawl of one source fetches. Not for threads; several keepers may work at a time."""

    def __init__(self, database: Database, archive: Archive, origin: Origin, clock: Clock) -> None:
        self.database = database
        self.archive = archive
        self.origin = origin
        self.clock = clock

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

    def report(self, sign: str, url: str, detail: str, capture: Capture | None = None) -> None:
        """A health event of this source, with the capture that shows it."""
        kept = self._archive(capture) if capture else None
        with self.database.write() as session:
            row = add_capture(session, capture, *kept) if capture and kept else None
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
            if not is_believed(page.believed):
                return Visit(url, next=page.next_url)
            return Visit(url, etag=page.etag, last_modified=page.last_modified, next=page.next_url)

    def keep_listing(
        self, visit: Visit, capture: Capture, listing: Listing, matched: Iterable[Entry]
    ) -> Listed:
        """Keep a listing page and the documents that it names first; what was not known is returned to be visited."""
        place, original = self._archive(capture)
        found: list[Visit] = []
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
            for entry in matched:
                document = self._find(session, entry, capture.fetched_at)
                if document is not None:
                    found.append(Visit(document.url, document.id, title=document.listed_title))
            session.flush()
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

    def _find(self, session: Session, entry: Entry, at: dt.datetime) -> rows.Document | None:
        """A new row for an entry that was not known; None for one that was, and for what is no document's address."""
        url = canonical(entry.url)
        if len(url) > LONGEST_URL:
            return None
        if moves.find(session, self.origin.id, url) is not None:
            return None
        document = rows.Document(
            id=document_id(self.origin.id, url),
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

    def documents(self, *, most_rechecks: int | None) -> tuple[list[Visit], int]:
        """The known documents to look at: all; or with `most_rechecks`, the budget of a host and day, those that
        are due, the most urgent first, and how many of these the budget leaves for another day."""
        now = self.clock()
        due = or_(
            rows.Document.next_check_at.is_(None),
            rows.Document.next_check_at <= now,
            # noted by a clock that was ahead
            rows.Document.next_check_at > now + 2 * LONGEST,
        )
        wanted = (
            select(rows.Document)
            .where(rows.Document.source_id == self.origin.id, rows.Document.state != "unmatched")
            .order_by(rows.Document.found_at.desc(), rows.Document.id)
        )
        if most_rechecks is None:
            with self.database.read() as session:
                return [_visit(row) for row in session.scalars(wanted)], 0
        with self.database.write() as session:
            found = sorted(
                session.scalars(wanted.where(due)),
                key=lambda row: urgency(now, row.checked_at, row.next_check_at),
            )
            asked: dict[str, list[rows.Document]] = {}
            for row in found:
                if row.checked_at is not None:
                    asked.setdefault(urlsplit(row.url).netloc, []).append(row)
            left: set[str] = set()
            for host, known in asked.items():
                granted = agenda.spend(session, host, now, len(known), most_rechecks)
                left.update(row.id for row in known[granted:])
            return [_visit(row) for row in found if row.id not in left], len(left)

    def attachments(self, document: str, links: Sequence[Attachment] | None = None) -> list[Known]:
        """How to ask for the attachments that a page links to; without `links` for those of a page that is as it was."""
        with self.database.read() as session:
            return files.known(session, session.get_one(rows.Document, document), links)

    def newest(self, document: str) -> Page | None:
        """The page of the document's newest version; see `store.files.newest`."""
        with self.database.read() as session:
            return files.newest(session, session.get_one(rows.Document, document))

    def moved(self, document: str, url: str) -> str | None:
        """The document is to be asked for at another URL from now on; see `store.moves.follow`."""
        with self.database.write() as session:
            return moves.follow(session, session.get_one(rows.Document, document), url)

    def twin(self, document: str, page: Page) -> Visit | None:
        """For a document that was not read before: another one of this source that says the same. Should that one
        be gone, then it has moved here."""
        with self.database.read() as session:
            row = session.get_one(rows.Document, document)
            same = None if row.version_id else moves.twin(session, row, content_hash(page))
            return Visit(same.url, same.id) if same else None

    def unchanged(self, document: str, fetched: Sequence[Fetched] = ()) -> Outcome:
        """The server says that nothing changed (304), and no attachment did: one small row update."""
        filed = self._file(fetched)
        with self.database.write() as session:
            self._keep_files(session, document, filed)
            self._checked(session.get_one(rows.Document, document), self.clock())
        return Outcome(document)

    def reads_as(self, document: str, *captures: Capture) -> bool:
        """Whether these are the very bytes that were read last: then nothing has to be read again. Of a document
        split over several pages all must be asked about; its first page alone is never what was read."""
        with self.database.read() as session:
            return session.get_one(rows.Document, document).reads_as == digest_of(captures)

    def keep_same(
        self,
        document: str,
        capture: Capture,
        fetched: Sequence[Fetched] = (),
        parts: Sequence[Capture] = (),
    ) -> Outcome:
        """The same bytes again, sent whole, and the same attachments: a revisit record. `parts` are the captures of
        the article's other pages."""
        place, original = self._archive(capture)
        places = [self._archive(part) for part in parts]
        filed = self._file(fetched)
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            self._keep_files(session, document, filed)
            add_capture(session, capture, place, original, row)
            add_parts(session, parts, places, row)
            self._checked(row, capture.fetched_at, capture, parts)
            if row.state != "withdrawn":
                return Outcome(document)
            if row.version is None:
                row.state = "unreadable"  # it was missing for a while, and is as unreadable as before
                return Outcome(document)
            row.state = "live"
            add_change(session, row, "restored", capture.fetched_at, row.version, row.version, Difference())
            return Outcome(document, "restored", row.version.number if row.version else None)

    def keep_page(
        self,
        document: str,
        capture: Capture | None,
        page: Page,
        fetched: Sequence[Fetched] = (),
        parts: Sequence[Capture] = (),
        reader: rereads.Reader | None = None,
    ) -> Outcome:
        """A page that was read, with its attachments: a new version when its content differs from the one before.
        Without a capture the page is as it was (304), and what differs is an attachment. `parts` are the captures of
        the article's other pages, which `page` has the text of. With the `reader` that read it, the version before is
        read again as well: what only the reading changed is no change."""
        with self.database.read() as session:
            today = rereads.as_read_today(session, self.archive, reader, document, page) if reader else None
        archived = self._archive(capture) if capture else None
        places = [self._archive(part) for part in parts]
        filed = self._file(fetched)
        at = capture.fetched_at if capture else self.clock()
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            judged = judge(row.version, page, today)
            if judged.is_renewed:
                # Before the first change, so that two keepers can't wait for each other.
                alone(session, plans.LINKING)
            captured = add_capture(session, capture, *archived, row) if capture and archived else None
            add_parts(session, parts, places, row)
            self._keep_files(session, document, filed)
            outcome = self._keep_version(session, row, captured, page, at, judged)
            self._checked(row, at, capture, parts)
            return outcome

    def _keep_version(
        self,
        session: Session,
        row: rows.Document,
        captured: rows.Capture | None,
        page: Page,
        at: dt.datetime,
        judged: Judged,
    ) -> Outcome:
        before = version = row.version
        difference = judged.difference
        was_withdrawn = row.state == "withdrawn"
        row.state = "live"
        change: ChangeType | None = "restored" if was_withdrawn and before else None
        if before is None:
            change = "new"
        elif difference and not was_withdrawn:
            change = "changed"
        if judged.is_renewed:
            session.flush()
            capture_id = captured.id if captured else before.capture_id if before else None
            assert capture_id is not None
            version = add_version(session, row, capture_id, at, page, judged.content_hash)
            plans.link(session, row, page)
        if change:
            row.changed_at = at
            add_change(session, row, change, at, before, version, difference)
        return Outcome(row.id, change, version.number if version else None, difference)

    def keep_unmatched(self, document: str, capture: Capture, parts: Sequence[Capture] = ()) -> Outcome:
        """The text is not about education: remembered, so that it is not fetched again."""
        place, original = self._archive(capture)
        places = [self._archive(part) for part in parts]
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            add_capture(session, capture, place, original, row)
            add_parts(session, parts, places, row)
            row.state = "unmatched"
            self._checked(row, capture.fetched_at, capture)
        return Outcome(document)

    def keep_unreadable(self, document: str, capture: Capture, detail: str) -> None:
        """Nothing could be read out of it: told once, with its capture, and looked at again when its bytes change."""
        place, original = self._archive(capture)
        with self.database.write() as session:
            row = session.get_one(rows.Document, document)
            captured = add_capture(session, capture, place, original, row)
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
            add_capture(session, capture, place, original, row)
            now = capture.fetched_at
            confirmed = capture.status == GONE or row.missing_since is not None
            row.missing_since = row.missing_since or now
            if not confirmed:
                row.next_check_at = now + SECOND_LOOK
                return Outcome(document)
            row.checked_at, row.next_check_at = now, next_check(now, _past(row, row.missing_since))
            if row.state == "withdrawn":
                return Outcome(document)
            row.state, row.etag, row.last_modified = "withdrawn", None, None
            if row.version_id is None:
                return Outcome(document)
            row.changed_at = now
            add_change(session, row, "withdrawn", now, row.version, None, Difference())
            return Outcome(document, "withdrawn", row.version.number if row.version else None)

    # ── parts ──

    def _checked(
        self,
        row: rows.Document,
        at: dt.datetime,
        capture: Capture | None = None,
        parts: Sequence[Capture] = (),
    ) -> None:
        # Its past first: looking it up would write what is set before, and the row twice.
        row.next_check_at = next_check(at, _past(row, missing_since=None))
        row.checked_at, row.missing_since = at, None
        row.believed = row.believed + 1 if capture is None else 0
        if capture is not None:
            # the validators of an article's first page say nothing about its other pages
            row.etag = None if parts else capture.header("ETag")
            row.last_modified = None if parts else capture.header("Last-Modified")
            row.reads_as = digest_of((capture, *parts))

    def _file(self, fetched: Sequence[Fetched]) -> list[Filed]:
        """Write the attachments' records, before the transaction that points to them."""
        return [(one, self._archive(one.capture) if one.capture else None) for one in fetched]

    def _keep_files(self, session: Session, document: str, filed: list[Filed]) -> None:
        """Attachments' captures have no document: a document's own captures are those of its page."""
        came: list[tuple[Fetched, rows.Capture | None]] = []
        for one, archived in filed:
            row = add_capture(session, one.capture, *archived) if one.capture and archived else None
            came.append((one, row))
        session.flush()
        for one, capture_id in files.keep(session, document, came):
            session.add(self._event("attachment", one.attachment.url or "", one.problem or "", capture_id))

    def _archive(self, capture: Capture) -> tuple[Place, int | None]:
        """Write the record; a revisit, with the id of the capture that has the body, when one has."""
        with self.database.read() as session:
            twin = session.scalars(
                select(rows.Capture)
                .where(rows.Capture.digest == digest(capture.body), rows.Capture.body_of.is_(None))
                .order_by(rows.Capture.id)
                .limit(1)
            ).first()
            original = Original(twin.url, twin.fetched_at) if twin else None
        return self.archive.append(capture, original), twin.id if twin else None


def _past(row: rows.Document, missing_since: dt.datetime | None) -> Past:
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
