"""The outbox: letters apart from their deliveries, back-off, bounces; subscriptions that are paused or ended."""

import email
import email.policy
import secrets

import sqlalchemy as sa
from alembic import op

from store.columns import PackedJson

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# By code point on both databases; PostgreSQL would sort by the language of its server.
WORDS = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "letters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("slot", WORDS, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
    )
    op.add_column("subscriptions", sa.Column("mailbox", WORDS, nullable=True))
    op.add_column("subscriptions", sa.Column("reason", WORDS, nullable=True))
    op.add_column("subscriptions", sa.Column("ended_at", MOMENT, nullable=True))
    for name, kind in (
        ("kind", WORDS),
        ("subscription_id", sa.Integer()),
        ("letter_id", sa.Integer()),
        ("address", WORDS),
        ("mailbox", WORDS),
        ("channel", WORDS),
        ("provider", WORDS),
        ("holder", sa.Integer()),
        ("created_at", MOMENT),
        ("due_at", MOMENT),
    ):
        op.add_column("deliveries", sa.Column(name, kind, nullable=True))
    op.add_column("deliveries", sa.Column("refusals", sa.Integer(), server_default="0", nullable=False))
    _fill(op.get_bind())
    with op.batch_alter_table("subscriptions") as table:
        table.alter_column("mailbox", existing_type=WORDS, nullable=False)
        table.create_index(op.f("ix_subscriptions_mailbox"), ["mailbox"])
    with op.batch_alter_table("deliveries") as table:
        for name, kind in (
            ("kind", WORDS),
            ("address", WORDS),
            ("mailbox", WORDS),
            ("channel", WORDS),
            ("provider", WORDS),
            ("created_at", MOMENT),
            ("due_at", MOMENT),
        ):
            table.alter_column(name, existing_type=kind, nullable=False)
        table.alter_column("digest_id", existing_type=sa.Integer(), nullable=True)
        table.drop_column("message")
        table.create_foreign_key(
            op.f("fk_deliveries_subscription_id"), "subscriptions", ["subscription_id"], ["id"]
        )
        table.create_foreign_key(op.f("fk_deliveries_letter_id"), "letters", ["letter_id"], ["id"])
        table.drop_index(op.f("ix_deliveries_state"))
        for name in ("subscription_id", "letter_id", "mailbox", "holder"):
            table.create_index(op.f(f"ix_deliveries_{name}"), [name])
        table.create_index("ix_deliveries_state_due_at", ["state", "due_at"])
        table.create_index("ix_deliveries_provider_sent_at", ["provider", "sent_at"])
    op.create_table(
        "bounces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.Column("status", WORDS, nullable=False),
        sa.Column("detail", WORDS, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_bounces_subscription_id")
        ),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_bounces_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bounces")),
    )
    for name in ("subscription_id", "delivery_id"):
        op.create_index(op.f(f"ix_bounces_{name}"), "bounces", [name])


def _fill(connection: sa.Connection) -> None:
    """What the rows that are there say in the new columns; a mail that still waits becomes its letter."""
    subscriptions = sa.table("subscriptions", sa.column("id"), sa.column("address"), sa.column("mailbox"))
    for number, address in connection.execute(sa.select(subscriptions.c.id, subscriptions.c.address)).all():
        connection.execute(
            sa.update(subscriptions).where(subscriptions.c.id == number).values(mailbox=_mailbox(address))
        )
    connection.execute(
        sa.text(
            "update deliveries set kind = 'digest', channel = 'mail', "
            "subscription_id = (select subscription_id from digests where digests.id = digest_id), "
            "created_at = (select created_at from digests where digests.id = digest_id), "
            "due_at = (select created_at from digests where digests.id = digest_id)"
        )
    )
    for part in ("address", "mailbox"):
        connection.execute(
            sa.text(
                f"update deliveries set {part} = "  # noqa: S608 (two fixed names)
                f"(select {part} from subscriptions where subscriptions.id = subscription_id)"
            )
        )
    deliveries = sa.table(
        "deliveries",
        *map(sa.column, ("id", "address", "provider", "state", "message", "letter_id", "created_at")),
    )
    letters = sa.table(
        "letters",
        sa.column("id"),
        sa.column("created_at"),
        sa.column("slot"),
        sa.column("content", PackedJson()),
    )
    found = connection.execute(
        sa.select(deliveries.c.id, deliveries.c.address, deliveries.c.state, deliveries.c.created_at)
    )
    for number, address, state, created_at in found.all():
        new = {"provider": address.rpartition("@")[2]}
        if state == "waiting":
            message = connection.execute(
                sa.select(deliveries.c.message).where(deliveries.c.id == number)
            ).scalar_one()
            letter = {
                "id": number,
                "created_at": created_at,
                "slot": secrets.token_hex(16),
                "content": _letter(message),
            }
            connection.execute(sa.insert(letters).values(letter))
            new["letter_id"] = number
        connection.execute(sa.update(deliveries).where(deliveries.c.id == number).values(new))
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text(
                "select setval(pg_get_serial_sequence('letters', 'id'), coalesce(max(id), 1), max(id) is not null) "
                "from letters"
            )
        )


def _mailbox(address: str) -> str:
    """Without case and +tag."""
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def _letter(message: bytes) -> dict[str, object]:
    mail = email.message_from_bytes(message, policy=email.policy.default)
    bodies = {kind: mail.get_body((kind,)) for kind in ("plain", "html")}
    text, html = (body.get_content().replace("\r\n", "\n") if body else "" for body in bodies.values())
    return {"subject": mail["Subject"], "text": text, "html": html, "short": text, "data": None}
