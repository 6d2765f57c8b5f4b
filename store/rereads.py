"""Captures from the archive, read with today's reader. What a stored version says today, no row is changed by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models as rows
from store.archive import Archive, Place
from store.errors import DamagedRecord, SiteError
from store.flow import Attachment, Capture, Page
from store.normal import content_hash
from store.shapes import page_from_json

OK = 200


@dataclass(frozen=True, slots=True)
class Reader:
    """How a source's captures are read today. `read`, given the title in the listing, gives None for a text about
    something else and raises SiteError where no document can be read; `stamp` is another one when another page might
    come out. `join` puts the pages of a split article together, `fill` gives a page the content of its attachments."""

    stamp: str
    read: Callable[[Capture, str], Page | None]
    join: Callable[[Sequence[Page]], Page]
    fill: Callable[[Page, Sequence[Attachment]], Page]


def restored(session: Session, archive: Archive, row: rows.Capture) -> Capture:
    """Return a capture with its body, also if its record is a revisit.

    Raises DamagedRecord for a record that can't be read.
    """
    capture = archive.read(Place(row.file, row.offset, row.length))
    if row.body_of is None:
        return capture
    twin = session.get_one(rows.Capture, row.body_of)
    return replace(capture, body=archive.read(Place(twin.file, twin.offset, twin.length)).body)


def filled(reader: Reader, page: Page, known: Page) -> Page:
    """The page with what another reading of it knows of its attachments: their bytes are archived apart."""
    content = {a.url: a for a in known.attachments if a.url is not None}
    return reader.fill(page, [content.get(link.url, link) if link.url else link for link in page.attachments])


def as_read_today(
    session: Session, archive: Archive, reader: Reader, document: str, page: Page
) -> Page | None:
    """What the document's current version says when its own captures are read today; None where that is not asked
    (there is no version, or it says what `page` does) or can't be told (it no longer reads as a document)."""
    row = session.get_one(rows.Document, document)
    version = row.version
    if version is None or version.content_hash == content_hash(page):
        return None
    parts = _parts(session, archive, reader, row, version.capture_id)
    if not parts:
        return None
    today = parts[0] if len(parts) == 1 else reader.join(parts)
    return filled(reader, today, page_from_json(version.page))


def _parts(
    session: Session, archive: Archive, reader: Reader, document: rows.Document, first: int
) -> list[Page]:
    """The pages of the article that begins with a capture; none where one of them can't be read."""
    captures = session.scalars(
        select(rows.Capture)
        .where(rows.Capture.document_id == document.id, rows.Capture.id >= first, rows.Capture.status == OK)
        .order_by(rows.Capture.id)
    )
    parts: list[Page] = []
    for row in captures:
        if parts and row.url != parts[-1].next:
            break
        try:
            page = reader.read(restored(session, archive, row), document.listed_title)
        except (SiteError, DamagedRecord):
            return []
        if page is None:
            return []
        parts.append(page)
        if page.next is None:
            break
    return parts
