"""What the schedules of `bench.month` want, worked out without the service: from the calendar and the machine's clock.

Each run that was begun is held against this reckoning, and what differs is said. The rules are those that
docs/operations.md promises:

- `cron` wants a run at each of its minutes that the clock shows. A minute that a zone's clocks skip is wanted an hour
  later, one that they show twice is wanted once, unless every hour is wanted.
- `every` wants one so long after the last one ended, up to `jitter` later, never in the `quiet` hours.
- What was missed, in a downtime or since the clock was set ahead, is made up once, at once.
- What was cut (its service was killed or stopped) is wanted anew: once the lease has run out, or at once.
- A clock set back repeats nothing, unless it was ahead by more than two turns of the schedule; then the schedule counts
  from now.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from zoneinfo import ZoneInfo

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
LEASE = 2 * MINUTE
KILLED, STOPPED = "killed", "stopped"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Job:
    """A schedule in the words of a source file. `is_new_due` says whether it is wanted at once when it is new."""

    name: str
    zone: str = "Asia/Shanghai"
    every: dt.timedelta | None = None
    cron: str = ""
    jitter: dt.timedelta = dt.timedelta()
    quiet: str = ""
    is_new_due: bool = True


@dataclass(slots=True)
class Ran:
    """One run on the true clock; `ended` is None while it goes on, `cut` when its service was stopped or killed."""

    began: dt.datetime
    ended: dt.datetime | None = None
    cut: str = ""


@dataclass(slots=True)
class Reckoned:
    """How often a job was wanted, how often of these as something missed or cut, and where its runs differ."""

    wanted: int = 0
    made_up: int = 0
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Times:
    """The true time from `begin` to `end`, looked at each `step`; hours of downtime, and the moments at which the
    clock is set with what is added to it."""

    begin: dt.datetime
    end: dt.datetime
    step: dt.timedelta
    down: tuple[tuple[dt.datetime, dt.datetime], ...] = ()
    sets: tuple[tuple[dt.datetime, dt.timedelta], ...] = ()

    def wall(self, true: dt.datetime) -> dt.datetime:
        """What the machine's clock shows."""
        return true + sum((by for at, by in self.sets if at <= true), dt.timedelta())

    def looks(self) -> Iterator[dt.datetime]:
        """The moments at which some service looks for what is due."""
        at = self.begin
        while at < self.end:
            if not any(since <= at < until for since, until in self.down):
                yield at
            at += self.step


def reckon(job: Job, runs: Sequence[Ran], times: Times) -> Reckoned:
    """Hold a job's runs against what it wants."""
    found, wanting = Reckoned(), _Wanting(job, times)
    # Up to which moment of the clock all that was wanted is done.
    served = None if job.is_new_due else times.wall(times.begin)
    since: dt.datetime | None = None  # wanted, and not begun
    free_at, before, remaining = times.begin, None, list(runs)
    for at in times.looks():
        shown = times.wall(at)
        ran = remaining.pop(0) if remaining and remaining[0].began <= at else None
        if at < free_at:
            if ran:
                found.differences.append(f"{job.name}: a run at {ran.began:%m-%d %H:%M} beside another")
            continue
        if served is not None:
            served = wanting.sane(served, shown)
        if since is None and wanting.must(served, shown):
            since = at
            found.wanted += 1
        if ran is None:
            if since is not None and at - since >= times.step + LEASE:
                found.differences.append(f"{job.name}: wanted since {since:%m-%d %H:%M}, and no run")
                since, served = None, shown
            continue
        if not wanting.may(served, shown):
            found.differences.append(f"{job.name}: a run at {ran.began:%m-%d %H:%M} that nothing wants")
        found.wanted += since is None
        found.made_up += before is not None and (bool(before.cut) or wanting.is_late(served, shown))
        since, before = None, ran
        if not ran.cut and ran.ended:
            served = times.wall(ran.ended)
        free_at = (ran.ended or times.end) + (LEASE if ran.cut == KILLED else dt.timedelta())
    return found


class _Wanting:
    """Whether something is wanted when the clock shows a moment, and all up to another one is done."""

    def __init__(self, job: Job, times: Times) -> None:
        self.job, self.zone, self.step = job, ZoneInfo(job.zone), times.step
        shown = [times.wall(at) for at in (times.begin, *(at for at, _ in times.sets), times.end)]
        self.moments = sorted(_moments(job, min(shown) - DAY, max(shown) + 4 * DAY)) if job.cron else []

    def may(self, served: dt.datetime | None, shown: dt.datetime) -> bool:
        return not self._is_quiet(shown) and (served is None or self._after(served) <= shown)

    def must(self, served: dt.datetime | None, shown: dt.datetime) -> bool:
        is_sure = served is None or self._after(served) + self.job.jitter <= shown
        return is_sure and not self._is_quiet(shown)

    def is_late(self, served: dt.datetime | None, shown: dt.datetime) -> bool:
        """By more than a look; what waits for the end of quiet hours is not late."""
        if served is None or self.job.quiet:
            return False
        return shown - self._after(served) - self.job.jitter >= self.step

    def sane(self, served: dt.datetime, shown: dt.datetime) -> dt.datetime:
        """`served`, unless the clock must have been ahead when that was noted."""
        after_next = self._after(self._after(shown)) + self.job.jitter
        return shown if self._after(served) > after_next else served

    def _after(self, served: dt.datetime) -> dt.datetime:
        if self.job.every is not None:
            return served + self.job.every
        return self.moments[bisect_right(self.moments, served)]

    def _is_quiet(self, shown: dt.datetime) -> bool:
        if not self.job.quiet:
            return False
        since, until = map(dt.time.fromisoformat, self.job.quiet.split("-"))
        time = shown.astimezone(self.zone).time()
        return since <= time < until if since < until else time >= since or time < until


def _moments(job: Job, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """The minutes that a cron expression of plain numbers, * and weekdays names, by the calendar of its zone."""
    minute, hour, _, _, weekdays = job.cron.split()
    zone = ZoneInfo(job.zone)
    named = WEEKDAYS
    if weekdays != "*":
        first, last = map(WEEKDAYS.index, weekdays.split("-"))
        named = WEEKDAYS[first : last + 1]
    if hour == "*":
        at = since.replace(minute=0, second=0, microsecond=0)
        while at < until:
            local = at.astimezone(zone)
            if local.minute == int(minute) and WEEKDAYS[local.weekday()] in named:
                yield at
            at += HOUR / 4
        return
    day = since.astimezone(zone).date()
    while day <= until.astimezone(zone).date():
        if WEEKDAYS[day.weekday()] in named:
            # Of a time shown twice the first; one that is skipped is counted from before the gap, an hour later.
            yield dt.datetime.combine(day, dt.time(int(hour), int(minute)), zone).astimezone(dt.UTC)
        day += DAY


def hours_between(runs: Sequence[Ran]) -> tuple[float, float]:
    """The shortest and the longest from a run's beginning to the next one's."""
    gaps = [(b.began - a.began) / HOUR for a, b in pairwise(runs)] or [0.0]
    return min(gaps), max(gaps)
