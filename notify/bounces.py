"""Mail that comes back: counted for each subscription, which is paused when it happens again and again."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from notify.outbox import SENT
from notify.subscriptions import ACTIVE, PAUSED
from store import models as rows

MOST = 3
WITHIN = dt.timedelta(days=30)


def record(
    session: Session, delivery: rows.Delivery, status: str, detail: str, now: dt.datetime, *, reported: bool
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
            status=status,
            detail=detail,
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
        pause(subscription, f"mail comes back: {detail}")


def pause(subscription: rows.Subscription, reason: str) -> None:
    if subscription.state == ACTIVE:
        subscription.state, subscription.reason = PAUSED, reason
