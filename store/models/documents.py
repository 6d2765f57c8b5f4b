"""Documents, what was fetched of them, and what became of them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.columns import PackedJson
from store.models.base import Base

if TYPE_CHECKING:
    from store.models.plans import Plan
    from store.models.sources import Source


class Document(Base):
    """What lives at one canonical URL of one source. Its id is made of the source and of the URL at which it was
    found first, so that it is the same again when everything is rebuilt. `state`: found (in a listing, not asked for
    yet), live, withdrawn, unmatched (read, and about something else), or unreadable. `missing_since` is set by a first
    404, `failures` counts the times in a row that it could not be had, `reads_as` is the digest of the bytes read
    last, `dated_on` is the 成文日期, or else the 发布日期."""

    __tablename__ = "documents"
    __table_args__ = (UniqueConstraint("source_id", "url"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"))
    url: Mapped[str]
    listed_title: Mapped[str]
    listed_on: Mapped[dt.date | None]
    found_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(default="found")
    checked_at: Mapped[dt.datetime | None]
    changed_at: Mapped[dt.datetime | None]
    next_check_at: Mapped[dt.datetime | None]
    missing_since: Mapped[dt.datetime | None]
    failures: Mapped[int] = mapped_column(default=0, server_default="0")
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    believed: Mapped[int] = mapped_column(default=0, server_default="0")
    reads_as: Mapped[str | None]
    # No foreign key: versions point here already, and SQLite can't create two tables that need each other.
    version_id: Mapped[int | None]
    plan_id: Mapped[str | None] = mapped_column(ForeignKey("plans.id"), index=True)
    role: Mapped[str | None]
    similarity: Mapped[float | None]
    dated_on: Mapped[dt.date | None]

    source: Mapped[Source] = relationship()
    version: Mapped[Version | None] = relationship(
        primaryjoin="foreign(Document.version_id) == Version.id", viewonly=True
    )
    plan: Mapped[Plan | None] = relationship(back_populates="documents")


class DocumentUrl(Base):
    """An address at which a document of the source lived once; an entry that names it still means that document."""

    __tablename__ = "document_urls"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)


class Capture(Base):
    """One fetch, as a WARC record: `file` in the archive, `offset` and `length` of its gzip member. With
    `body_of` the record is a revisit, and the body is that other capture's."""

    __tablename__ = "captures"

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str | None] = mapped_column(ForeignKey("documents.id"), index=True)
    url: Mapped[str]
    fetched_at: Mapped[dt.datetime]
    status: Mapped[int]
    digest: Mapped[str] = mapped_column(index=True)
    file: Mapped[str] = mapped_column(index=True)
    offset: Mapped[int] = mapped_column(BigInteger)
    length: Mapped[int]
    body_of: Mapped[int | None] = mapped_column(ForeignKey("captures.id"))


class SpareFile(Base):
    """A file of the archive to which no row points since a moment, and which is dropped a while after it."""

    __tablename__ = "spare_files"

    file: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[dt.datetime]


class Attachment(Base):
    """A file that a document's page links to: what to send to ask whether it changed, and the bytes of the newest
    answer. What was read out of it is in the document's newest version, which may name it by a former address: a
    new one makes no version. `problem` is why it could not be had last time, so that it is told once."""

    __tablename__ = "attachments"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    believed: Mapped[int] = mapped_column(default=0, server_default="0")
    digest: Mapped[str | None]
    capture_id: Mapped[int | None] = mapped_column(ForeignKey("captures.id"))
    problem: Mapped[str | None]


class Version(Base):
    """A document's content when it differs from the one before; `page` is the whole Page as JSON. `extraction` marks
    one that a later reading of the same capture made: of the versions of a capture the highest number holds."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("document_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"))
    number: Mapped[int]
    capture_id: Mapped[int] = mapped_column(ForeignKey("captures.id"))
    captured_at: Mapped[dt.datetime]
    title: Mapped[str]
    content_hash: Mapped[str] = mapped_column(index=True)
    page: Mapped[Any] = mapped_column(PackedJson, deferred=True)
    extraction: Mapped[bool] = mapped_column(default=False, server_default=false())

    document: Mapped[Document] = relationship()


class Change(Base):
    """An event in a document's life; `difference` is empty but for `changed` (and `restored` with new content).
    `extraction` marks what our reading made and not the site: it is reported to nobody."""

    __tablename__ = "changes"
    __table_args__ = (Index("ix_changes_detected_at_id", "detected_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), index=True)
    type: Mapped[str]
    detected_at: Mapped[dt.datetime]
    from_version_id: Mapped[int | None] = mapped_column(ForeignKey("versions.id"))
    to_version_id: Mapped[int | None] = mapped_column(ForeignKey("versions.id"))
    difference: Mapped[Any] = mapped_column(PackedJson)
    extraction: Mapped[bool] = mapped_column(default=False, server_default=false())

    document: Mapped[Document] = relationship()
    from_version: Mapped[Version | None] = relationship(foreign_keys=[from_version_id])
    to_version: Mapped[Version | None] = relationship(foreign_keys=[to_version_id])


class Rereading(Base):
    """Which extraction, and up to which capture, a document was read anew with; what it matches need not be read again."""

    __tablename__ = "rereadings"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    stamp: Mapped[str]
