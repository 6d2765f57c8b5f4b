"""What is kept of a person: to be handed out, and to be erased, whenever they want it or when it is of no more use."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from notify import outbox
from notify.outbox import WAITING
from notify.subscriptions import ENDED, PENDING
from store import models as rows
from store.database import Database
from store.errors import UsageError
from store.shapes import iso

# A request that nobody confirmed, and a subscription that somebody left.
UNCONFIRMED_FOR, ENDED_FOR = dt.timedelta(days=7), dt.timedelta(days=30)
# So long a mail may come back, and be sent again.
LETTERS_FOR = dt.timedelta(days=60)


def export_data(database: Database, subscription_id: int) -> dict[str, Any]:
    """All that is kept of the owner of a subscription: every subscription of the address, its digests with the
    changes they carried, its mails and what came back. Raises UsageError."""
    with database.read() as session:
        address, ids = _of_owner(session, subscription_id)
        return {
            "address": address,
            "subscriptions": [_subscription(session, session.get_one(rows.Subscription, one)) for one in ids],
        }


def erase(database: Database, subscription_id: int) -> int:
    """Erase all that is kept of the owner of a subscription, and tell how many subscriptions that were.
    Raises UsageError."""
    with database.write() as session:
        _, ids = _of_owner(session, subscription_id)
        session.execute(
            select(rows.Subscription.id)
            .where(rows.Subscription.id.in_(ids))
            .order_by(rows.Subscription.id)
            .with_for_update()
        )
        _erase(session, ids)
        return len(ids)


def tidy(database: Database, now: dt.datetime) -> int:
    """Erase requests that nobody confirmed, subscriptions that ended a while ago, and letters that can't come back;
    tells how many subscriptions. For a regular run, once a day."""
    unconfirmed = (rows.Subscription.state == PENDING) & (
        rows.Subscription.created_at < now - UNCONFIRMED_FOR
    )
    ended = (rows.Subscription.state == ENDED) & (rows.Subscription.ended_at < now - ENDED_FOR)
    with database.write() as session:
        ids = session.scalars(
            select(rows.Subscription.id)
            .where(unconfirmed | ended)
            .order_by(rows.Subscription.id)
            .with_for_update()
        ).all()
        _erase(session, ids)
        waiting = select(rows.Delivery.letter_id).where(
            rows.Delivery.letter_id.is_not(None), rows.Delivery.state == WAITING
        )
        old = select(rows.Letter.id).where(
            rows.Letter.created_at < now - LETTERS_FOR, rows.Letter.id.not_in(waiting)
        )
        session.execute(
            update(rows.Delivery)
            .where(rows.Delivery.letter_id.in_(old))
            .values(letter_id=None)
            .execution_options(synchronize_session=False)
        )
        still = select(rows.Delivery.letter_id).where(rows.Delivery.letter_id.is_not(None))
        session.execute(
            delete(rows.Letter)
            .where(rows.Letter.created_at < now - LETTERS_FOR, rows.Letter.id.not_in(still))
            .execution_options(synchronize_session=False)
        )
        return len(ids)


def _of_owner(session: Session, subscription_id: int) -> tuple[str, Sequence[int]]:
    address = session.scalar(select(rows.Subscription.address).where(rows.Subscription.id == subscription_id))
    if address is None:
        raise UsageError(f"no subscription {subscription_id}; `yaodian subscriptions list` names them all")
    query = select(rows.Subscription.id).where(rows.Subscription.address == address)
    return address, session.scalars(query.order_by(rows.Subscription.id)).all()


def _subscription(session: Session, subscription: rows.Subscription) -> dict[str, Any]:
    digests = session.scalars(
        select(rows.Digest).where(rows.Digest.subscription_id == subscription.id).order_by(rows.Digest.id)
    )
    deliveries = session.scalars(
        select(rows.Delivery)
        .where(rows.Delivery.subscription_id == subscription.id)
        .order_by(rows.Delivery.id)
    )
    bounces = session.scalars(
        select(rows.Bounce).where(rows.Bounce.subscription_id == subscription.id).order_by(rows.Bounce.id)
    )
    return {
        "id": subscription.id,
        "state": subscription.state,
        "reason": subscription.reason,
        "filter": subscription.filter,
        "rhythm": subscription.rhythm,
        "language": subscription.language,
        "created_at": iso(subscription.created_at),
        "confirmed_at": iso(subscription.confirmed_at),
        "ended_at": iso(subscription.ended_at),
        "next_due_at": iso(subscription.next_due_at),
        "digests": [
            {
                "id": digest.id,
                "created_at": iso(digest.created_at),
                "changes": session.scalars(
                    select(rows.DigestChange.change_id)
                    .where(rows.DigestChange.digest_id == digest.id)
                    .order_by(rows.DigestChange.change_id)
                ).all(),
            }
            for digest in digests
        ],
        "deliveries": [outbox.shape(one) for one in deliveries],
        "bounces": [
            {"at": iso(one.at), "status": one.status, "detail": one.detail, "reported": one.reported}
            for one in bounces
        ],
    }


def _erase(session: Session, ids: Sequence[int]) -> None:
    theirs = rows.Delivery.subscription_id.in_(ids)
    letters = session.scalars(
        select(rows.Delivery.letter_id).where(theirs, rows.Delivery.letter_id.is_not(None)).distinct()
    ).all()
    for table in (rows.Bounce, rows.DigestChange):
        session.execute(delete(table).where(table.subscription_id.in_(ids)))
    session.execute(delete(rows.Delivery).where(theirs))
    session.execute(delete(rows.Digest).where(rows.Digest.subscription_id.in_(ids)))
    session.execute(delete(rows.Subscription).where(rows.Subscription.id.in_(ids)))
    still = select(rows.Delivery.letter_id).where(rows.Delivery.letter_id.is_not(None))
    session.execute(delete(rows.Letter).where(rows.Letter.id.in_(letters), rows.Letter.id.not_in(still)))
