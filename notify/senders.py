"""Taking deliveries out of the outbox, by several senders at once, and noting what became of each.

What a killed sender held is free again at once: a sender is a lock that ends with its process, not a time that has
to run out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any, Self

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session

from notify import bounces
from notify.limits import Limits
from notify.outbox import ABANDONED, SENT, WAITING
from notify.parcels import Answer, Noted, Parcel
from notify.subscriptions import ACTIVE
from store import models as rows
from store.database import Database
from store.errors import OperatorError
from store.locks import Claims

MOST_SENDERS = 32
BATCH = 50

_MINUTE, _HOUR = dt.timedelta(minutes=1), dt.timedelta(hours=1)
# RFC 5321, 4.5.4.1: again within half an hour at first, and for four to five days.
LATER = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, *(8 * _HOUR,) * 13)


class Sender:
    """One of the processes that hand over at the same time; each has a number while it lives.

    `with Sender(database, limits) as sender` raises OperatorError when there are too many.
    """

    def __init__(self, database: Database, limits: Limits) -> None:
        self.database, self.limits = database, limits
        self._claims = Claims(database)
        self.number = 0

    def __enter__(self) -> Self:
        self._claims.__enter__()
        for number in range(1, MOST_SENDERS + 1):
            if self._claims.take(f"sender-{number}"):
                self.number = number
                self._release(number)
                self._release_the_dead()
                return self
        self._claims.__exit__(None, None, None)
        raise OperatorError(f"{MOST_SENDERS} senders are at work already; let some of them end first")

    def __exit__(self, *error: Any) -> None:
        try:
            self._release(self.number)
        finally:
            self._claims.__exit__(*error)

    def take(self, now: dt.datetime, closed: Collection[str] = ()) -> list[Parcel]:
        """The next that are due and that their provider has room for; ours until they are answered or we end.
        `closed` names channels that can't be used."""
        with self.database.write() as session:
            full, room = self._room(session, now)
            query = (
                select(rows.Delivery.id, rows.Delivery.provider)
                .outerjoin(rows.Delivery.subscription)
                .where(_free(now), rows.Delivery.provider.not_in(full), rows.Delivery.channel.not_in(closed))
                .order_by(rows.Delivery.due_at, rows.Delivery.id)
                .limit(BATCH)
                .with_for_update(of=rows.Delivery, skip_locked=True)
            )
            ours = []
            for delivery_id, provider in session.execute(query).all():
                if provider in room:
                    if room[provider] <= 0:
                        continue
                    room[provider] -= 1
                ours.append(delivery_id)
            if not ours:
                return []
            session.execute(
                update(rows.Delivery).where(rows.Delivery.id.in_(ours)).values(holder=self.number)
            )
            return _parcels(session, ours)

    def is_crowded(self, now: dt.datetime, closed: Collection[str] = ()) -> bool:
        """Whether some that are due wait only until their provider has room."""
        query = (
            select(rows.Delivery.id)
            .outerjoin(rows.Delivery.subscription)
            .where(_free(now), rows.Delivery.channel.not_in(closed))
        )
        with self.database.read() as session:
            return bool(self.limits) and session.scalars(query.limit(1)).first() is not None

    def note(self, parcel: Parcel, answer: Answer, now: dt.datetime) -> Noted:
        """Write down what became of it."""
        with self.database.write() as session:
            delivery = session.get(rows.Delivery, parcel.id, with_for_update=True)
            if delivery is None:
                # Erased while it was on its way.
                return Noted(answer.verdict)
            delivery.holder = None
            delivery.attempts += 1
            delivery.fault = answer.fault or None
            if answer.verdict == "sent":
                delivery.state, delivery.sent_at, delivery.last_error = SENT, now, None
                return Noted(SENT)
            if answer.verdict == "refused":
                bounces.refuse(session, delivery, answer, now)
            else:
                _put_off(delivery, answer, now)
            return Noted(delivery.state, delivery.due_at if delivery.state == WAITING else None)

    def put_back(self, parcel: Parcel) -> None:
        """It could not even be tried; nothing is counted."""
        with self.database.write() as session:
            session.execute(
                update(rows.Delivery)
                .where(rows.Delivery.id == parcel.id, rows.Delivery.holder == self.number)
                .values(holder=None)
            )

    def _room(self, session: Session, now: dt.datetime) -> tuple[list[str], dict[str, int]]:
        """The providers that have no room, and how much those have that are limited."""
        if not self.limits:
            return [], {}
        waiting = session.scalars(
            select(rows.Delivery.provider)
            .where(rows.Delivery.state == WAITING, rows.Delivery.due_at <= now)
            .distinct()
        ).all()
        found = {provider: self.limits.room(session, provider, now) for provider in waiting}
        room = {provider: n for provider, n in found.items() if n is not None}
        return [provider for provider, n in room.items() if n == 0], room

    def _release_the_dead(self) -> None:
        """Free what senders held that are no more."""
        query = select(rows.Delivery.holder).where(rows.Delivery.holder.is_not(None)).distinct()
        with self.database.read() as session:
            held = session.scalars(query).all()
        for number in held:
            if number != self.number and self._claims.take(f"sender-{number}"):
                self._release(number)
                self._claims.release(f"sender-{number}")

    def _release(self, number: int | None) -> None:
        with self.database.write() as session:
            session.execute(update(rows.Delivery).where(rows.Delivery.holder == number).values(holder=None))


def _put_off(delivery: rows.Delivery, answer: Answer, now: dt.datetime) -> None:
    delivery.last_error = answer.said
    tried = delivery.attempts - delivery.refusals
    if tried <= len(LATER):
        delivery.due_at = now + LATER[tried - 1]
    else:
        bounces.give_up(delivery, ABANDONED)


def _free(now: dt.datetime) -> ColumnElement[bool]:
    """Due, held by nobody, and for a reader who may be written to: a paused one's digests wait."""
    return and_(
        rows.Delivery.state == WAITING,
        rows.Delivery.holder.is_(None),
        rows.Delivery.due_at <= now,
        or_(rows.Delivery.kind != "digest", rows.Subscription.state == ACTIVE),
    )


def _parcels(session: Session, ids: list[int]) -> list[Parcel]:
    changes = (
        select(func.count())
        .where(rows.DigestChange.digest_id == rows.Delivery.digest_id)
        .correlate(rows.Delivery)
        .scalar_subquery()
    )
    query = (
        select(rows.Delivery, rows.Subscription.created_at, changes)
        .outerjoin(rows.Delivery.subscription)
        .where(rows.Delivery.id.in_(ids))
        .order_by(rows.Delivery.due_at, rows.Delivery.id)
    )
    return [
        Parcel(
            id=delivery.id,
            kind=delivery.kind,
            channel=delivery.channel,
            address=delivery.address,
            message_id=delivery.message_id,
            created_at=delivery.created_at,
            letter_id=delivery.letter_id or 0,
            subscription_id=delivery.subscription_id,
            started=started,
            changes=count,
        )
        for delivery, started, count in session.execute(query)
    ]
