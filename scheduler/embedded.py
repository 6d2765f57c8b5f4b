"""The service that does its work itself, in children of its process."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable

import structlog

from scheduler.chores import CHORES, MEMORY
from scheduler.performing import first, note, note_nothing_to_send, perform, saner, settle
from scheduler.service import Beside, Service, Terms
from scheduler.work import Ending, Limits, Runner, Work, batches
from store import agenda
from store.agenda import Due
from store.database import Database
from store.errors import OperatorError

AGAIN_S = 10

log = structlog.get_logger("yaodian.service")


class Embedded(Service):
    def __init__(
        self,
        database: Database,
        runner: Runner,
        reload: Callable[[], Terms],
        clock: Callable[[], dt.datetime],
        beside: Beside | None = None,
    ) -> None:
        super().__init__(database, reload, clock, beside)
        self.runner = runner

    async def begin_crawls(self) -> None:
        """Claim what is due, as much as can begin at this moment, and begin it."""
        for batch in await asyncio.to_thread(self.claim):
            self.start(self._crawl(batch))

    async def begin_chores(self) -> None:
        for name in await asyncio.to_thread(self.claim_chores):
            self.start(self._chore(name))

    async def end_work(self) -> None:
        await self.runner.stop()

    def claim(self) -> list[tuple[str, ...]]:
        """What to crawl now, a batch for each child that is free to begin."""
        now, chosen = self.clock(), list[tuple[str, ...]]()
        if not (free := self.runner.free):
            return []

        def choose(due: list[Due]) -> set[str]:
            chosen.extend(batches(self.awake(due, now), free))
            return {source_id for batch in chosen for source_id in batch}

        agenda.claim(self.database, self.name, now, choose)
        return chosen

    async def _crawl(self, batch: tuple[str, ...]) -> None:
        ending = await perform(
            self.runner, Work("crawl", (*self.crawl_words, *batch), self.terms.crawl, batch)
        )
        await self._written_down(lambda: self.settle(ending), "crawl")
        self.tick_soon()

    def settle(self, ending: Ending) -> None:
        settle(self.database, self.name, ending, self.clock())

    def claim_chores(self) -> list[str]:
        now, zone = self.clock(), self.terms.timezone
        if self.stopping:
            return []
        taken = agenda.claim_chores(self.database, self.name, now, first(now, zone), saner(now, zone))
        if agenda.DIGESTS in taken and not self.mail.is_worth_it(now):
            note_nothing_to_send(self.database, self.name, now)
            taken.remove(agenda.DIGESTS)
        return taken

    async def _chore(self, name: str) -> None:
        chore = next(chore for chore in CHORES if chore.name == name)
        ending = await perform(self.runner, Work(name, chore.words, Limits(chore.wall_s, MEMORY)))
        if not ending.stopped:
            await self._written_down(lambda: self.note(name), name)

    async def _written_down(self, write: Callable[[], None], kind: str) -> None:
        """Until it is: claims that were not let go would be renewed for as long as this service lives. One that ends
        leaves them to run out."""
        while True:
            try:
                await asyncio.to_thread(write)
            except OperatorError as error:
                log.error("not written down", error=str(error), kind=kind, again_in_s=AGAIN_S)
                if self.stopping:
                    return
                await asyncio.sleep(AGAIN_S)
            else:
                return

    def note(self, name: str) -> None:
        note(self.database, self.name, name, self.clock(), self.terms.timezone)
