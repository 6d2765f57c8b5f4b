"""What is watched, how it was crawled, and how it fares."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


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
