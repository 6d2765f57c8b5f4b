"""Subscriptions: an address, a filter, a rhythm. Checked when they are made, so that sending never meets a bad one."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import select

from notify import channels
from notify.addresses import mailbox
from notify.filters import Filter
from store import models as rows
from store.database import Database
from store.errors import UsageError

Every = Literal["instant", "daily", "weekly", "monthly"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PENDING, ACTIVE, PAUSED, ENDED = "pending", "active", "paused", "ended"


class Rhythm(BaseModel):
    """When a digest is made: `on` a weekday or a day of the month, `at` an hour of the time zone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    every: Every = "weekly"
    on: str = ""
    at: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = "08:00"
    timezone: str = "Asia/Shanghai"

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        if self.timezone not in available_timezones():
            raise ValueError(f"timezone: {self.timezone!r} is unknown; write such as Asia/Shanghai")
        if self.every == "weekly" and self.on not in ("", *WEEKDAYS):
            raise ValueError(f"on: {self.on!r} is no weekday; write one of {', '.join(WEEKDAYS)}")
        if self.every == "monthly" and not re.fullmatch(r"|last|[1-9]|1\d|2[0-8]", self.on):
            raise ValueError(f"on: {self.on!r} is no day that every month has; write 1 to 28, or last")
        if self.every in ("instant", "daily") and self.on:
            raise ValueError(f"on: {self.on!r} means nothing to an {self.every} digest; leave it out")
        return self

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
    """A subscription that waits for its owner's word; nothing is sent before."""
    address = channels.checked(address)
    with database.write() as session:
        subscription = rows.Subscription(
            address=address,
            mailbox=mailbox(address),
            filter=wanted.model_dump(mode="json"),
            rhythm=rhythm.model_dump(mode="json"),
            created_at=now,
            state=PENDING,
        )
        session.add(subscription)
        session.flush()
        session.expunge(subscription)
        return subscription


def confirm(database: Database, subscription_id: int, now: dt.datetime) -> rows.Subscription:
    """The owner wants it: from now on changes are reported. Confirming twice changes nothing."""
    with database.write() as session:
        subscription = session.get(rows.Subscription, subscription_id, with_for_update=True)
        if subscription is None:
            raise UsageError(
                f"no subscription {subscription_id}; `yaodian subscriptions list` names them all"
            )
        if subscription.state == PENDING:
            subscription.state, subscription.confirmed_at = ACTIVE, now
            subscription.next_due_at = Rhythm.model_validate(subscription.rhythm).next(now)
        session.flush()
        session.refresh(subscription)
        session.expunge(subscription)
        return subscription


def every(database: Database) -> list[rows.Subscription]:
    with database.read() as session:
        found = list(session.scalars(select(rows.Subscription).order_by(rows.Subscription.id)))
        session.expunge_all()
        return found


def told(error: ValidationError) -> str:
    """What is wrong with a filter or a rhythm, in one line."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "string_pattern_mismatch":
        message = f"{first['input']!r} is no time of day; write such as 08:00"
    return f"{place}: {message}" if place else message
