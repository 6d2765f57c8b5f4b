"""What was learned of each source's pages, and the captures to learn it from."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import models as rows
from store.archive import Archive
from store.database import Database
from store.errors import DamagedRecord
from store.flow import Capture
from store.rereads import OK, restored

CAPTURES = 2
"""Captures of each document to learn from: what differs between them is the site's doing or an edit."""


@dataclass(frozen=True, slots=True)
class Learned:
    """`template` as JSON, None where the pages have nothing in common."""

    at: dt.datetime
    documents: int
    doubts: int
    template: object | None


def load(database: Database, source: str) -> Learned | None:
    """What was learned last."""
    with database.read() as session:
        row = session.get(rows.Template, source)
        return Learned(row.learned_at, row.documents, row.doubts, row.template) if row else None


def keep(database: Database, source: str, learned: Learned) -> None:
    with database.write() as session:
        session.merge(
            rows.Template(
                source_id=source,
                learned_at=learned.at,
                documents=learned.documents,
                doubts=learned.doubts,
                template=learned.template,
            )
        )


def doubt(database: Database, source: str) -> None:
    """A page that the template did not fit."""
    with database.write() as session:
        row = session.get(rows.Template, source)
        if row is not None:
            row.doubts += 1


def readable(database: Database, source: str) -> int:
    """How many documents of a source have a version."""
    with database.read() as session:
        wanted = rows.Document.source_id == source, rows.Document.version_id.is_not(None)
        return session.scalar(select(func.count()).select_from(rows.Document).where(*wanted)) or 0


def samples(database: Database, archive: Archive, source: str, most: int) -> list[Capture]:
    """Return the latest captures of a source's most recently captured documents, oldest first per document.

    A capture with the same bytes as another is left out, and so is an unreadable record, which `yaodian verify`
    names.
    """
    last = func.max(rows.Capture.id)
    documents = (
        select(rows.Document.id)
        .join(rows.Capture, rows.Capture.document_id == rows.Document.id)
        .where(
            rows.Document.source_id == source,
            rows.Document.version_id.is_not(None),
            rows.Capture.status == OK,
        )
        .group_by(rows.Document.id)
        .order_by(last.desc())
        .limit(most)
    )
    found: list[Capture] = []
    with database.read() as session:
        for document in session.scalars(documents).all():
            for row in reversed(_distinct(session, document)):
                with suppress(DamagedRecord):
                    found.append(restored(session, archive, row))
    return found


def _distinct(session: Session, document: str) -> list[rows.Capture]:
    """Its last captures of different bytes, the newest first; of an article split over several pages the first
    page's, as the others are no documents of their own."""
    first = (
        select(rows.Capture.url)
        .join(rows.Version, rows.Version.capture_id == rows.Capture.id)
        .join(rows.Document, rows.Document.version_id == rows.Version.id)
        .where(rows.Document.id == document)
        .scalar_subquery()
    )
    captures = session.scalars(
        select(rows.Capture)
        .where(rows.Capture.document_id == document, rows.Capture.status == OK, rows.Capture.url == first)
        .order_by(rows.Capture.id.desc())
        .limit(4 * CAPTURES)
    )
    by_bytes = {row.digest: row for row in reversed(captures.all())}
    return sorted(by_bytes.values(), key=lambda row: row.id, reverse=True)[:CAPTURES]
