"""What the service keeps: duties, chores, requests a host and day; a run's progress, a source's next recheck."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("sources", sa.Column("recheck_due_at", MOMENT, nullable=True))
    op.create_index("ix_sources_recheck_due_at", "sources", ["recheck_due_at"])
    op.add_column("runs", sa.Column("seen_at", MOMENT, nullable=True))
    op.create_table(
        "duties",
        sa.Column("source_id", WORDS, nullable=False),
        sa.Column("host", WORDS, nullable=False),
        sa.Column("schedule", WORDS, nullable=False),
        sa.Column("rules", WORDS, nullable=False),
        sa.Column("claimed_by", WORDS, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source_id", name="pk_duties"),
    )
    op.create_index("ix_duties_host", "duties", ["host"])
    op.create_table(
        "chores",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("claimed_by", WORDS, nullable=True),
        sa.Column("claimed_until", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_chores"),
    )
    op.create_table(
        "host_days",
        sa.Column("host", WORDS, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rechecks", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("host", "day", name="pk_host_days"),
    )
