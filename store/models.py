"""The rows. Each class is a table; the words are those of the design, and what a row promises stands beside it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, MetaData, UniqueConstraint, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from store.columns import Moment, PackedJson, Words

# On SQLite only an INTEGER is the table's own key; a BIGINT gets an index beside it. Both hold 64 bits there.
RowNumber = BigInteger().with_variant(Integer(), "sqlite")


class Base(DeclarativeBase):
    # Names are fixed so that migrations can find a constraint on both databases.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dt.datetime: Moment, str: Words}  # noqa: RUF012 (SQLAlchemy reads it as a class attribute)


class Source(Base):
    """What must be known of a source beside its file: what its documents inherit, and when it was looked at."""

    __tablename__ = "sources"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    publisher: Mapped[str]
    region: Mapped[str]
    kind: Mapped[str]
    rules: Mapped[str | None]
    last_crawled_at: Mapped[dt.datetime | None]
    next_due_at: Mapped[dt.datetime | None] = mapped_column(index=True)
    # When the earliest of its known documents is to be looked at again.
    recheck_due_at: Mapped[dt.datetime | None] = mapped_column(index=True)


# In the counts of a run that looked at known documents alone.
ONLY_RECHECKS = "only_rechecks"


class Run(Base):
    """One crawl of one source. `outcome` is None while it runs; `counts` grow meanwhile, last at `seen_at`. That of a
    run that was killed becomes `killed` when its source is crawled again."""

    __tablename__ = "runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), index=True)
    started_at: Mapped[dt.datetime]
    finished_at: Mapped[dt.datetime | None]
    seen_at: Mapped[dt.datetime | None]
    outcome: Mapped[str | None]
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)


class Template(Base):
    """What was learned of a source's pages; `template` is None where they have nothing in common. `documents` is how
    many it was learned from, `doubts` counts the pages that it has not fitted since."""

    __tablename__ = "templates"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    learned_at: Mapped[dt.datetime]
    documents: Mapped[int]
    doubts: Mapped[int] = mapped_column(default=0)
    template: Mapped[Any | None] = mapped_column(JSON)


class Duty(Base):
    """A source that services look after, with the host, schedule and rules of its file. Until `claimed_until` the
    service `claimed_by` sees to it; without a name it rests until then. `crashes` counts crawls in a row that never
    came to their end."""

    __tablename__ = "duties"

    # Not a foreign key: a source that was never crawled has no row of its own yet.
    source_id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str] = mapped_column(index=True)
    schedule: Mapped[str]
    rules: Mapped[str]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[dt.datetime | None]
    crashes: Mapped[int] = mapped_column(default=0)


class Chore(Base):
    """Regular work beside the crawls: when it is due, and which service is at it."""

    __tablename__ = "chores"

    name: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
    claimed_by: Mapped[str | None]
    claimed_until: Mapped[dt.datetime | None]


class HostDay(Base):
    """How many known documents of a host were looked at again on a day (UTC)."""

    __tablename__ = "host_days"

    host: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    rechecks: Mapped[int]


class HealthEvent(Base):
    """Something about a source that is not as it should be, with the capture that shows it."""

    __tablename__ = "health_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), index=True)
    at: Mapped[dt.datetime]
    sign: Mapped[str]
    url: Mapped[str]
    detail: Mapped[str]
    capture_id: Mapped[int | None] = mapped_column(ForeignKey("captures.id"))


class SourceHealth(Base):
    """How a source is since its crawl of `since`; `reasons` are signs (store.health), `told` is the state of which the
    operator was told last."""

    __tablename__ = "source_health"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    state: Mapped[str]
    since: Mapped[dt.datetime]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    told: Mapped[str | None]


class Host(Base):
    """A server that refuses, or does not answer, and until when it is left alone; what stands well has no row."""

    __tablename__ = "hosts"

    name: Mapped[str] = mapped_column(primary_key=True)
    strain: Mapped[int]
    not_before: Mapped[dt.datetime | None]
    asked: Mapped[bool]
    sign: Mapped[str]
    because: Mapped[str]


class ListingPage(Base):
    """A page of a listing: what to send to ask whether it changed, and which page followed it. `believed` counts the
    304s in a row, here and below: now and then the whole is asked for, since servers lie."""

    __tablename__ = "listing_pages"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    checked_at: Mapped[dt.datetime]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    next_url: Mapped[str | None]
    entries: Mapped[int]
    believed: Mapped[int] = mapped_column(default=0, server_default="0")


class Backfill(Base):
    """How far the back-fill of the listing that begins at `url` has come."""

    __tablename__ = "backfills"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    url: Mapped[str] = mapped_column(primary_key=True)
    next_url: Mapped[str | None]
    next_number: Mapped[int]
    is_done: Mapped[bool]


class Document(Base):
    """What lives at one canonical URL of one source. Its id is made of the source and of the URL at which it was
    found first, so that it is the same again when everything is rebuilt. `state`: found (in a listing, not asked for yet), live, withdrawn, unmatched (read, and
    about something else), or unreadable. `missing_since` is set by a first 404, `reads_as` is the digest of the bytes read last,
    `dated_on` is the 成文日期, or else the 发布日期."""

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


class Plan(Base):
    """The work itself. What it says of itself comes from its original document."""

    __tablename__ = "plans"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    publisher: Mapped[str | None]
    region: Mapped[str | None] = mapped_column(index=True)
    kind: Mapped[str | None]
    period_start: Mapped[int | None] = mapped_column(index=True)
    period_end: Mapped[int | None]
    document_number: Mapped[str | None]

    documents: Mapped[list[Document]] = relationship(
        back_populates="plan", order_by="(Document.found_at, Document.id)"
    )

    @property
    def original(self) -> Document:
        return next(document for document in self.documents if document.role == "original")


class PlanAlias(Base):
    """An id under which a plan was known before it was merged into another."""

    __tablename__ = "plan_aliases"

    former_id: Mapped[str] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(ForeignKey("plans.id"), index=True)


class Decision(Base):
    """What a person said of two documents, the lesser id first: that they carry one plan, or two. Linking obeys."""

    __tablename__ = "decisions"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True, index=True)
    together: Mapped[bool]
    decided_at: Mapped[dt.datetime]


class Rereading(Base):
    """Which extraction, and up to which capture, a document was read anew with; what it matches need not be read again."""

    __tablename__ = "rereadings"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True)
    stamp: Mapped[str]


class Fingerprint(Base):
    """FracMinHash of a document's current text: the 8-grams of Chinese characters whose hash is 0 mod 64. Only what can
    tell plans apart is kept: of a plan's documents the original and the first few, of a hash the first hundred."""

    __tablename__ = "fingerprints"

    hash: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id"), primary_key=True, index=True)


class Indexed(Base):
    """A version's rows in the index of words: `rows` are those of its passages from the last to the first, as
    "101+40 7+1" (first and count), so that newest first is also the order of reading. What its predecessor had is not
    indexed again; its own rows begin at `first` and are `count`; `title` is that of its title, if its own. Numbers rise
    with the time of indexing and are never used again. Without a version the rows are nobody's."""

    __tablename__ = "indexed"

    first: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    count: Mapped[int]
    title: Mapped[int | None] = mapped_column(BigInteger)
    version_id: Mapped[int | None] = mapped_column(ForeignKey("versions.id"), unique=True)
    rows: Mapped[str]


class Ended(Base):
    """A row of the index whose passage stands in no later version; `version_id` is the last one that has it, `until`
    is when the site said otherwise."""

    __tablename__ = "ended"

    row: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    until: Mapped[dt.datetime]


class Token(Base):
    """What lets a program write through the API: a name for people, and the hash of the token, never the token."""

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    token_hash: Mapped[str]
    created_at: Mapped[dt.datetime]


class Subscription(Base):
    """An address, a filter, a rhythm. `state`: pending, active, paused or ended, `reason` why it is not active. Nothing
    is sent before it is confirmed, and nothing older than `confirmed_at` is reported. `told_at` is when its digest was
    made last, or would have been had there been news; None where all since the confirmation has to be weighed."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    mailbox: Mapped[str] = mapped_column(index=True)
    filter: Mapped[dict[str, Any]] = mapped_column(JSON)
    rhythm: Mapped[dict[str, Any]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(default="zh")
    state: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    next_due_at: Mapped[dt.datetime | None] = mapped_column(index=True)


class Digest(Base):
    """One issue for one subscription; the changes that it carries are DigestChange rows."""

    __tablename__ = "digests"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    created_at: Mapped[dt.datetime]

    subscription: Mapped[Subscription] = relationship()


class DigestChange(Base):
    """Which changes a digest carries. The key makes it impossible that a subscription gets one twice."""

    __tablename__ = "digest_changes"

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("changes.id"), primary_key=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"), index=True)


class Letter(Base):
    """What is said to one reader or, but for their links, to many. `content` has subject, text, html, short and data;
    `slot` stands in it where each reader's own token belongs."""

    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[dt.datetime]
    slot: Mapped[str]
    content: Mapped[Any] = mapped_column(PackedJson)


class Delivery(Base):
    """The handing of one letter to one address: the outbox. `state`: waiting, sent, refused, abandoned or dropped.

    What is sent follows from the row and its letter alone, so a repeated attempt sends the same under the same
    `message_id`. `holder` is the sender that has taken it, `due_at` the moment before which nobody does. `channel` is
    the module that hands it over, `mailbox` the address as it is counted, `provider` who receives for it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_state_due_at", "state", "due_at"),
        Index("ix_deliveries_provider_sent_at", "provider", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digests.id"), unique=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"), index=True)
    address: Mapped[str]
    mailbox: Mapped[str] = mapped_column(index=True)
    channel: Mapped[str]
    provider: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="waiting")
    holder: Mapped[int | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]

    digest: Mapped[Digest | None] = relationship()
    subscription: Mapped[Subscription | None] = relationship()
    letter: Mapped[Letter | None] = relationship()


class Bounce(Base):
    """A mail that came back: refused while it was handed over, or `reported` later. `status` is the reply's code or
    the enhanced status of RFC 3463."""

    __tablename__ = "bounces"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), index=True)
    at: Mapped[dt.datetime]
    reported: Mapped[bool]
    status: Mapped[str]
    detail: Mapped[str]


class Operator(Base):
    """Who may change things on the web; `password_hash` is argon2's."""

    __tablename__ = "operators"

    name: Mapped[str] = mapped_column(primary_key=True)
    password_hash: Mapped[str]
    created_at: Mapped[dt.datetime]
