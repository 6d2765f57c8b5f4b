"""former addresses of documents."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "document_urls",
        sa.Column("source_id", WORDS, nullable=False),
        sa.Column("url", WORDS, nullable=False),
        sa.Column("document_id", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name=op.f("fk_document_urls_document_id_documents")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["sources.id"], name=op.f("fk_document_urls_source_id_sources")
        ),
        sa.PrimaryKeyConstraint("source_id", "url", name=op.f("pk_document_urls")),
    )
    op.create_index(op.f("ix_document_urls_document_id"), "document_urls", ["document_id"], unique=False)
