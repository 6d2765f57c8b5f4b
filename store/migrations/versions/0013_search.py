"""the index of words, and which of its rows a version has. What is stored already is indexed afterwards."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
# On SQLite only an INTEGER is the table's own key.
ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# No copy of the text, and no sizes of rows, which only a ranking by bm25 needs. `ascii` leaves our words alone.
FTS5 = """
create virtual table item_words using fts5
(words, content='', columnsize=0, detail=full, tokenize='ascii')
"""


def upgrade() -> None:
    op.create_table(
        "indexed",
        sa.Column("first", ROW, autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("title", sa.BigInteger(), nullable=True),
        sa.Column("version_id", sa.Integer(), nullable=True),
        sa.Column("rows", WORDS, nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_indexed_version_id_versions")),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_indexed")),
        sa.UniqueConstraint("version_id", name=op.f("uq_indexed_version_id")),
    )
    op.create_table(
        "ended",
        sa.Column("row", ROW, autoincrement=False, nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_ended_version_id_versions")),
        sa.PrimaryKeyConstraint("row", name=op.f("pk_ended")),
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(FTS5)
    else:
        op.create_table(
            "item_words",
            sa.Column("id", sa.BigInteger(), primary_key=True, autoincrement=False),
            sa.Column("words", TSVECTOR(), nullable=False),
        )
        op.execute("create index ix_item_words_words on item_words using gin (words)")
