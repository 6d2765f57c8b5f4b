"""subscriptions: when the last digest was made, so that what was weighed long ago need not be weighed again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "update subscriptions set told_at = "
        "(select max(created_at) from digests where digests.subscription_id = subscriptions.id)"
    )
