"""Pause subscriptions whose chat or webhook address has options, or is none; index the letters that strangers cause.

What is right is written down here as it was at this version, since a later one may know more schemes.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

REASON = "its address has options or parts that are no longer sent to; subscribe the plain address, and remove this"
_KEY = "[A-Za-z0-9_-]{1,128}"
CHATS = {
    "dingtalk": r"([A-Za-z0-9]{1,128}@)?[A-Za-z0-9]{1,128}",
    "discord": f"[0-9]{{1,32}}/{_KEY}",
    "feishu": _KEY,
    "lark": "[A-Za-z0-9-]{1,128}",
    "line": "([A-Za-z0-9+_-]{1,300}|[A-Za-z0-9+][A-Za-z0-9+/]{0,300}={1,2})/[A-Za-z0-9]{1,64}",
    "slack": r"([A-Za-z0-9]{1,128}(/[A-Za-z0-9]{1,128}){2}|(xoxe\.)?xox[abp]-[A-Za-z0-9-]{1,200}/[A-Za-z0-9_-]{1,32})",
    "tgram": "[0-9]{1,20}:[A-Za-z0-9_-]{1,128}/(-?[0-9]{1,32}|@?[A-Za-z][A-Za-z0-9_]{1,63})",
    "wecombot": _KEY,
}
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
WEBHOOK = re.compile(
    rf"webhook\+https?://({_LABEL}(\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?([/?][!-~]*)?", re.IGNORECASE
)
OWN_SERVICE = re.compile(r"[A-Za-z0-9+.-]+://[A-Za-z0-9._~:@/\[\]!$*+,=-]{1,500}")

subscriptions = sa.table(
    "subscriptions",
    sa.column("id", sa.Integer),
    sa.column("address", sa.String),
    sa.column("state", sa.String),
    sa.column("reason", sa.String),
)
deliveries = sa.table(
    "deliveries",
    sa.column("subscription_id", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("state", sa.String),
)


def upgrade() -> None:
    op.create_index("ix_deliveries_created_at", "deliveries", ["created_at"])
    connection = op.get_bind()
    # Only a channel's address has a scheme.
    found = connection.execute(
        sa.select(subscriptions.c.id, subscriptions.c.address).where(
            subscriptions.c.state != "ended", subscriptions.c.address.contains("://")
        )
    )
    for number, address in found.all():
        if _is_plain(address):
            continue
        connection.execute(
            sa.update(subscriptions)
            .where(subscriptions.c.id == number, subscriptions.c.state == "active")
            .values(state="paused", reason=REASON)
        )
        # Its digests wait while it is paused; a letter that asks for confirmation would not.
        connection.execute(
            sa.update(deliveries)
            .where(
                deliveries.c.subscription_id == number,
                deliveries.c.state == "waiting",
                deliveries.c.kind != "digest",
            )
            .values(state="dropped")
        )


def _is_plain(address: str) -> bool:
    scheme, _, rest = address.partition("://")
    if scheme in CHATS:
        return re.fullmatch(f"{CHATS[scheme]}/?", rest) is not None
    if scheme.startswith("webhook+"):
        return WEBHOOK.fullmatch(address) is not None and "#" not in address
    return OWN_SERVICE.fullmatch(address) is not None
