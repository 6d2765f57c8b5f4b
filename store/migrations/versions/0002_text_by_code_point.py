"""text by code point: PostgreSQL orders and compares it as SQLite does."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for table in sorted(set(inspector.get_table_names()) - {"alembic_version"}):
        changes = ", ".join(
            f'ALTER COLUMN "{column["name"]}" TYPE varchar COLLATE "C"'
            for column in inspector.get_columns(table)
            if isinstance(column["type"], sa.String)
        )
        if changes:
            op.execute(f'ALTER TABLE "{table}" {changes}')
