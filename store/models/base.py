"""What all tables share: the names of constraints, and the columns that Python's types stand for."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import BigInteger, Integer, MetaData
from sqlalchemy.orm import DeclarativeBase

from store.columns import Moment, Words

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
