"""A month of the service on an accelerated clock, as a table of every job's runs. `python -m bench.month [minutes a step]`

The service's own decisions (what to claim, when it is due again) on a real database, with work that takes a while of
simulated time. Two services share the database over days on which the clocks of Sydney go ahead and those of Berlin
and New York go back. One of them is killed now and then and one restarted, both are down for an hour; the machine's
clock is set ahead by three hours, back by two, and for half an hour stands a year ahead. Each run is held against
`bench.month_wanted`, which knows nothing of the service; exit status 1 when one differs.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from sqlalchemy import event

from bench.month_wanted import (
    DAY,
    HOUR,
    KILLED,
    MINUTE,
    STOPPED,
    Job,
    Ran,
    Reckoned,
    Times,
    hours_between,
    reckon,
)
from crawler.sources.catalogue import Catalogue
from crawler.sources.schema import Source
from scheduler.chores import CHORES, Mail
from scheduler.embedded import Embedded
from scheduler.service import Terms
from scheduler.work import Ending, Limits, Work
from store import agenda, runs
from store.database import Database

BEGIN = dt.datetime(2026, 10, 2, tzinfo=dt.UTC)
TAKES = 8 * MINUTE

JOBS = (
    Job("every-6h", every=6 * HOUR),
    Job("every-1h-jitter", every=HOUR, jitter=10 * MINUTE),
    Job("quiet-nights", every=2 * HOUR, quiet="22:00-06:30"),
    Job("shanghai-0700", cron="0 7 * * *"),
    Job("berlin-0230", "Europe/Berlin", cron="30 2 * * *"),  # comes twice on 25 October
    Job("berlin-hourly", "Europe/Berlin", cron="0 * * * *"),
    Job("berlin-weekdays", "Europe/Berlin", cron="0 8 * * mon-fri"),
    Job("newyork-0130", "America/New_York", cron="30 1 * * *"),  # comes twice on 1 November
    Job("sydney-0230", "Australia/Sydney", cron="30 2 * * *"),  # does not come on 4 October
)
CHORE_JOBS = tuple(
    # A child is begun for digests when there are any, else each quarter of an hour.
    Job(chore.name, every=MINUTE, jitter=Mail.ANYWAY - MINUTE)
    if chore.name == agenda.DIGESTS
    else Job(chore.name, cron=chore.schedule.cron or "", is_new_due=False)
    for chore in CHORES
)


@dataclass(frozen=True)
class Plan:
    """What happens in the simulated time beside its passing."""

    times: Times
    kills: tuple[dt.datetime, ...]
    restarts: tuple[dt.datetime, ...]


def whole(step: dt.timedelta) -> Plan:
    """32 days; each kill and restart hits crawls that run."""
    ahead, back = BEGIN + 9 * DAY, BEGIN + 19 * DAY + 20 * HOUR + 40 * MINUTE
    year = BEGIN + 21 * DAY
    times = Times(
        BEGIN,
        BEGIN + 32 * DAY,
        step,
        down=((BEGIN + 6 * DAY + 22 * HOUR + 40 * MINUTE, BEGIN + 6 * DAY + 23 * HOUR + 40 * MINUTE),),
        sets=(
            (ahead, 3 * HOUR),
            (back, -2 * HOUR),  # 07:40 in Shanghai becomes 05:40: 07:00 comes twice
            (year, 365 * DAY),
            (year + HOUR / 2, -365 * DAY),
        ),
    )
    cuts = [BEGIN + days * DAY + 30 * MINUTE + step for days in (1, 3, 12, 25)]  # 02:30 in Berlin, and a step
    return Plan(times, (BEGIN + 5 * HOUR, *cuts[::2]), tuple(cuts[1::2]))


@dataclass
class Doing:
    """Work that takes its time on the simulated clock."""

    free: int = 5
    work: list[tuple[dt.datetime, tuple[str, ...], list[runs.Run]]] = field(default_factory=list)

    async def run(self, work: Work) -> Ending: ...  # type: ignore[empty-body]  # never called here
    async def stop(self) -> None: ...


class Month:
    def __init__(self, database: Database, plan: Plan) -> None:
        self.database, self.plan = database, plan
        self.now = plan.times.begin
        self.ran: dict[str, list[Ran]] = {job.name: [] for job in (*JOBS, *CHORE_JOBS)}

    def clock(self) -> dt.datetime:
        return self.plan.times.wall(self.now)

    def service(self) -> tuple[Embedded, Doing]:
        doing = Doing()
        catalogue = Catalogue({job.name: source(job) for job in JOBS}, ())
        terms = Terms("Asia/Shanghai", (), lambda: catalogue, Limits(3600, 1 << 30), 0)
        return Embedded(self.database, doing, lambda: terms, self.clock), doing

    def run(self) -> None:
        times = self.plan.times
        pair = [self.service(), self.service()]
        before = times.begin
        for self.now in times.looks():
            passed = [at for at in (*self.plan.kills, *self.plan.restarts) if before < at <= self.now]
            if any(at in self.plan.kills for at in passed):
                self._kill(pair[0][1], before)
                pair[0] = self.service()
            if any(at in self.plan.restarts for at in passed) or self.now - before > times.step:
                for service, doing in pair:
                    self._stop(service, doing, before + times.step if not passed else self.now)
                pair = [self.service(), self.service()]
            for service, doing in pair:
                if any(before < at <= self.now for at, _ in times.sets):
                    service._files = None  # as `_watch_clock` does
                self._look(service, doing)
            before = self.now

    def _look(self, service: Embedded, doing: Doing) -> None:
        self._finish(service, doing)
        service.refresh()
        for batch in service.claim():
            for name in batch:
                self.ran[name].append(Ran(self.now))
            begun = [runs.begin(self.database, service.sources[name].origin, self.clock) for name in batch]
            doing.work.append((self.now + TAKES, batch, begun))
        for name in service.claim_chores():
            self.ran[name].append(Ran(self.now, self.now))
            service.note(name)

    def _finish(self, service: Embedded, doing: Doing) -> None:
        for one in [one for one in doing.work if one[0] <= self.now]:
            doing.work.remove(one)
            _, batch, begun = one
            for run in begun:
                run.finish("done", {}, service.due_again(service.sources[run.source], self.clock()))
                self.ran[run.source][-1].ended = self.now
            service.settle(Ending(Work("crawl", (), Limits(0, 0), batch), 0, frozenset(batch), stopped=False))

    def _kill(self, doing: Doing, last: dt.datetime) -> None:
        """Between two looks: it renewed its claims at the `last`."""
        for _, batch, _ in doing.work:
            for name in batch:
                self.ran[name][-1].ended, self.ran[name][-1].cut = last, KILLED

    def _stop(self, service: Embedded, doing: Doing, at: dt.datetime) -> None:
        """In order: what a crawl did not get to stays due."""
        for _, batch, begun in doing.work:
            for run in begun:
                run.interrupt({})
                self.ran[run.source][-1].ended, self.ran[run.source][-1].cut = at, STOPPED
            service.settle(Ending(Work("crawl", (), Limits(0, 0), batch), 1, frozenset(), stopped=True))
        agenda.resign(self.database, service.name)


def source(job: Job) -> Source:
    schedule = {"timezone": job.zone, "quiet": job.quiet or None, "cron": job.cron or None}
    if job.every:
        schedule["every"] = f"{job.every // HOUR}h"
    if job.jitter:
        schedule["jitter"] = f"{job.jitter // MINUTE}m"
    return Source.model_validate(
        {
            "id": job.name, "name": job.name, "publisher": job.name, "region": "000000", "kind": "official",
            "listing": {"urls": [f"https://{job.name}.example.org/"], "item": "li"},
            "schedule": {key: value for key, value in schedule.items() if value},
        }
    )  # fmt: skip


def simulate(folder: Path, plan: Plan) -> Month:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    database = Database(f"sqlite:///{folder / 'yaodian.db'}")
    database.upgrade()
    # Nothing here has to survive a power cut.
    event.listen(
        database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF")
    )
    database.close()
    month = Month(database, plan)
    month.run()
    database.close()
    return month


def judged(month: Month) -> dict[Job, Reckoned]:
    return {job: reckon(job, month.ran[job.name], month.plan.times) for job in (*JOBS, *CHORE_JOBS)}


def main() -> int:
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        month = simulate(Path(folder), whole(minutes * MINUTE))
    found = judged(month)
    heads = ("wanted", "runs", "cut", "made up", "differ")
    print(f"{'':16}{'schedule':42}" + "".join(f"{head:>8}" for head in heads) + "   hours between")
    for job, reckoned in found.items():
        ran = month.ran[job.name]
        words = [job.cron or f"every {job.every}", job.jitter and f"jitter {job.jitter}", job.quiet, job.zone]
        counts = (
            reckoned.wanted,
            len(ran),
            sum(bool(one.cut) for one in ran),
            reckoned.made_up,
            len(reckoned.differences),
        )
        least, most = hours_between(ran)
        print(
            f"{job.name:16}{', '.join(str(word) for word in words if word):42}"
            + "".join(f"{count:>8}" for count in counts)
            + f"{least:8.2f} to {most:5.2f}"
        )
    differences = [one for reckoned in found.values() for one in reckoned.differences]
    print(
        *(differences or ["each run is one that its schedule wants, and each that it wants was begun"]),
        sep="\n",
    )
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
