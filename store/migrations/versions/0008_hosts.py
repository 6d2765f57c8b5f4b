"""how hosts stand, and how often a 304 was believed."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("name", WORDS, nullable=False),
        sa.Column("strain", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked", sa.Boolean(), nullable=False),
        sa.Column("sign", WORDS, nullable=False),
        sa.Column("because", WORDS, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_hosts")),
    )
    for table in ("listing_pages", "documents", "attachments"):
        op.add_column(table, sa.Column("believed", sa.Integer(), server_default="0", nullable=False))
