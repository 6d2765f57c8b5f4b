"""Every document read anew from the archive, with today's extraction and without the network.

What is stored stays as it was read and mailed. Where today's reading of a capture differs, it is appended as a further
version of that capture, marked `extraction`, with the change that leads to it; a change between captures that today's
reading doesn't make is marked; one that only today's reading finds is recorded at its capture's time, marked. Marked
changes are mailed to nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from store import models as rows
from store import plans
from store.archive import Archive
from store.database import Database
from store.diff import diff
from store.errors import DamagedRecord, SiteError
from store.flow import ChangeType, Difference, Page
from store.locks import alone
from store.normal import content_hash
from store.rereads import OK, Reader, filled, restored
from store.search import index
from store.shapes import difference_to_json, page_from_json, page_to_json

READ_STATES = ("live", "withdrawn")


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading a document anew came to: versions and changes that were added, changes whose mark was set or taken
    away, captures that can't be read today. With `damage`, the record of one of its captures is damaged: then nothing was
    done, and the document stays pending."""

    document: str
    url: str
    versions: int = 0
    changes: int = 0
    marked: int = 0
    unreadable: int = 0
    damage: str = ""

    def __bool__(self) -> bool:
        return bool(self.versions or self.changes or self.marked)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A capture as it reads today; `page` is None for a text about something else. What can't be read has none."""

    capture: int
    at: dt.datetime
    page: Page | None


def pending(database: Database, readers: Mapping[str, Reader]) -> list[str]:
    """The documents of these sources that were not read anew since their reader or their captures changed."""
    latest = func.max(rows.Capture.id)
    query = (
        select(rows.Document.id, rows.Document.source_id, rows.Rereading.stamp, latest)
        .join(rows.Capture, rows.Capture.document_id == rows.Document.id)
        .outerjoin(rows.Rereading, rows.Rereading.document_id == rows.Document.id)
        .where(rows.Capture.status == OK, rows.Document.source_id.in_(readers))
        .group_by(rows.Document.id, rows.Document.source_id, rows.Rereading.stamp)
        .order_by(rows.Document.found_at, rows.Document.id)
    )
    with database.read() as session:
        return [
            document
            for document, source, stamp, capture in session.execute(query)
            if stamp != _stamp(readers[source], capture)
        ]


def reprocess(
    database: Database, archive: Archive, readers: Mapping[str, Reader], documents: Iterable[str]
) -> Iterator[Reread]:
    """Read documents anew, each in one transaction: killed at any instant, what was done is done whole, and
    `pending` names the rest."""
    for document in documents:
        done = None
        while done is None:  # again, should a crawl have fetched it in between
            done = _document(database, archive, readers, document)
        yield done


def _document(
    database: Database, archive: Archive, readers: Mapping[str, Reader], name: str
) -> Reread | None:
    with database.read() as session:
        document = session.get_one(rows.Document, name)
        reader, title, url = readers[document.source_id], document.listed_title, document.url
        captures = _captures(session, name)
        try:
            readings, unreadable = _read(session, archive, reader, captures, title)
        except DamagedRecord as error:
            return Reread(name, url, damage=str(error))
    with database.write() as session:
        if [capture.id for capture in _captures(session, name)] != [capture.id for capture in captures]:
            return None
        document = session.get_one(rows.Document, name)
        # Before the first change, so that two that link plans can't wait for each other.
        alone(session, plans.LINKING)
        found = _Rebuilding(session, document, reader).apply(readings)
        session.merge(rows.Rereading(document_id=name, stamp=_stamp(reader, captures[-1].id)))
        return replace(found, unreadable=unreadable)


def _stamp(reader: Reader, capture: int) -> str:
    return f"{reader.stamp} {capture}"


def _captures(session: Session, document: str) -> list[rows.Capture]:
    """A document's captures in order."""
    query = (
        select(rows.Capture)
        .where(rows.Capture.document_id == document, rows.Capture.status == OK)
        .order_by(rows.Capture.id)
    )
    return [*session.scalars(query)]


def _read(
    session: Session, archive: Archive, reader: Reader, captures: list[rows.Capture], title: str
) -> tuple[list[_Reading], int]:
    readings: list[_Reading] = []
    parts: list[Page] = []  # of the article that is split over the captures up to here
    unreadable = 0
    for row in captures:
        capture = restored(session, archive, row)
        try:
            page = reader.read(capture, title)
        except SiteError:
            unreadable += 1
            continue
        if page is not None and parts and parts[-1].next == capture.url:
            parts.append(page)
            readings[-1] = replace(readings[-1], page=reader.join(parts))
        else:
            parts = [page] if page is not None else []
            readings.append(_Reading(row.id, row.fetched_at, page))
    return readings, unreadable


class _Rebuilding:
    """One document's rows brought in line with today's readings; what can't be read today stays as it is."""

    def __init__(self, session: Session, document: rows.Document, reader: Reader) -> None:
        self.session = session
        self.reader = reader
        self.document = document
        query = (
            select(rows.Version)
            .where(rows.Version.document_id == document.id)
            .order_by(rows.Version.number)
            .options(undefer(rows.Version.page))
        )
        self.versions = list(session.scalars(query))
        self.holding = {version.capture_id: version for version in self.versions}
        self.added_versions = self.added_changes = 0

    def apply(self, readings: list[_Reading]) -> Reread:
        current: rows.Version | None = None
        for place, reading in enumerate(readings):
            holds = self.holding.get(reading.capture)
            if reading.page is not None:
                known = holds or current
                page = (
                    filled(self.reader, reading.page, page_from_json(known.page)) if known else reading.page
                )
                readings[place] = replace(reading, page=page)
                current = self._compared(reading, page, holds, current)
            else:
                current = holds or current
        if self.added_versions:
            index.renew(self.session, self.document.id)
        marked = self._mark({reading.capture: reading.page for reading in readings})
        if current is not None and self.added_versions and current.id != self.document.version_id:
            self._make_current(current)
        return Reread(self.document.id, self.document.url, self.added_versions, self.added_changes, marked)

    def _compared(
        self, reading: _Reading, page: Page, holds: rows.Version | None, current: rows.Version | None
    ) -> rows.Version:
        """The version that holds after a capture: the stored one, or a new one if today's page says otherwise."""
        if holds is not None:
            if _as_read(holds.page) == _as_read(page_to_json(page)):
                return holds
            return self._add("changed", reading, page, holds)
        if current is None:
            return self._add("new", reading, page, None)
        # The keeper makes no version of other metadata alone, either.
        if current.content_hash == content_hash(page) or not diff(page_from_json(current.page), page):
            return current
        return self._add("changed", reading, page, current)

    def _add(
        self, kind: ChangeType, reading: _Reading, page: Page, before: rows.Version | None
    ) -> rows.Version:
        version = rows.Version(
            document_id=self.document.id,
            number=max((v.number for v in self.versions), default=0) + 1,
            capture_id=reading.capture,
            captured_at=reading.at,
            title=page.title or self.document.listed_title,
            content_hash=content_hash(page),
            page=page_to_json(page),
            extraction=True,
        )
        self.session.add(version)
        self.session.flush()
        self.versions.append(version)
        self.holding[reading.capture] = version
        self.added_versions += 1
        difference = diff(page_from_json(before.page), page) if before else Difference()
        if before is None or difference:
            self.session.add(
                rows.Change(
                    document_id=self.document.id,
                    type=kind,
                    detected_at=reading.at,
                    from_version_id=before.id if before else None,
                    to_version_id=version.id,
                    difference=difference_to_json(difference),
                    extraction=True,
                )
            )
            self.added_changes += 1
        return version

    def _mark(self, pages: Mapping[int, Page | None]) -> int:
        """Mark the crawl's changes that today's reading doesn't make; take the mark from those that it makes again."""
        by_id = {version.id: version for version in self.versions}
        query = select(rows.Change).where(
            rows.Change.document_id == self.document.id, rows.Change.type.in_(("new", "changed"))
        )
        marked = 0
        for change in self.session.scalars(query).all():
            after = by_id.get(change.to_version_id or 0)
            if after is None or after.extraction or after.capture_id not in pages:
                continue
            before = by_id.get(change.from_version_id or 0)
            if before is not None and (
                before.capture_id not in pages or before.capture_id == after.capture_id
            ):
                continue  # of one capture: what changed is an attachment
            old = pages[before.capture_id] if before else None
            is_ours = not _is_made(old, pages[after.capture_id], first=before is None)
            if change.extraction != is_ours:
                change.extraction = is_ours
                marked += 1
        return marked

    def _make_current(self, version: rows.Version) -> None:
        self.document.version_id = version.id
        if self.document.state not in READ_STATES:
            self.document.state = "live"
        self.session.flush()
        self.session.expire(self.document, ["version"])
        plans.link(self.session, self.document, page_from_json(version.page))


def _is_made(old: Page | None, new: Page | None, *, first: bool) -> bool:
    """Whether the keeper would make a change of these two pages."""
    if new is None or (old is None and not first):
        return False
    return old is None or (content_hash(old) != content_hash(new) and bool(diff(old, new)))


def _as_read(page: Any) -> dict[str, Any]:
    """A page as today's shapes have it, without the reading's opinion of itself."""
    json = page_to_json(page_from_json(page))
    del json["confidence"]
    return json
