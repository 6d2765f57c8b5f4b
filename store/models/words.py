"""The index of words."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base, RowNumber


class Indexed(Base):
    """A version's rows in the index of words: `rows` are those of its passages from the last to the first, as
    "101+40 7+1" (first and count), so that newest first is also the order of reading. What its predecessor had is not
    indexed again; its own rows begin at `first` and are `count`; `title` is that of its title, if its own. Numbers rise
    with the time of indexing and are never used again. Without a version the rows are nobody's.

    `reached` is the latest moment of capture up to here, so it rises with `first`; a version that `is_late` was captured
    long before that."""

    __tablename__ = "indexed"
    __table_args__ = (
        Index("ix_indexed_reached", "reached", "first"),
        Index("ix_indexed_late", "first", sqlite_where=text("is_late"), postgresql_where=text("is_late")),
    )

    first: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    count: Mapped[int]
    title: Mapped[int | None] = mapped_column(BigInteger)
    version_id: Mapped[int | None] = mapped_column(ForeignKey("versions.id"), unique=True)
    rows: Mapped[str]
    reached: Mapped[dt.datetime]
    is_late: Mapped[bool] = mapped_column(default=False, server_default=false())


class Ended(Base):
    """A row of the index whose passage stands in no later version; `version_id` is the last one that has it, `until`
    is when the site said otherwise."""

    __tablename__ = "ended"

    row: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=False)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id"))
    until: Mapped[dt.datetime]
