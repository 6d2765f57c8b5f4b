"""Documents that live at another URL now: followed as one, not withdrawn here and new there.

A site says so by a permanent redirect, or shows the same text at a new address while the old one is gone.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store import models as rows
from store.flow import Visit
from store.identity import canonical, document_id

_FRONT = re.compile(r"/(?:(?:index|default|main|home)\.[a-z]{3,5})?", re.I)


def is_front_page(url: str) -> bool:
    """Where sites send readers of pages that are no more; what stands there is no document."""
    parts = urlsplit(url)
    return not parts.query and _FRONT.fullmatch(parts.path or "/") is not None


def find(session: Session, source: str, url: str) -> rows.Document | None:
    """The document of a source that lives at a URL, or was listed there once."""
    url = canonical(url)
    known = session.get(rows.Document, document_id(source, url))
    if known is not None:
        return known
    at = select(rows.Document).where(rows.Document.source_id == source, rows.Document.url == url)
    if (living := session.scalars(at).first()) is not None:
        return living
    former = session.get(rows.DocumentUrl, (source, url))
    return session.get_one(rows.Document, former.document_id) if former else None


def known(session: Session, source: str, urls: Collection[str]) -> set[str]:
    """Those of these canonical URLs at which `find` would find a document."""
    ids = {document_id(source, url): url for url in urls}
    found = {
        ids[named] for named in session.scalars(select(rows.Document.id).where(rows.Document.id.in_(ids)))
    }
    for at in (rows.Document, rows.DocumentUrl):
        found.update(session.scalars(select(at.url).where(at.source_id == source, at.url.in_(urls))))
    return found


def follow(session: Session, document: rows.Document, url: str) -> str | None:
    """From now on the document is asked for at `url`. An entry that was found there and not read yet is this
    document, and its id is returned. Where another document stands there that was told of already, both stay as
    they are."""
    url = canonical(url)
    if url == document.url:
        return None
    other = find(session, document.source_id, url)
    absorbed = None
    if other is not None and other is not document:
        if other.version_id is not None:
            return None
        absorbed = other.id
        session.execute(
            update(rows.Capture).where(rows.Capture.document_id == other.id).values(document_id=document.id)
        )
        session.execute(
            update(rows.DocumentUrl)
            .where(rows.DocumentUrl.document_id == other.id)
            .values(document_id=document.id)
        )
        session.delete(other)
        session.flush()
    session.merge(rows.DocumentUrl(source_id=document.source_id, url=document.url, document_id=document.id))
    document.url = url
    document.etag = document.last_modified = document.missing_since = document.next_check_at = None
    document.failures = 0
    return absorbed


def twin(session: Session, source: str, document: str, hashed: str) -> Visit | None:
    """For a document of the source that was not read before: another one that says the same to the letter."""
    # Asked first and apart: nearly always there is none, and SQLite would go through the source's documents for it.
    saying = select(rows.Version.id).where(rows.Version.content_hash == hashed)
    versions = session.scalars(saying.where(rows.Version.document_id != document)).all()
    own = select(rows.Document.version_id).where(rows.Document.id == document)
    if not versions or session.scalar(own) is not None:
        return None
    same = (
        select(rows.Document.id, rows.Document.url)
        .join(rows.Version, rows.Version.document_id == rows.Document.id)
        .where(
            rows.Version.id.in_(versions),
            rows.Document.version_id == rows.Version.id,
            rows.Document.source_id == source,
        )
        .order_by(rows.Document.found_at, rows.Document.id)
    )
    found = session.execute(same).first()
    return Visit(found.url, found.id) if found else None
