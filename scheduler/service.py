"""The service: one process that runs for months. APScheduler holds a few fixed jobs in memory; what is due lives in
the rows (`store.agenda`), so that a restart forgets nothing and two services begin nothing twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import secrets
import signal
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from crawler.manners import host_of
from crawler.sources.catalogue import Catalogue
from crawler.sources.schema import Source
from notify import subscriptions
from scheduler import systemd
from scheduler.chores import CHORES, Mail
from scheduler.due import is_quiet, next_due, sane_due
from scheduler.work import Limits
from store import agenda, metrics
from store.agenda import Due, Wanted
from store.database import Database
from store.errors import OperatorError
from store.locks import claim_of_host, held

TICK_S = 10
CHORES_S = 20
# A clock that moved by so much more or less than the time that passed was set.
JUMP = dt.timedelta(seconds=60)

log = structlog.get_logger("yaodian.service")


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for the service; read anew on SIGHUP. `folders` are those of the source files, the later before the
    earlier, `load` reads them. A crawl may ask for `most_requests` a source, and take `crawl` of time and memory."""

    timezone: str
    folders: tuple[Path, ...]
    load: Callable[[], Catalogue]
    crawl: Limits
    most_requests: int


class Beside(Protocol):
    """What runs in the service's loop beside it: the web."""

    async def serve(self) -> None: ...
    def stop(self) -> None: ...


class Service(ABC):
    """What lives, reads settings and source files, and looks every few seconds for what is due. How that is done is
    said by `scheduler.embedded`, in children of this process, and `scheduler.queued`, by workers anywhere."""

    def __init__(
        self,
        database: Database,
        reload: Callable[[], Terms],
        clock: Callable[[], dt.datetime],
        beside: Beside | None = None,
    ) -> None:
        self.database = database
        self.reload = reload
        self.terms = reload()
        self.clock = clock
        self.beside = beside
        self.name = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        self.sources: dict[str, Source] = {}
        self._files: object = None
        self.mail = Mail(database)
        metrics.expect(["crawl", *(chore.name for chore in CHORES)])
        self._tasks: set[asyncio.Task[None]] = set()
        self._jobs = AsyncIOScheduler(timezone=dt.UTC)
        self._stop = asyncio.Event()

    # ── its life ──

    async def run(self) -> None:
        """From start to stop. Raises OperatorError when it can't begin."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._reread)
        await asyncio.to_thread(self.refresh)
        for job, seconds in ((self.tick, TICK_S), (self.do_chores, CHORES_S)):
            self._jobs.add_job(
                job, "interval", seconds=seconds, next_run_time=self._jobs_now(), max_instances=1,
                coalesce=True, misfire_grace_time=None,
            )  # fmt: skip
        self._jobs.start()
        self.start(self._watch_clock())
        if self.beside is not None:
            self.start(self._serve(self.beside))
        systemd.tell("READY=1")
        log.info("service begins", service=self.name, sources=len(self.sources))
        await self._stop.wait()
        await self._end()

    async def _end(self) -> None:
        log.info("service stops", service=self.name, running=len(self._tasks))
        systemd.tell("STOPPING=1")
        self._jobs.shutdown(wait=False)
        if self.beside is not None:
            self.beside.stop()
        await self.end_work()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(agenda.resign, self.database, self.name)
        log.info("service stopped", service=self.name)

    def _reread(self) -> None:
        systemd.tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")
        try:
            self.terms = self.reload()
        except OperatorError as error:
            log.error("settings refused", error=str(error))
        else:
            self._files = None
            log.info("settings read anew")
        systemd.tell("READY=1")

    async def _serve(self, beside: Beside) -> None:
        try:
            await beside.serve()
        finally:
            self._stop.set()

    async def _watch_clock(self) -> None:
        """Notice a clock that is set, which moves what is due; the jobs' own timers would wait for the old time."""
        wall, steady = self.clock(), time.monotonic()
        while not self._stop.is_set():
            await asyncio.sleep(1)
            now, passed = self.clock(), time.monotonic() - steady
            jumped = now - wall - dt.timedelta(seconds=passed)
            wall, steady = now, steady + passed
            if abs(jumped) > JUMP:
                log.warning("clock was set", by_seconds=round(jumped.total_seconds()))
                self._files = None
                for job in self._jobs.get_jobs():
                    job.modify(next_run_time=self._jobs_now())

    def _jobs_now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ── its work ──

    async def tick(self) -> None:
        """Look for crawls that are due, and see to it that they are made."""
        systemd.tell("WATCHDOG=1")
        metrics.TICKS.inc()
        try:
            await asyncio.to_thread(self.refresh)
            await self.begin_crawls()
        except OperatorError as error:
            log.error("tick failed", error=str(error))

    def tick_soon(self) -> None:
        for job in self._jobs.get_jobs():
            if job.name.endswith("tick") and not self.stopping:
                job.modify(next_run_time=self._jobs_now())

    async def do_chores(self) -> None:
        """The same for digests, tidying up, verifying: what is due of it, once for all services."""
        try:
            await self.begin_chores()
        except OperatorError as error:
            log.error("chores failed", error=str(error))

    @abstractmethod
    async def begin_crawls(self) -> None: ...
    @abstractmethod
    async def begin_chores(self) -> None: ...
    @abstractmethod
    async def end_work(self) -> None:
        """The service ends: end what it began, in order if it ends in time."""

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    @property
    def crawl_words(self) -> tuple[str, ...]:
        return "crawl", "--due", "--format", "jsonl", "--most-requests", str(self.terms.most_requests)

    def refresh(self) -> None:
        """Read the source files if they changed, and bring the duties up to them."""
        agenda.renew(self.database, self.name, self.clock())
        files = tuple(_stamp(path) for folder in self.terms.folders for path in sorted(folder.glob("*.yaml")))
        if files == self._files:
            return
        found = self.terms.load()
        for error in found.errors:
            log.error("source file refused", error=str(error))
        # A file that was spoiled leaves its source as it was.
        spoiled = {Path(error.file).stem for error in found.errors}
        kept = {name: source for name, source in self.sources.items() if name in spoiled}
        self.sources = kept | {source.id: source for source in found.sources.values() if source.enabled}
        zone, now = self.terms.timezone, self.clock()
        changed = agenda.sync(
            self.database,
            map(wanted, self.sources.values()),
            lambda source_id, at: self.due_again(self.sources[source_id], at),
            lambda source_id, noted: sane_due(self.sources[source_id], noted, now, zone),
        )
        agenda.forget_ahead(self.database, now)
        subscriptions.forget_ahead(self.database, now)
        self._files = files
        log.info("sources read", sources=len(self.sources), changed=len(changed))

    def awake(self, due: Iterable[Due], now: dt.datetime) -> list[Due]:
        """Return the due sources that can be crawled now.

        Left out are sources whose file is not here, sources in their quiet hours, and those that another process
        holds a claim on, such as a crawl started by hand: a child process would only find that out, again and
        again.
        """
        zone = self.terms.timezone
        known = ((one, self.sources.get(one.id)) for one in due)
        claims = {
            one: {one.id, claim_of_host(host_of(source.listing.urls[0]))}
            for one, source in known
            if source and not is_quiet(source, now, zone)
        }
        taken = held(self.database, set().union(*claims.values()))
        return [one for one, names in claims.items() if not names & taken]

    def due_again(self, source: Source, crawled_at: dt.datetime) -> dt.datetime:
        return next_due(source, crawled_at, self.terms.timezone)


def wanted(source: Source) -> Wanted:
    """A source's duty, as its file says."""
    host = urlsplit(source.listing.urls[0]).netloc
    return Wanted(
        source.id, host, source.schedule.model_dump_json(exclude_none=True), source.origin.rules or ""
    )


def _stamp(path: Path) -> tuple[str, int, int]:
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size
