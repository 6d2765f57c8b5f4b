"""sources: by which rules they were read last."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("sources", sa.Column("rules", WORDS, nullable=True))
