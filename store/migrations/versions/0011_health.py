"""how far back-fills have come, and how sources are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "backfills",
        sa.Column("source_id", WORDS, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("next_url", WORDS, nullable=True),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_backfills_source_id_sources")),
        sa.PrimaryKeyConstraint("source_id", "url", name=op.f("pk_backfills")),
    )
    op.create_table(
        "source_health",
        sa.Column("source_id", WORDS, nullable=False),
        sa.Column("state", WORDS, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("told", WORDS, nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_source_health_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_source_health")),
    )
