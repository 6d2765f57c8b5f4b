"""indexed: how far in time the index had come, so that a search as of a day begins there."""

import datetime as dt
from itertools import islice

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
A_DAY = dt.timedelta(days=1)
AT_ONCE = 1000


def upgrade() -> None:
    op.add_column("indexed", sa.Column("reached", MOMENT, nullable=True))
    op.add_column("indexed", sa.Column("is_late", sa.Boolean(), server_default=sa.false(), nullable=False))
    _fill()
    with op.batch_alter_table("indexed") as table:
        table.alter_column("reached", existing_type=MOMENT, nullable=False)
    op.create_index("ix_indexed_reached", "indexed", ["reached", "first"])
    late = sa.text("is_late")
    op.create_index("ix_indexed_late", "indexed", ["first"], sqlite_where=late, postgresql_where=late)


def _fill() -> None:
    indexed = sa.table(
        "indexed",
        sa.column("first", sa.BigInteger()),
        sa.column("version_id", sa.Integer()),
        sa.column("reached", MOMENT),
        sa.column("is_late", sa.Boolean()),
    )
    versions = sa.table("versions", sa.column("id", sa.Integer()), sa.column("captured_at", MOMENT))
    query = (
        sa.select(indexed.c.first, versions.c.captured_at)
        .select_from(indexed.outerjoin(versions, versions.c.id == indexed.c.version_id))
        .order_by(indexed.c.first)
    )
    bind = op.get_bind()
    change = (
        indexed.update()
        .where(indexed.c.first == sa.bindparam("at"))
        .values(reached=sa.bindparam("so_far"), is_late=sa.bindparam("late"))
    )
    reached = LONG_AGO
    found = iter(bind.execute(query).all())
    while some := list(islice(found, AT_ONCE)):
        values = []
        for first, captured in some:
            # SQLite keeps no zone.
            moment = reached if captured is None else captured.replace(tzinfo=captured.tzinfo or dt.UTC)
            reached = max(reached, moment)
            values.append({"at": first, "so_far": reached, "late": moment < reached - A_DAY})
        bind.execute(change, values)
