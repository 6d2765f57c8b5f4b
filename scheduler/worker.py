"""A worker: takes work out of the queue, on any machine, and does it in children of its process.

It says every few seconds that it lives. What a worker that fell silent was at is put back by another; that two are
never at one host, even then, is held by `store.locks.Claims` within the crawl. When the database is gone a worker ends
its children, which could keep nothing, and waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from scheduler import queue, systemd
from scheduler.chores import CHORES
from scheduler.performing import note, perform, settle
from scheduler.queue import Ground
from scheduler.work import Ending, Runner
from store import agenda
from store.database import Database
from store.errors import OperatorError
from store.locks import key
from store.queue import HEARTBEAT_S, STALLED_S

if TYPE_CHECKING:
    from procrastinate import App, JobContext

LONGEST_WAIT_S = 30
# Work that took its worker with it so often is left, and its sources rest.
MOST_ATTEMPTS = 5

log = structlog.get_logger("yaodian.worker")


@dataclass(frozen=True, slots=True)
class Duties:
    """What a worker is there for: so many crawls at a time, and chores (digests, mail, tidying up, verifying) or not."""

    crawls: int
    chores: bool
    timezone: str


class Worker:
    """`hands` gives the children of one connection to the queue; `ground` is what must hold here as where work is
    handed out."""

    def __init__(
        self,
        database: Database,
        ground: Ground,
        duties: Duties,
        hands: Callable[[], Runner],
        clock: Callable[[], dt.datetime],
    ) -> None:
        self.database = database
        self.ground = ground
        self.duties = duties
        self.hands = hands
        self.clock = clock
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """From start to stop. Raises OperatorError when it can't begin."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        await asyncio.to_thread(self._ready)
        systemd.tell("READY=1")
        log.info("worker begins", crawls=self.duties.crawls, chores=self.duties.chores)
        wait_s = 1
        while not self._stop.is_set():
            began = loop.time()
            error = await self._take()
            if self._stop.is_set():
                break
            wait_s = 1 if loop.time() - began > LONGEST_WAIT_S else min(2 * wait_s, LONGEST_WAIT_S)
            systemd.tell("WATCHDOG=1")
            log.error("the database is gone", error=error, again_in_seconds=wait_s)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait_s)
        systemd.tell("STOPPING=1")
        log.info("worker stopped")

    def _ready(self) -> None:
        queue.check(self.database)
        said = queue.prepare(self.database)
        if said is None or said == self.ground:
            return
        if said.secret != self.ground.secret:
            raise OperatorError(
                "this worker would sign links with another secret than yaodian serve; set the same YAODIAN_SECRET here and there"
            )
        raise OperatorError(
            f"this worker keeps its archive in {self.ground.archive}, yaodian serve in {said.archive}; "
            "set the same YAODIAN_ARCHIVE_URL here and there"
        )

    async def _take(self) -> str:
        """Work until told to stop, or until the database is gone; returns what it said."""
        runner, app = self.hands(), queue.app(self.database)
        app.task(name=queue.TASK, pass_context=True)(self._doing(runner))
        try:
            await asyncio.to_thread(self.database.check)
            async with app.open_async():
                tasks = [asyncio.create_task(self._rescue(app))]
                tasks += [
                    asyncio.create_task(_worker(app, name, count))
                    for name, count in ((queue.CRAWLS, self.duties.crawls), (queue.CHORES, 1))
                    if name == queue.CRAWLS or self.duties.chores
                ]
                stopping = asyncio.create_task(self._until_stopped())
                await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
                return await _ended([*tasks, stopping], runner)
        except _gone() as error:
            await runner.stop()
            return _said(error)

    async def _until_stopped(self) -> None:
        await self._stop.wait()

    def _doing(self, runner: Runner) -> Callable[[JobContext], object]:
        async def do(context: JobContext, **_: object) -> None:
            work = queue.work_of(context.job)
            ending = await perform(runner, work)
            await asyncio.to_thread(self._settle, ending)

        return do

    def _settle(self, ending: Ending) -> None:
        try:
            if ending.work.kind == "crawl":
                settle(self.database, None, ending, self.clock())
            elif not ending.stopped and ending.work.kind in {chore.name for chore in CHORES}:
                note(self.database, None, ending.work.kind, self.clock(), self.duties.timezone)
        except OperatorError as error:
            log.error("work not noted", error=str(error), kind=ending.work.kind)

    async def _rescue(self, app: App) -> None:
        """Put back what dead workers were at. Beside the queue, not in it: there it would wait behind the crawls."""
        from procrastinate.jobs import Status

        manager = app.job_manager
        pool = app.connector.pool  # type: ignore[attr-defined]
        while True:
            systemd.tell("WATCHDOG=1")
            # One at a time: of two that put back the same job the later would take it from who has it by then.
            async with pool.connection() as connection:
                await connection.execute("select pg_advisory_xact_lock(%s)", (key("rescue"),))
                for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
                    sources = queue.work_of(job).sources
                    log.warning("taken over from a dead worker", job=job.id, sources=sources)
                    if job.attempts + 1 < MOST_ATTEMPTS:
                        await manager.retry_job(job, retry_at=dt.datetime.now(dt.UTC))
                        continue
                    await manager.finish_job(job, Status.FAILED, delete_job=True)
                    await asyncio.to_thread(agenda.rest, self.database, None, sources, self.clock())
            await asyncio.sleep(HEARTBEAT_S)


async def _worker(app: App, name: str, count: int) -> None:
    await app.run_worker_async(
        queues=[name],
        concurrency=count,
        delete_jobs="always",
        install_signal_handlers=False,
        update_heartbeat_interval=HEARTBEAT_S,
        stalled_worker_timeout=STALLED_S,
    )


async def _ended(tasks: list[asyncio.Task[None]], runner: Runner) -> str:
    """End what still runs; returns what one of them failed with. Raises what is no lost connection."""
    for task in tasks:
        task.cancel()
    await runner.stop()
    why = ""
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, _gone()):
            why = _said(ended)
        elif isinstance(ended, Exception):
            raise ended
    return why


def _said(error: BaseException) -> str:
    """procrastinate says "Database error." and has the driver's words as the cause."""
    return " ".join(str(error.__cause__ or error).split())


def _gone() -> tuple[type[Exception], ...]:
    """What is raised when the database can't be reached."""
    import psycopg
    import psycopg_pool
    from procrastinate import exceptions

    return (
        OperatorError,
        psycopg.OperationalError,
        psycopg.InterfaceError,
        psycopg_pool.PoolTimeout,
        psycopg_pool.PoolClosed,
        exceptions.ConnectorException,
    )
