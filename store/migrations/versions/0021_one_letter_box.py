"""deliveries.fault; mailboxes by the providers' rules, addresses without a dot at their end, filters without controls."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from store.mailboxes import find_mailbox

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
# What a filter may not hold any more becomes a sign that no page has: it still matches nothing.
UNKNOWN = "\ufffd"
TEXTS = ("kinds", "publishers", "sources", "keywords")

subscriptions = sa.table(
    "subscriptions",
    sa.column("id"),
    sa.column("address"),
    sa.column("mailbox"),
    sa.column("filter", sa.JSON()),
)
deliveries = sa.table(
    "deliveries", *map(sa.column, ("id", "address", "mailbox", "provider", "channel", "state"))
)


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("fault", WORDS, nullable=True))
    connection = op.get_bind()
    for table in (subscriptions, deliveries):
        _canonise(connection, table)
    for number, wanted in connection.execute(sa.select(subscriptions.c.id, subscriptions.c.filter)).all():
        cleaned = _clean(wanted)
        if cleaned != wanted:
            connection.execute(
                sa.update(subscriptions).where(subscriptions.c.id == number).values(filter=cleaned)
            )


def _canonise(connection: sa.Connection, table: sa.TableClause) -> None:
    """Addresses and mailboxes as they are kept from now on; most rows stay as they are. What was sent stays as it was."""
    for address, mailbox in connection.execute(sa.select(table.c.address, table.c.mailbox).distinct()).all():
        kept = address if "://" in address else address.rstrip(".")
        same = sa.update(table).where(table.c.address == address)
        if (found := find_mailbox(address)) != mailbox:
            connection.execute(same.values(mailbox=found))
        if kept != address and table is subscriptions:
            connection.execute(same.values(address=kept))
        elif kept != address:
            waiting = same.where(table.c.state == "waiting", table.c.channel == "mail")
            connection.execute(waiting.values(address=kept, provider=kept.rpartition("@")[2]))


def _clean(wanted: object) -> object:
    if not isinstance(wanted, dict):
        return wanted
    return {
        name: [_text(one) for one in value] if name in TEXTS and isinstance(value, list) else value
        for name, value in wanted.items()
    }


def _text(value: object) -> object:
    if not isinstance(value, str):
        return value
    return "".join(c if _is_text(c) else UNKNOWN for c in value)


def _is_text(char: str) -> bool:
    """As `notify.plain` shows it, on one line."""
    code = ord(char)
    return char == " " or (
        unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        and code & 0xFFFE != 0xFFFE
        and not 0xFDD0 <= code <= 0xFDEF
    )
