"""documents: how often in a row one could not be had."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
