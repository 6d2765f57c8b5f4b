"""Captures as one WARC file for other tools: the records as they lie in the archive, byte by byte."""

from __future__ import annotations

from typing import BinaryIO

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from store import models as rows
from store.archive import Archive, Place


def copy(session: Session, archive: Archive, out: BinaryIO, source: str | None = None) -> int:
    """Write all captures, or those of one source's documents with the records that they refer to; returns how many.

    Raises OperatorError when a record can't be read.
    """
    capture = rows.Capture
    query = select(capture.file, capture.offset, capture.length)
    if source is not None:
        own = select(rows.Document.id).where(rows.Document.source_id == source)
        revisit = aliased(capture)
        bodies = select(revisit.body_of).where(revisit.document_id.in_(own), revisit.body_of.is_not(None))
        query = query.where(or_(capture.document_id.in_(own), capture.id.in_(bodies)))
    count = 0
    found = session.execute(query.order_by(capture.file, capture.offset).execution_options(yield_per=1000))
    for file, offset, length in found:
        out.write(archive.member(Place(file, offset, length)))
        count += 1
    return count
