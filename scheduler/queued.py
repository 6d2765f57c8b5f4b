"""The service that hands its work out: workers on any machine take it (`scheduler.worker`).

It holds nothing: what is handed out and not done are rows of the queue, so a service that is killed is missed by
nobody, and several do no harm. What is chosen is chosen and handed out in one transaction, one service at a time; a
host that stands in a job that is not done is not chosen again.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import math
from collections.abc import Callable, Iterable

from scheduler import queue
from scheduler.chores import CHORES, MEMORY
from scheduler.performing import first, note_nothing_to_send, saner
from scheduler.service import Beside, Service, Terms
from scheduler.work import BATCH, Limits, Work, batches
from store import agenda
from store import queue as standing
from store.agenda import AGENDA, Due
from store.database import Database
from store.locks import alone

# So many crawls wait at most: what is handed out late is chosen by what is due then.
MOST_WAITING = 64
# What is due at a moment makes so many jobs, if it can: few sources to each, so that all workers have some, until
# there are so many that a start of a process for each host would cost more than the crawl.
JOBS_AT_ONCE = 32


class Queued(Service):
    def __init__(
        self,
        database: Database,
        ground: queue.Ground,
        reload: Callable[[], Terms],
        clock: Callable[[], dt.datetime],
        beside: Beside | None = None,
    ) -> None:
        """Raises OperatorError where there can be no queue."""
        super().__init__(database, reload, clock, beside)
        queue.check(database)
        self.app = queue.deferring()
        queue.prepare(database, ground)

    async def begin_crawls(self) -> None:
        await asyncio.to_thread(self.hand_out)

    async def begin_chores(self) -> None:
        if not self.stopping:
            await asyncio.to_thread(self.hand_out_chores)

    async def end_work(self) -> None:
        """What is handed out goes on without us."""

    def hand_out(self) -> int:
        """Returns how many crawls were handed out."""
        now = self.clock()
        with self.database.write() as session:
            alone(session, AGENDA)
            live = standing.live(session)
            due = [one for one in self.awake(agenda.due(session, now), now) if one.host not in live.hosts]
            made = chosen(due, MOST_WAITING - live.waiting)
            queue.into(session)
            for priority, batch in made:
                hosts = sorted({one.host for one in due if one.id in batch})
                queue.defer(session, self.app, self._crawl(batch), queue.CRAWLS, priority, tuple(hosts))
        return len(made)

    def _crawl(self, batch: tuple[str, ...]) -> Work:
        given = queue.given(self.sources[one] for one in batch)
        return Work("crawl", (*self.crawl_words, "--given", *batch), self.terms.crawl, batch, given)

    def hand_out_chores(self) -> list[str]:
        now, zone = self.clock(), self.terms.timezone
        handed = []
        is_worth_it = self.mail.is_worth_it(now)
        with self.database.write() as session:
            alone(session, AGENDA)
            live = standing.live(session)
            due = {row.name for row in agenda.due_chores(session, now, first(now, zone), saner(now, zone))}
            queue.into(session)
            for chore in CHORES:
                if chore.name not in due - live.kinds or (chore.name == agenda.DIGESTS and not is_worth_it):
                    continue
                work = Work(chore.name, chore.words, Limits(chore.wall_s, MEMORY))
                queue.defer(session, self.app, work, queue.CHORES)
                handed.append(chore.name)
        if not is_worth_it and agenda.DIGESTS in due - live.kinds:
            note_nothing_to_send(self.database, None, now)
        return handed


def chosen(due: Iterable[Due], most: int) -> list[tuple[int, tuple[str, ...]]]:
    """What is due as at most so many jobs, each with its priority: hosts with a listing to look at come before those of
    which only known documents are due, or the rest of a back-fill."""
    due = list(due)
    fresh = {one.host for one in due if one.is_listing}
    size = min(BATCH, max(1, math.ceil(len(due) / JOBS_AT_ONCE)))
    made: list[tuple[int, tuple[str, ...]]] = []
    for priority, is_fresh in ((queue.FRESH, True), (queue.BACKFILL, False)):
        some = [one for one in due if (one.host in fresh) is is_fresh]
        made += [(priority, batch) for batch in batches(some, max(0, most - len(made)), size)]
    return made
