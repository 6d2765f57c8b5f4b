"""Who looks after what, and when it is due."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


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
