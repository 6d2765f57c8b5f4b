"""What is refused, and mail that comes back: tried again a few times, counted for each subscription, which is paused
when it happens again and again."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from notify.outbox import REFUSED, SENT, WAITING
from notify.parcels import Answer
from notify.subscriptions import ACTIVE, PAUSED
from store import models as rows

MOST = 3
WITHIN = dt.timedelta(days=30)
# A refusal may be a server's mistake of an hour; after these two it is believed.
AGAIN_AFTER = (dt.timedelta(hours=6), dt.timedelta(hours=24))


def refuse(
    session: Session, delivery: rows.Delivery, answer: Answer, now: dt.datetime, *, reported: bool = False
) -> None:
    """A delivery was refused as it was handed over, or came back later (`reported`). A digest's changes are never let
    go: it is tried again, or waits until its paused subscription goes on. A letter that somebody asked for is not
    pressed on an address that refuses it."""
    delivery.refusals += 1
    delivery.last_error, delivery.sent_at = answer.said, None
    if delivery.kind == "digest" and delivery.refusals <= len(AGAIN_AFTER):
        delivery.state, delivery.due_at = WAITING, now + AGAIN_AFTER[delivery.refusals - 1]
    else:
        give_up(delivery, REFUSED)
    if answer.is_bounce:
        _record(session, delivery, answer, now, reported)


def give_up(delivery: rows.Delivery, state: str) -> None:
    delivery.state = state
    if delivery.kind == "digest":
        _pause(delivery.subscription, f"mail can't be delivered: {delivery.last_error}")


def _record(
    session: Session, delivery: rows.Delivery, answer: Answer, now: dt.datetime, reported: bool
) -> None:
    """One more for the delivery's subscription. What was refused first and taken later was no bounce."""
    subscription = delivery.subscription
    if subscription is None:
        return
    session.add(
        rows.Bounce(
            subscription_id=subscription.id,
            delivery_id=delivery.id,
            at=now,
            reported=reported,
            status=answer.status,
            detail=answer.said,
        )
    )
    session.flush()
    query = (
        select(func.count())
        .select_from(rows.Bounce)
        .join(rows.Delivery, rows.Delivery.id == rows.Bounce.delivery_id)
        .where(
            rows.Bounce.subscription_id == subscription.id,
            rows.Bounce.at > now - WITHIN,
            or_(rows.Bounce.reported, rows.Delivery.state != SENT),
        )
    )
    if (session.scalar(query) or 0) >= MOST:
        _pause(subscription, f"mail comes back: {answer.said}")


def _pause(subscription: rows.Subscription | None, reason: str) -> None:
    if subscription is not None and subscription.state == ACTIVE:
        subscription.state, subscription.reason = PAUSED, reason
