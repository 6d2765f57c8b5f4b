"""captures: found by the file that they lie in, to verify it and to gather small files into large ones."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_captures_file", "captures", ["file"])
