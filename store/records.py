"""The rows that follow from a fetch, one function each: captures, versions, changes. The keeper puts them together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from store import models as rows
from store.archive import Place, digest
from store.diff import diff, fills
from store.flow import Capture, ChangeType, Difference, Page
from store.normal import content_hash
from store.search import index
from store.shapes import difference_to_json, page_from_json, page_to_json


@dataclass(frozen=True, slots=True)
class Judged:
    """A page beside the version before it."""

    content_hash: str
    difference: Difference
    is_renewed: bool


def judge(before: rows.Version | None, page: Page, today: Page | None = None) -> Judged:
    """Whether a page is another version than the one before, and what differs. `today` is what that version says when
    it is read as the page was: what only the reading changed is no change."""
    hashed = content_hash(page)
    if before is None:
        return Judged(hashed, Difference(), True)
    known = today or page_from_json(before.page)
    if hashed in (before.content_hash, content_hash(known)):
        return Judged(hashed, Difference(), False)
    if fills(known, page):
        return Judged(hashed, Difference(), True)
    difference = diff(known, page)
    return Judged(hashed, difference, bool(difference))


def add_capture(
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


def add_parts(
    session: Session,
    parts: Sequence[Capture],
    places: Sequence[tuple[Place, int | None]],
    document: rows.Document,
) -> None:
    for part, (place, body_of) in zip(parts, places, strict=True):
        add_capture(session, part, place, body_of, document)


def digest_of(captures: Sequence[Capture]) -> str:
    """Of the bytes of a document's page, or of all its pages."""
    return digest(b"".join(capture.body for capture in captures))


def add_change(
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


def add_version(
    session: Session,
    row: rows.Document,
    capture_id: int,
    at: dt.datetime,
    page: Page,
    hashed: str,
) -> rows.Version:
    """The document's next version, which holds from now on and is found by search. The transaction holds
    `store.plans.LINKING` alone."""
    before = row.version
    last = session.scalar(select(func.max(rows.Version.number)).where(rows.Version.document_id == row.id))
    version = rows.Version(
        document_id=row.id,
        number=(last or 0) + 1,
        capture_id=capture_id,
        captured_at=at,
        title=page.title or row.listed_title,
        content_hash=hashed,
        page=page_to_json(page),
    )
    session.add(version)
    session.flush()
    index.add(session, version, page, before)
    row.version_id = version.id
    set_committed_value(row, "version", version)
    return version
