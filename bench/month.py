"""A month of the service on an accelerated clock. `python -m bench.month [minutes a step]`

The service's own decisions (what to claim, when it is due again) on a real database, with work that takes a while of
simulated time. Two services share the database over days on which the clocks of Berlin and New York go back; one of
them is killed now and then, both are down for an hour, the machine's clock is set ahead by three hours, back by two,
and for ten minutes stands a year ahead. What the schedules want is worked out apart, minute by minute.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from crawler.sources.catalogue import Catalogue
from crawler.sources.schema import Source
from scheduler.service import Service, Terms
from scheduler.work import Ending, Limits, Work
from store import agenda, runs
from store.database import Database

BEGIN = dt.datetime(2026, 10, 10, tzinfo=dt.UTC)
END = dt.datetime(2026, 11, 10, tzinfo=dt.UTC)
TAKES = dt.timedelta(minutes=8)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)

SCHEDULES: dict[str, dict[str, str]] = {
    "every-6h": {"every": "6h"},
    "every-1h-jitter": {"every": "1h", "jitter": "10m"},
    "shanghai-0700": {"cron": "0 7 * * *", "timezone": "Asia/Shanghai"},
    "berlin-0230": {"cron": "30 2 * * *", "timezone": "Europe/Berlin"},
    "newyork-0130": {"cron": "30 1 * * *", "timezone": "America/New_York"},
    "berlin-weekdays": {"cron": "0 8 * * mon-fri", "timezone": "Europe/Berlin"},
    "quiet-nights": {"every": "2h", "quiet": "22:00-06:30", "timezone": "Asia/Shanghai"},
}
KILLS = [BEGIN + 3 * DAY + 5 * HOUR, BEGIN + 12 * DAY + HOUR, BEGIN + 25 * DAY + 30 * HOUR / 60]
DOWN = (BEGIN + 6 * DAY + 22.7 * HOUR, BEGIN + 6 * DAY + 23.7 * HOUR)  # over 07:00 in Shanghai
AHEAD, BACK = BEGIN + 9 * DAY, BEGIN + 19 * DAY  # the clock is set by three hours, and by minus two
YEAR_AHEAD = (BEGIN + 22 * DAY, BEGIN + 22 * DAY + HOUR / 6)


def wall(true: dt.datetime) -> dt.datetime:
    """What the machine's clock shows."""
    shown = true + (3 * HOUR if true >= AHEAD else 0 * HOUR) - (2 * HOUR if true >= BACK else 0 * HOUR)
    return shown + 365 * DAY if YEAR_AHEAD[0] <= true < YEAR_AHEAD[1] else shown


@dataclass
class Doing:
    """Work that takes its time on the simulated clock."""

    free: int = 4
    work: list[tuple[dt.datetime, tuple[str, ...], list[runs.Run]]] = field(default_factory=list)

    async def run(self, work: Work) -> Ending: ...  # type: ignore[empty-body]  # never called here
    async def stop(self) -> None: ...


@dataclass
class Month:
    database: Database
    step: dt.timedelta
    end: dt.datetime = END
    now: dt.datetime = BEGIN
    begun: dict[str, list[dt.datetime]] = field(default_factory=dict)
    chores: dict[str, list[dt.datetime]] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    overlaps: int = 0

    def clock(self) -> dt.datetime:
        return wall(self.now)

    def service(self) -> tuple[Service, Doing]:
        doing = Doing()
        catalogue = Catalogue({name: source(name) for name in SCHEDULES}, ())
        terms = Terms("Asia/Shanghai", (), lambda: catalogue, Limits(3600, 1 << 30), 0)
        return Service(self.database, doing, lambda: terms, self.clock), doing

    def run(self) -> None:
        kills = [moment for moment in sorted(KILLS) if moment > self.now]
        pair = [self.service(), self.service()]
        was = wall(self.now)
        while self.now < self.end:
            if DOWN[0] <= self.now < DOWN[1]:
                for service, doing in pair:
                    self._finish(service, doing, everything=True)
                    agenda.resign(self.database, service.name)
                self.now = DOWN[1]
                pair = [self.service(), self.service()]
            while kills and kills[0] <= self.now:
                kills.pop(0)
                for _, names, _ in pair[0][1].work:
                    self.running -= set(names)
                pair[0] = self.service()
            is_set = abs(wall(self.now) - was - self.step) > dt.timedelta(minutes=1)
            was = wall(self.now)
            for service, doing in pair:
                if is_set:
                    service._files = None  # as `_watch_clock` does
                self._look(service, doing)
            self.now += self.step

    def _look(self, service: Service, doing: Doing) -> None:
        self._finish(service, doing)
        service.refresh()
        for batch in service.claim():
            self.overlaps += len(self.running & set(batch))
            self.running |= set(batch)
            for name in batch:
                self.begun.setdefault(name, []).append(self.now)
            begun = [runs.begin(self.database, source(name).origin, self.clock) for name in batch]
            doing.work.append((self.now + TAKES, batch, begun))
        for name in service.claim_chores():
            self.chores.setdefault(name, []).append(self.now)
            service.note(name)

    def _finish(self, service: Service, doing: Doing, *, everything: bool = False) -> None:
        for one in [one for one in doing.work if one[0] <= self.now or everything]:
            doing.work.remove(one)
            _, batch, begun = one
            for run in begun:
                run.finish("done", {}, service.due_again(service.sources[run.source], self.clock()))
            service.settle(batch, Ending(Work("crawl", (), Limits(0, 0)), 0, frozenset(batch), stopped=False))
            self.running -= set(batch)


def source(name: str) -> Source:
    return Source.model_validate(
        {
            "id": name, "name": name, "publisher": name, "region": "000000", "kind": "official",
            "listing": {"urls": [f"https://{name}.example.org/"], "item": "li"},
            "schedule": SCHEDULES[name],
        }
    )  # fmt: skip


def wanted(name: str) -> int | None:
    """How often a cron schedule wants a run in the month, counted minute by minute on the true clock; None for others."""
    schedule = SCHEDULES[name]
    if "cron" not in schedule:
        return None
    minute, hour, _, _, weekdays = schedule["cron"].split()
    zone, count, moment = ZoneInfo(schedule["timezone"]), 0, BEGIN
    while moment < END:
        local = moment.astimezone(zone)
        is_day = weekdays == "*" or local.weekday() < 5
        count += (local.minute, local.hour, local.fold) == (int(minute), int(hour), 0) and is_day
        moment += dt.timedelta(minutes=1)
    return count


def simulate(folder: Path, step: dt.timedelta, begin: dt.datetime = BEGIN, end: dt.datetime = END) -> Month:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    database = Database(f"sqlite:///{folder / 'yaodian.db'}")
    database.upgrade()
    month = Month(database, step, end, begin)
    month.run()
    database.close()
    return month


def table(month: Month) -> list[tuple[str, str, int | None, int, float, float]]:
    """Name, schedule, runs that cron wants, runs, and the shortest and longest hours between two."""
    found = []
    for name, moments in [*sorted(month.begun.items()), *sorted(month.chores.items())]:
        gaps = [(b - a) / HOUR for a, b in pairwise(moments)]
        schedule = ", ".join(SCHEDULES.get(name, {"": "chore"}).values())
        cron = wanted(name) if name in SCHEDULES else None
        # Each service looks once for the first run of all; a cron source is crawled at once when it is new.
        found.append((name, schedule, cron, len(moments), min(gaps), max(gaps)))
    return found


def main() -> int:
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        month = simulate(Path(folder), dt.timedelta(minutes=minutes))
    print(f"{'':18}{'schedule':42}{'wanted':>8}{'runs':>6}{'hours between':>22}")
    for name, schedule, cron, count, least, most in table(month):
        told = "" if cron is None else str(cron)
        print(f"{name:18}{schedule:42}{told:>8}{count:>6}{least:>12.2f} to {most:6.2f}")
    print(f"crawled twice at a time: {month.overlaps}")
    return 1 if month.overlaps else 0


if __name__ == "__main__":
    sys.exit(main())
