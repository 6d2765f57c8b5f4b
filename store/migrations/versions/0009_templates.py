"""templates of sources."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("source_id", WORDS, nullable=False),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("doubts", sa.Integer(), nullable=False),
        sa.Column("template", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_templates_source_id_sources")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_templates")),
    )


def downgrade() -> None:
    op.drop_table("templates")
