"""Regular work beside the crawls: digests, a look at our own health, tidying up, verifying the archive. Each is a command of `yaodian`."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import exists, func, select

from crawler.sources.schema import Schedule
from notify.outbox import WAITING
from notify.subscriptions import ACTIVE
from store import models as rows
from store.agenda import DIGESTS
from store.database import Database

MEMORY = 1 << 30


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    words: tuple[str, ...]
    schedule: Schedule
    wall_s: float = 6 * 3600.0


CHORES = (
    Chore(DIGESTS, ("digest", "send", "--due"), Schedule(every="1m")),
    Chore("health", ("doctor", "--tell"), Schedule(cron="15 * * * *")),
    Chore("tidy", ("tidy",), Schedule(cron="30 3 * * *")),
    Chore("verify", ("verify", "--share"), Schedule(cron="30 4 * * *")),
)


class Mail:
    """Whether sending digests is worth a process of its own at a moment. Not a promise: every quarter of an hour it is,
    whatever the rows say."""

    ANYWAY = dt.timedelta(minutes=15)

    def __init__(self, database: Database) -> None:
        self.database = database
        self._newest: int | None = None
        self._last: dt.datetime | None = None

    def is_worth_it(self, now: dt.datetime) -> bool:
        """Digests are due, mails wait, or something changed that who subscribed to be told at once may want."""
        subscription, delivery = rows.Subscription, rows.Delivery
        active = subscription.state == ACTIVE
        at_once = subscription.rhythm["every"].as_string() == "instant"
        with self.database.read() as session:
            newest = session.scalar(select(func.max(rows.Change.id)))
            is_due = session.scalar(select(exists().where(active, ~at_once, subscription.next_due_at <= now)))
            is_waiting = session.scalar(
                select(exists().where(delivery.state == WAITING, delivery.due_at <= now))
            )
            is_news = newest != self._newest and session.scalar(select(exists().where(active, at_once)))
        self._newest = newest
        is_long = self._last is None or not dt.timedelta() <= now - self._last < self.ANYWAY
        worth = bool(is_due or is_waiting or is_news or is_long)
        if worth:
            self._last = now
        return worth
