"""sessions: of operators on the web, so that signing out ends a session wherever its cookie was copied to."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "sessions",
        sa.Column("id_hash", WORDS, nullable=False),
        sa.Column("operator", WORDS, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sessions")),
        sa.ForeignKeyConstraint(["operator"], ["operators.name"], name=op.f("fk_sessions_operator")),
    )
    op.create_index(op.f("ix_sessions_operator"), "sessions", ["operator"])
