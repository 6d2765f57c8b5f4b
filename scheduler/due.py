"""When a source that was crawled is due again: pure functions of the schedule and of moments; and one query."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger
from sqlalchemy import select

from crawler.sources.schema import Schedule, Source, cron_trigger
from store import models as rows
from store.agenda import is_due
from store.database import Database

# A cron expression such as 30 February never comes; it is asked again in a year rather than at once.
NEVER = dt.timedelta(days=366)


def next_due(source: Source, crawled_at: dt.datetime, timezone: str) -> dt.datetime:
    """The first moment after a crawl at which the source's schedule wants the next; `timezone` where it names none."""
    schedule = source.schedule
    zone = ZoneInfo(schedule.timezone or timezone)
    wanted = waking(schedule, following(schedule, crawled_at, zone.key), zone)
    return waking(schedule, wanted + schedule.spread() * _chance(source.id, crawled_at), zone)


def sane_due(source: Source, noted: dt.datetime, now: dt.datetime, timezone: str) -> dt.datetime:
    """`noted`, unless the clock must have been ahead when that was noted: then what the schedule says from now on."""
    first = next_due(source, now, timezone)
    return noted if noted <= next_due(source, first, timezone) + source.schedule.spread() else first


def sane(schedule: Schedule, noted: dt.datetime, now: dt.datetime, timezone: str) -> dt.datetime:
    """The same, regardless of jitter and quiet hours. Two turns are allowed: a clock that is set back by some hours
    repeats no day's run, and one that was far ahead makes nothing rest for long."""
    first = following(schedule, now, timezone)
    return noted if noted <= following(schedule, first, timezone) else first


def waking(schedule: Schedule, moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The moment itself, or the end of the quiet hours in which it lies."""
    hours = schedule.quiet_hours()
    if hours is None:
        return moment
    begin, end = hours
    local = moment.astimezone(zone)
    time = local.time()
    is_quiet = begin <= time < end if begin < end else time >= begin or time < end
    if not is_quiet:
        return moment
    day = local.date() + dt.timedelta(days=1 if begin > end and time >= begin else 0)
    # A time that the clocks skip or show twice is there when it is surely past.
    ends = dt.datetime.combine(day, end, zone)
    return max(ends.replace(fold=fold).astimezone(dt.UTC) for fold in (0, 1))


def is_quiet(source: Source, now: dt.datetime, timezone: str) -> bool:
    zone = ZoneInfo(source.schedule.timezone or timezone)
    return waking(source.schedule, now, zone) > now


def following(schedule: Schedule, after: dt.datetime, timezone: str) -> dt.datetime:
    """The first moment after another that a schedule names, regardless of jitter and quiet hours."""
    if schedule.cron is None:
        return after + schedule.interval()
    trigger = cron_trigger(schedule.cron, timezone)
    moment = _next(trigger, after)
    # When clocks are set back an hour comes twice: what names its hours runs in the first, as cron(8) does.
    while moment is not None and moment.fold and not schedule.cron.split()[1].startswith("*"):
        moment = _next(trigger, moment)
    return after + NEVER if moment is None else moment.astimezone(dt.UTC)


def _next(trigger: CronTrigger, after: dt.datetime) -> dt.datetime | None:
    # In UTC: adding to a time that comes twice leads Python back to its first coming.
    at = after.astimezone(dt.UTC)
    moment: dt.datetime | None = trigger.get_next_fire_time(at, at + dt.timedelta(seconds=1))
    return moment


def _chance(source_id: str, at: dt.datetime) -> float:
    """From 0 to 1, other for each source and crawl, and the same whenever it is asked."""
    digest = hashlib.sha256(f"{source_id} {at.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:6]) / (1 << 48)


def due(sources: Iterable[Source], database: Database, now: dt.datetime) -> list[Source]:
    """Those of the sources of which listings or known documents are to be looked at, and those never crawled."""
    with database.read() as session:
        known = set(session.scalars(select(rows.Source.id)))
        waiting = known.difference(session.scalars(select(rows.Source.id).where(is_due(now))))
    return [source for source in sources if source.id not in waiting]
