"""Captures as one WARC file for other tools: the records as they lie in the archive, byte by byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from store import models as rows
from store.archive import Archive, Place
from store.errors import DamagedRecord


def copy_records(
    session: Session, archive: Archive, out: BinaryIO, source: str | None = None
) -> Iterator[DamagedRecord]:
    """Write all captures, or those of one source's documents with the records that they refer to. A record that can't be
    read is left out, and yielded as its error. Raises OperatorError when the archive can't be reached at all."""
    capture = rows.Capture
    query = select(capture.id, capture.file, capture.offset, capture.length)
    if source is not None:
        own = select(rows.Document.id).where(rows.Document.source_id == source)
        revisit = aliased(capture)
        bodies = select(revisit.body_of).where(revisit.document_id.in_(own), revisit.body_of.is_not(None))
        query = query.where(or_(capture.document_id.in_(own), capture.id.in_(bodies)))
    found = session.execute(query.order_by(capture.file, capture.offset).execution_options(yield_per=1000))
    for identity, file, offset, length in found:
        try:
            member = archive.member(Place(file, offset, length))
        except DamagedRecord as error:
            yield DamagedRecord(f"capture {identity}: {error}")
        else:
            out.write(member)
