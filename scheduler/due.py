"""Which sources are due, and when a source that was crawled is due again. Pure but for one query."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import select

from crawler.sources.schema import Source, cron_trigger
from store import models as rows
from store.database import Database


def next_due(source: Source, crawled_at: dt.datetime, timezone: str) -> dt.datetime:
    """The first moment after a crawl at which the source's schedule wants the next."""
    if source.schedule.cron is None:
        return crawled_at + source.schedule.interval()
    trigger = cron_trigger(source.schedule.cron, timezone)
    following = trigger.get_next_fire_time(crawled_at, crawled_at + dt.timedelta(seconds=1))
    # A cron expression such as 30 February never comes; it is asked again in a year rather than at once.
    return following.astimezone(dt.UTC) if following else crawled_at + dt.timedelta(days=366)


def due(sources: Iterable[Source], database: Database, now: dt.datetime) -> list[Source]:
    """Those of the sources whose time has come, and those that were never crawled."""
    with database.read() as session:
        waiting = set(session.scalars(select(rows.Source.id).where(rows.Source.next_due_at > now)))
    return [source for source in sources if source.id not in waiting]
