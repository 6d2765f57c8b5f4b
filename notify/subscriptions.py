"""Subscriptions: an address, a filter, a rhythm. Checked when they are made, so that sending never meets a bad one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from notify import channels, outbox
from notify.addresses import mailbox
from notify.filters import Filter
from notify.tokens import Reference
from store import models as rows
from store.database import Database
from store.errors import BadLink, UsageError, WrongUse
from store.shapes import iso
from store.zones import timezones

Every = Literal["instant", "daily", "weekly", "monthly"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PENDING, ACTIVE, PAUSED, ENDED = "pending", "active", "paused", "ended"


LONGEST = dt.timedelta(days=32)
"""From one digest to the next, however rare."""


class Rhythm(BaseModel):
    """When a digest is made: `on` a weekday or a day of the month, `at` an hour of the time zone; `always` when there
    is nothing to report, too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: Every = "weekly"
    on: str = ""
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "08:00"
    timezone: str = "Asia/Shanghai"
    always: bool = False

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.timezone not in timezones():
            raise ValueError(f"timezone: {self.timezone!r} is unknown; write such as Asia/Shanghai")
        if self.every == "weekly" and self.on not in ("", *WEEKDAYS):
            raise ValueError(f"on: {self.on!r} is no weekday; write one of {', '.join(WEEKDAYS)}")
        if self.every == "monthly" and not re.fullmatch(r"|last|[1-9]|1\d|2[0-8]", self.on):
            raise ValueError(f"on: {self.on!r} is no day that every month has; write 1 to 28, or last")
        if self.every in ("instant", "daily") and self.on:
            raise ValueError(f"on: {self.on!r} means nothing to an {self.every} digest; leave it out")
        return self

    @property
    def tells_of_silence(self) -> bool:
        """An instant digest has no moment at which there could be nothing to report."""
        return self.always and self.every != "instant"

    def next(self, after: dt.datetime) -> dt.datetime:
        """The first moment after a given one at which a digest is due, in UTC."""
        if self.every == "instant":
            return after
        zone = ZoneInfo(self.timezone)
        hour, minute = map(int, self.at.split(":"))
        day = after.astimezone(zone).date()
        while True:
            # An hour that the clocks skip counts as one later; of one that they repeat the first is meant.
            moment = dt.datetime.combine(day, dt.time(hour, minute), zone).astimezone(dt.UTC)
            if moment > after and self._is_on(day):
                return moment
            day += dt.timedelta(days=1)

    def _is_on(self, day: dt.date) -> bool:
        if self.every == "weekly":
            return WEEKDAYS[day.weekday()] == (self.on or "mon")
        if self.every == "monthly":
            return (
                (day + dt.timedelta(days=1)).day == 1 if self.on == "last" else day.day == int(self.on or "1")
            )
        return True


def subscribe(
    database: Database, address: str, wanted: Filter, rhythm: Rhythm, now: dt.datetime
) -> rows.Subscription:
    """A subscription that waits for its owner's word; nothing is sent before, and nobody is asked: that is
    `notify.requests`."""
    address = channels.checked(address)
    with database.write() as session:
        subscription = added(session, address, wanted, rhythm, "zh", now)
        session.expunge(subscription)
        return subscription


def added(
    session: Session, address: str, wanted: Filter, rhythm: Rhythm, language: str, now: dt.datetime
) -> rows.Subscription:
    """A new row, as part of the caller's transaction; the address is a checked one."""
    subscription = rows.Subscription(
        address=address,
        mailbox=mailbox(address),
        filter=wanted.model_dump(mode="json"),
        rhythm=rhythm.model_dump(mode="json"),
        language=language,
        created_at=now,
        state=PENDING,
    )
    session.add(subscription)
    session.flush()
    return subscription


def confirm(database: Database, subscription_id: int, now: dt.datetime) -> rows.Subscription:
    """The owner wants it: from now on changes are reported. Confirming twice changes nothing."""
    with _held(database, subscription_id) as (session, subscription):
        if subscription.state == ENDED:
            raise UsageError(f"subscription {subscription_id} is ended; subscribe the address once more")
        if subscription.state == PENDING:
            subscription.state, subscription.confirmed_at = ACTIVE, now
            subscription.next_due_at = Rhythm.model_validate(subscription.rhythm).next(now)
            # The letter that asks for this, if it still waits, would ask for what is done.
            _drop(session, subscription, rows.Delivery.kind == "confirmation")
        return subscription


def change(
    database: Database,
    subscription_id: int,
    now: dt.datetime,
    *,
    wanted: Filter | None = None,
    rhythm: Rhythm | None = None,
    language: str | None = None,
) -> rows.Subscription:
    """What is given holds from the next digest on; that one tells what the new filter wants, and no digest told yet."""
    with _held(database, subscription_id) as (_, subscription):
        if wanted is not None:
            subscription.filter = wanted.model_dump(mode="json")
            subscription.told_at = None  # what the old filter left out, the new one may want
        if rhythm is not None:
            subscription.rhythm = rhythm.model_dump(mode="json")
            if subscription.state == ACTIVE:
                subscription.next_due_at = rhythm.next(now)
        if language is not None:
            subscription.language = language
        return subscription


def pause(database: Database, subscription_id: int, reason: str) -> rows.Subscription:
    """No digest until it is resumed; the one that comes then tells everything since. `reason` is who wanted it."""
    with _held(database, subscription_id) as (_, subscription):
        if subscription.state not in (ACTIVE, PAUSED):
            raise UsageError(
                f"subscription {subscription_id} is {subscription.state}; there is nothing to pause"
            )
        if subscription.state == ACTIVE:
            subscription.state, subscription.reason = PAUSED, reason
        return subscription


def resume(database: Database, subscription_id: int, now: dt.datetime) -> rows.Subscription:
    """Digests go on, and what could not be delivered is tried again, the same mails. Bounces are forgotten."""
    with _held(database, subscription_id) as (session, subscription):
        if subscription.state not in (ACTIVE, PAUSED):
            raise UsageError(
                f"subscription {subscription_id} is {subscription.state}; there is nothing to resume"
            )
        if subscription.state == PAUSED:
            subscription.state, subscription.reason = ACTIVE, None
            subscription.next_due_at = Rhythm.model_validate(subscription.rhythm).next(now)
            session.execute(delete(rows.Bounce).where(rows.Bounce.subscription_id == subscription.id))
            session.execute(
                update(rows.Delivery)
                .where(
                    rows.Delivery.subscription_id == subscription.id,
                    rows.Delivery.kind == "digest",
                    rows.Delivery.state.in_((outbox.REFUSED, outbox.ABANDONED)),
                )
                .values(state=outbox.WAITING, due_at=now, attempts=0, refusals=0)
            )
        return subscription


def forget_ahead(database: Database, now: dt.datetime) -> None:
    """What only a clock that was ahead can have noted: a digest due later than the longest rhythm wants it, one that
    was told in the future, so that what comes until then would never be told, a mail put off for longer than any is."""
    subscription, delivery = rows.Subscription, rows.Delivery
    with database.write() as session:
        far = select(subscription).where(subscription.next_due_at > now + LONGEST)
        for row in session.scalars(far.with_for_update()):
            row.next_due_at = Rhythm.model_validate(row.rhythm).next(now)
        session.execute(update(subscription).where(subscription.told_at > now).values(told_at=None))
        session.execute(update(subscription).where(subscription.confirmed_at > now).values(confirmed_at=now))
        put_off = delivery.due_at > now + outbox.LONGEST_WAIT
        session.execute(update(delivery).where(delivery.state == outbox.WAITING, put_off).values(due_at=now))


def unsubscribe(database: Database, subscription_id: int, now: dt.datetime) -> rows.Subscription:
    """No more mail, at once and without a question. Doing it twice changes nothing."""
    with _held(database, subscription_id) as (session, subscription):
        if subscription.state != ENDED:
            subscription.state, subscription.reason, subscription.ended_at = ENDED, None, now
            subscription.next_due_at = None
            _drop(session, subscription)
        return subscription


def of_link(database: Database, reference: Reference) -> rows.Subscription:
    """The subscription that a link out of a mail is about. Raises BadLink when it is no more."""
    with database.read() as session:
        subscription = session.get(rows.Subscription, reference.id)
        if subscription is None or subscription.created_at != reference.started:
            raise BadLink("this subscription is no more; everything about it has been erased")
        session.expunge(subscription)
        return subscription


def get(database: Database, subscription_id: int) -> rows.Subscription:
    """Raises UsageError."""
    with _held(database, subscription_id) as (_, subscription):
        return subscription


def deliveries(database: Database, subscription_id: int, most: int = 20) -> list[dict[str, Any]]:
    """How the last attempts to reach the owner went, the newest first."""
    query = (
        select(rows.Delivery)
        .where(rows.Delivery.subscription_id == subscription_id)
        .order_by(rows.Delivery.id.desc())
        .limit(most)
    )
    with database.read() as session:
        return [outbox.shape(delivery) for delivery in session.scalars(query)]


def unreachable(session: Session, *, allow_private: bool) -> list[rows.Subscription]:
    """Return chat and webhook subscriptions whose address is no longer accepted for sending.

    An older version may have stored such addresses.
    """
    query = (
        select(rows.Subscription)
        .where(rows.Subscription.state != ENDED, rows.Subscription.address.contains("://"))
        .order_by(rows.Subscription.id)
    )
    return [one for one in session.scalars(query) if not _is_right(one.address, allow_private)]


def _is_right(address: str, allow_private: bool) -> bool:
    try:
        channels.checked(address, allow_private=allow_private)
    except WrongUse:
        return False
    return True


@contextmanager
def _held(database: Database, subscription_id: int) -> Iterator[tuple[Session, rows.Subscription]]:
    """A subscription that is ours until the end, and can be read afterwards. Raises UsageError."""
    with database.write() as session:
        subscription = session.get(rows.Subscription, subscription_id, with_for_update=True)
        if subscription is None:
            raise UsageError(
                f"no subscription {subscription_id}; `yaodian subscriptions list` names them all"
            )
        yield session, subscription
        session.flush()
        session.refresh(subscription)
        session.expunge(subscription)


def _drop(
    session: Session, subscription: rows.Subscription, which: ColumnElement[bool] | None = None
) -> None:
    query = update(rows.Delivery).where(
        rows.Delivery.subscription_id == subscription.id, rows.Delivery.state == outbox.WAITING
    )
    session.execute((query if which is None else query.where(which)).values(state=outbox.DROPPED))


def every(database: Database, *, ended: bool = False) -> list[rows.Subscription]:
    """All subscriptions by their numbers; those that have ended only if they are asked for."""
    query = select(rows.Subscription).order_by(rows.Subscription.id)
    if not ended:
        query = query.where(rows.Subscription.state != ENDED)
    with database.read() as session:
        found = list(session.scalars(query))
        session.expunge_all()
        return found


def shape(subscription: rows.Subscription) -> dict[str, Any]:
    """A subscription as JSON."""
    return {
        "id": subscription.id,
        "address": channels.shown(subscription.address),
        "state": subscription.state,
        "reason": subscription.reason,
        "language": subscription.language,
        "rhythm": subscription.rhythm,
        "filter": subscription.filter,
        "created_at": iso(subscription.created_at),
        "confirmed_at": iso(subscription.confirmed_at),
        "next_due_at": iso(subscription.next_due_at),
    }


def told(error: ValidationError) -> str:
    """What is wrong with a filter or a rhythm, in one line."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "string_pattern_mismatch":
        message = f"{first['input']!r} is no time of day; write such as 08:00"
    return f"{place}: {message}" if place else message
