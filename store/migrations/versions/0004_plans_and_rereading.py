"""plans: former ids, people's decisions, dates; versions and changes that only another extraction made."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "plan_aliases",
        sa.Column("former_id", WORDS, nullable=False),
        sa.Column("plan_id", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_aliases_plan_id")),
        sa.PrimaryKeyConstraint("former_id", name=op.f("pk_plan_aliases")),
    )
    op.create_index(op.f("ix_plan_aliases_plan_id"), "plan_aliases", ["plan_id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("document_id", WORDS, nullable=False),
        sa.Column("other_id", WORDS, nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_decisions_document_id")),
        sa.ForeignKeyConstraint(["other_id"], ["documents.id"], name=op.f("fk_decisions_other_id")),
        sa.PrimaryKeyConstraint("document_id", "other_id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_other_id"), "decisions", ["other_id"], unique=False)
    op.create_table(
        "rereadings",
        sa.Column("document_id", WORDS, nullable=False),
        sa.Column("stamp", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_rereadings_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_rereadings")),
    )
    op.add_column("documents", sa.Column("dated_on", sa.Date(), nullable=True))
    for table in ("versions", "changes"):
        op.add_column(table, sa.Column("extraction", sa.Boolean(), server_default=sa.false(), nullable=False))
