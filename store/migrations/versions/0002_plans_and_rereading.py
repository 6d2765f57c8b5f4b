"""plans: former ids, people's decisions, dates; versions and changes that only another extraction made."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "plan_aliases",
        sa.Column("former_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["plan_id"], ["plans.id"], name=op.f("fk_plan_aliases_plan_id")),
        sa.PrimaryKeyConstraint("former_id", name=op.f("pk_plan_aliases")),
    )
    op.create_index(op.f("ix_plan_aliases_plan_id"), "plan_aliases", ["plan_id"], unique=False)
    op.create_table(
        "decisions",
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("other_id", sa.String(), nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_decisions_document_id")),
        sa.ForeignKeyConstraint(["other_id"], ["documents.id"], name=op.f("fk_decisions_other_id")),
        sa.PrimaryKeyConstraint("document_id", "other_id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_other_id"), "decisions", ["other_id"], unique=False)
    op.create_table(
        "rereadings",
        sa.Column("document_id", sa.String(), nullable=False),
        sa.Column("stamp", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name=op.f("fk_rereadings_document_id")),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_rereadings")),
    )
    op.add_column("documents", sa.Column("dated_on", sa.Date(), nullable=True))
    for table in ("versions", "changes"):
        op.add_column(table, sa.Column("extraction", sa.Boolean(), server_default=sa.false(), nullable=False))
