"""The outbox: one table through which every mail and message goes. Here is what is put into it; `notify.senders` takes it out.

waiting ─▶ sent, or refused (it will not be taken), or abandoned (tried for days), or dropped (its subscription ended).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable
from typing import Any, Literal

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from notify import addresses, channels
from notify.parcels import Letter, Reader
from store import models as rows
from store.errors import UsageError
from store.shapes import iso

Kind = Literal["digest", "confirmation", "known", "manage", "health", "doctor"]
REQUESTED: tuple[Kind, ...] = ("confirmation", "known", "manage")
"""What is sent because somebody typed an address in, who need not be its owner."""
WAITING, SENT, REFUSED, ABANDONED, DROPPED = "waiting", "sent", "refused", "abandoned", "dropped"

LONGEST_WAIT = dt.timedelta(days=1)
"""Until a mail that could not be handed over is tried again."""


def put(
    session: Session, kind: Kind, letter: Letter, readers: Iterable[Reader], domain: str, now: dt.datetime
) -> None:
    """One letter to some readers, as part of the caller's transaction. `domain` names us in the Message-ID."""
    row = rows.Letter(
        created_at=now,
        slot=letter.slot,
        content={name: getattr(letter, name) for name in ("subject", "text", "html", "short", "data")},
    )
    session.add(row)
    session.flush()
    session.execute(insert(rows.Delivery), [_row(kind, row.id, one, domain, now) for one in readers])


def _row(kind: Kind, letter: int, reader: Reader, domain: str, now: dt.datetime) -> dict[str, Any]:
    channel = channels.name_of(reader.address)
    return {
        "kind": kind,
        "letter_id": letter,
        "digest_id": reader.digest_id,
        "subscription_id": reader.subscription_id,
        "address": reader.address,
        "mailbox": addresses.mailbox(reader.address),
        "channel": channel,
        "provider": channels.every()[channel].provider(reader.address),
        "message_id": f"<{kind}.{secrets.token_hex(12)}@{domain}>",
        "created_at": now,
        "due_at": now,
    }


def requested_lately(session: Session, address: str, now: dt.datetime) -> int:
    """How many letters that somebody asked for an address was sent, or will be, within a day."""
    query = select(func.count()).where(
        rows.Delivery.mailbox == addresses.mailbox(address),
        rows.Delivery.kind.in_(REQUESTED),
        rows.Delivery.created_at > now - dt.timedelta(days=1),
    )
    return session.scalar(query) or 0


def counts(session: Session) -> dict[str, int]:
    """How many deliveries are in each state."""
    query = select(rows.Delivery.state, func.count()).group_by(rows.Delivery.state)
    return {state: number for state, number in session.execute(query)}


def troubled(session: Session, most: int = 100) -> list[rows.Delivery]:
    """What could not be handed over, or not yet after a first attempt; the newest first."""
    delivery = rows.Delivery
    waits = (delivery.state == WAITING) & (delivery.attempts > 0)
    query = select(delivery).where(waits | delivery.state.in_((REFUSED, ABANDONED)))
    return list(session.scalars(query.order_by(delivery.id.desc()).limit(most)))


def again(session: Session, delivery_id: int, now: dt.datetime) -> None:
    """Try a delivery once more, the same mail, now. What was sent or dropped stays. Raises UsageError."""
    found = session.get(rows.Delivery, delivery_id, with_for_update=True)
    if found is None or found.state not in (WAITING, REFUSED, ABANDONED):
        raise UsageError(f"delivery {delivery_id} is not one that can be tried again")
    found.state, found.due_at, found.attempts, found.refusals = WAITING, now, 0, 0


def shape(delivery: rows.Delivery) -> dict[str, Any]:
    """How one delivery went, without what it says."""
    return {
        "id": delivery.id,
        "kind": delivery.kind,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_error": delivery.last_error,
        "message_id": delivery.message_id,
        "created_at": iso(delivery.created_at),
        "due_at": iso(delivery.due_at),
        "sent_at": iso(delivery.sent_at),
    }
