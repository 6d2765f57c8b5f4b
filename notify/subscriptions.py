"""Subscriptions: an address, a filter, a rhythm. Checked when they are made, so that sending never meets a bad one."""

from __future__ import annotations

import datetime as dt
import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from apscheduler.triggers.cron import CronTrigger
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from sqlalchemy import select

from notify.filters import Filter
from store import models as rows
from store.database import Database
from store.errors import UsageError, WrongUse

Every = Literal["instant", "daily", "weekly", "monthly"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PENDING, ACTIVE = "pending", "active"


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
        if self.every == "monthly" and not re.fullmatch(r"|[1-9]|1\d|2[0-8]", self.on):
            raise ValueError(f"on: {self.on!r} is no day that every month has; write 1 to 28")
        if self.every in ("instant", "daily") and self.on:
            raise ValueError(f"on: {self.on!r} means nothing to an {self.every} digest; leave it out")
        return self

    def next(self, after: dt.datetime) -> dt.datetime:
        """The first moment after a given one at which a digest is due, in UTC."""
        if self.every == "instant":
            return after
        hour, minute = self.at.split(":")
        day = {"weekly": {"day_of_week": self.on or "mon"}, "monthly": {"day": self.on or "1"}}.get(
            self.every, {}
        )
        trigger = CronTrigger(hour=hour, minute=minute, timezone=ZoneInfo(self.timezone), **day)
        moment: dt.datetime = trigger.get_next_fire_time(after, after)
        return moment.astimezone(dt.UTC)


def checked_address(text: str) -> str:
    """A mail address that can stand in a header, its domain as DNS knows it. Raises WrongUse."""
    try:
        if re.search(r"[\s,;<>\x00-\x1f]", text):
            raise ValueError("white space or a separator stands in it")
        address = Address(addr_spec=text)
        if "." not in address.domain.strip("."):
            raise ValueError("its domain is missing or has no dot")
        domain = address.domain.encode("idna").decode("ascii")
    except (ValueError, IndexError, HeaderParseError) as error:
        raise WrongUse(f"{text!r} is no mail address: {error}; write such as name@example.org") from error
    return f"{address.username}@{domain}"


def subscribe(
    database: Database, address: str, wanted: Filter, rhythm: Rhythm, now: dt.datetime
) -> rows.Subscription:
    """A subscription that waits for its owner's word; nothing is sent before."""
    with database.write() as session:
        subscription = rows.Subscription(
            address=checked_address(address),
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
