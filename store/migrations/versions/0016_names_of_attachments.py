"""attachments: their names, by which they are known again at other addresses. When they were looked at last is their
document's to say."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("attachments", sa.Column("name", WORDS, nullable=True))
    op.drop_column("attachments", "checked_at")
