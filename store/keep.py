"""What follows from a fetch: the capture, the version, the change, the plan, in one transaction each.

A crawl that is killed between two of these has lost nothing: what was found and not yet read is a row of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from store import files, moves, plans, rereads, rounds
from store import models as rows
from store.archive import Place
from store.flow import (
    Attachment,
    Capture,
    ChangeType,
    Difference,
    Fetched,
    Known,
    Outcome,
    Page,
    Visit,
)
from store.keep_listings import ListingKeeper
from store.locks import alone
from store.normal import content_hash
from store.rechecks import SECOND_LOOK, next_check
from store.records import Judged, add_capture, add_change, add_parts, add_version, digest_of, judge
from store.rounds import past

GONE = 410
Filed = tuple[Fetched, tuple[Place, int | None] | None]
"""What came for an attachment, and where its answer lies in the archive."""


class Keeper(ListingKeeper):
    """Keeps what one crawl of one source fetches. Not for threads; several keepers may work at a time."""

    # ── documents ──

    def documents(self, *, most_rechecks: int | None) -> tuple[list[Visit], int]:
        """The known documents to look at, the most urgent first: all; or with `most_rechecks`, the budget of a host and
        day, those that are due, and how many of these the budget leaves for another day."""
        now = self.clock()
        if most_rechecks is None:
            with self.database.read() as session:
                return rounds.everything(session, self.origin.id, now), 0
        with self.database.write() as session:
            return rounds.due(session, self.origin.id, now, most_rechecks)

    def attachments(self, document: str, links: Sequence[Attachment] | None = None) -> list[Known]:
        """How to ask for the attachments that a page links to; without `links` for those of a page that is as it was."""
        if not links and (links is not None or document not in self._with_files):
            return []
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
            return moves.twin(session, self.origin.id, document, content_hash(page))

    def unchanged(self, document: str, fetched: Sequence[Fetched] = ()) -> Outcome:
        """The server says that nothing changed (304), and no attachment did: one small row update."""
        filed = self._file(fetched)
        with self.database.write() as session:
            self._keep_files(session, document, filed)
            rounds.believe(session, document, self.clock())
        return Outcome(document)

    def reads_as(self, document: str, *captures: Capture) -> bool:
        """Whether these are the very bytes that were read last: then nothing has to be read again. Of a document
        split over several pages all must be asked about; its first page alone is never what was read."""
        if document in self._unread:
            return False
        with self.database.read() as session:
            known = select(rows.Document.reads_as).where(rows.Document.id == document)
            return session.scalar(known) == digest_of(captures)

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
        today: Page | None = None,
    ) -> Outcome:
        """Store a page that was read, with its attachments; create a version if its content has changed.

        Without a capture the page itself is unchanged (304) and only attachments can differ. `parts` are the
        captures of the article's other pages, whose text is in `page`. `today` is the previous version as it is
        read today (`read_before`): a difference that only the reading causes is not a change.
        """
        archived = self._archive(capture) if capture else None
        places = [self._archive(part) for part in parts]
        filed = self._file(fetched)
        at = capture.fetched_at if capture else self.clock()
        # The document is written once, not before each question to the database.
        with self.database.write() as session, session.no_autoflush:
            row = session.get_one(rows.Document, document, options=[joinedload(rows.Document.source)])
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

    def read_before(self, document: str, page: Page, reader: rereads.Reader) -> Page | None:
        """Return the previous version as the reader of `page` reads it today; see `rereads.as_read_today`."""
        with self.database.read() as session:
            return rereads.as_read_today(session, self.archive, reader, document, page)

    def has_version_before(self, document: str) -> bool:
        """Return False for a document that this crawl has found and not read yet."""
        return document not in self._unread

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
        row.state = "live"
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
            row.missing_since, row.failures = row.missing_since or now, 0
            if not confirmed:
                row.next_check_at = now + SECOND_LOOK
                return Outcome(document)
            row.checked_at, row.next_check_at = now, next_check(now, past(row, row.missing_since))
            if row.state == "withdrawn":
                return Outcome(document)
            row.state, row.etag, row.last_modified = "withdrawn", None, None
            if row.version_id is None:
                return Outcome(document)
            row.changed_at = now
            add_change(session, row, "withdrawn", now, row.version, None, Difference())
            return Outcome(document, "withdrawn", row.version.number if row.version else None)

    # ── parts ──

    @cached_property
    def _with_files(self) -> set[str]:
        """The documents of which attachments may be kept: most have none, and are not asked about one by one."""
        of_source = (
            select(rows.Attachment.document_id)
            .join(rows.Document, rows.Document.id == rows.Attachment.document_id)
            .where(rows.Document.source_id == self.origin.id)
            .distinct()
        )
        with self.database.read() as session:
            return set(session.scalars(of_source))

    def _checked(
        self,
        row: rows.Document,
        at: dt.datetime,
        capture: Capture | None = None,
        parts: Sequence[Capture] = (),
    ) -> None:
        self._unread.discard(row.id)
        # Its past first: looking it up would write what is set before, and the row twice.
        row.next_check_at = next_check(at, past(row, missing_since=None))
        row.checked_at, row.missing_since, row.failures = at, None, 0
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
        if not filed and document not in self._with_files:
            return
        self._with_files.add(document)
        came: list[tuple[Fetched, rows.Capture | None]] = []
        for one, archived in filed:
            row = add_capture(session, one.capture, *archived) if one.capture and archived else None
            came.append((one, row))
        session.flush()
        for one, capture_id in files.keep(session, document, came):
            session.add(self._event("attachment", one.attachment.url or "", one.problem or "", capture_id))
