"""Running crawls: sources of one host one after the other, hosts side by side, in this process."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from crawler import browser, reactor
from crawler.gate import Gate
from crawler.limits import USUAL, Limits
from crawler.manners import held, host_of
from crawler.problems import tell_problems
from crawler.sources.schema import Source
from crawler.spiders.source import SourceSpider
from store import gathering, runs
from store.archive import Archive
from store.database import Database
from store.errors import OperatorError
from store.flow import Outcome
from store.hosts import Hosts
from store.keep import Keeper
from store.keep_listings import Clock
from store.locks import Claims, claim_of_host

HOSTS_AT_ONCE = 16
LIMIT_REACHED = "closespider_pagecount"
PROGRESS_S = 2.0
HOLD_S = 2.0
# After a crawl that reached its limit of requests; the budget of a day ends with the day.
RESUME = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all crawls of a process. `everything` looks at all listings and known documents, else at what is
    due; `next_due` tells when a source crawled at a moment is due again. `most_requests` ends one source's crawl early
    (what is left of it comes with the next),
    `most_rechecks` bounds the known documents asked for a host and day; `insists` says that a person
    asks for them now."""

    data: Path
    archive: Archive
    contact: str
    allow_private: bool
    everything: bool
    full: bool
    next_due: Callable[[Source, dt.datetime], dt.datetime]
    insists: bool = False
    limits: Limits = USUAL
    most_rechecks: int = 1000
    most_requests: int = 0


@dataclass(frozen=True, slots=True)
class Crawled:
    """How the crawl of one source ended: done, degraded (some answers missing), failed (nothing could be read),
    interrupted, busy (another process crawls it at this moment; nothing was asked), or waiting (its host is left alone
    for a while; nothing was asked)."""

    source: str
    outcome: str
    counts: dict[str, int]
    problems: tuple[str, ...]


def crawl(
    sources: Iterable[Source], database: Database, clock: Clock, terms: Terms, watch: Watch
) -> list[Crawled]:
    """Crawl each source once; blocks until all have ended. Call it once a process: a reactor can't start twice.

    Raises OperatorError when the operator has to act first (a full disk, a lost database); what was fetched until
    then is kept.
    """
    archive = terms.archive
    archive.settle()
    process = AsyncCrawlerProcess(_settings(terms))
    with Claims(database) as claims:
        crowd = _Crowd(process, database, claims, archive, clock, terms, watch)
        try:
            task = reactor.run(process, crowd.run(list(sources)))
        finally:
            gathering.finish(database, archive, clock())
        if not task.done():
            crowd.cut_short()
    if crowd.failure:
        raise crowd.failure
    if task.done():
        task.result()
    return crowd.crawled


def _settings(terms: Terms) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    logs = terms.data / "logs"
    try:
        logs.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OperatorError(f"{logs}: {error.strerror}; make it a folder that can be written") from error
    settings.set("LOG_FILE", str(logs / "crawl.log"))
    # A log that can't be written (a full disk) must not print a traceback for each of its lines.
    logging.raiseExceptions = False
    settings.set("ALLOW_PRIVATE_ADDRESSES", terms.allow_private)
    settings.set("DOWNLOAD_TIMEOUT", terms.limits.timeout_s)
    settings.set("DOWNLOAD_MAXSIZE", terms.limits.max_bytes)
    settings.set("LISTING_PAGES_MOST", terms.limits.listing_pages)
    if terms.contact:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} {terms.contact}")
    return settings


class Watch(Protocol):
    """Told of what happens as it happens."""

    def began(self, source: Source, run: int) -> None:
        """A crawl begins; `run` is its row."""

    def tell(self, source: Source, url: str, outcome: Outcome) -> None:
        """A document was looked at."""

    def progress(self, source: Source, counts: Mapping[str, int]) -> None:
        """How far a crawl is: `asked` of what it knows to ask for, `documents` answered."""

    def ended(self, crawled: Crawled) -> None:
        """A crawl has ended."""


class Unwatched:
    """Nobody watches."""

    def began(self, source: Source, run: int) -> None: ...
    def tell(self, source: Source, url: str, outcome: Outcome) -> None: ...
    def progress(self, source: Source, counts: Mapping[str, int]) -> None: ...
    def ended(self, crawled: Crawled) -> None: ...


class _Crowd:
    """The crawls of one process."""

    def __init__(
        self,
        process: AsyncCrawlerProcess,
        database: Database,
        claims: Claims,
        archive: Archive,
        clock: Clock,
        terms: Terms,
        watch: Watch,
    ) -> None:
        self.process = process
        self.database = database
        self.claims = claims
        self.archive = archive
        self.clock = clock
        self.terms = terms
        self.watch = watch
        self.crawled: list[Crawled] = []
        self.failure: OperatorError | None = None
        self.is_interrupted = False
        self._open: dict[str, runs.Run] = {}
        self.hosts = Hosts(database, clock, insists=terms.insists)
        # A Chromium takes some hundred megabytes: one at a time.
        self._browsers = asyncio.Lock()
        self._turns = asyncio.Semaphore(HOSTS_AT_ONCE)

    async def run(self, sources: list[Source]) -> None:
        hosts: dict[str, list[Source]] = defaultdict(list)
        for source in sources:
            hosts[host_of(source.listing.urls[0])].append(source)
        await asyncio.gather(*(self._host(group) for group in hosts.values()))

    async def _host(self, group: list[Source]) -> None:
        async with self._turns:
            for source in group:
                if self.failure is None and not self.is_interrupted:
                    await self._claimed(source)

    async def _claimed(self, source: Source) -> None:
        host = claim_of_host(host_of(source.listing.urls[0]))
        try:
            if not self.claims.take(source.id):
                self._busy(source, "another process crawls it at this moment; it is left to that one")
                return
            # Whoever holds a host is the only one who asks it, wherever the others run.
            if self.claims.take(host):
                await self._source(source)
                self.claims.release(host)
            else:
                self._busy(source, "another process asks its host at this moment; its turn comes later")
            self.claims.release(source.id)
        except OperatorError as error:
            self.failure = self.failure or error

    def _busy(self, source: Source, why: str) -> None:
        self._ended(Crawled(source.id, "busy", {}, (f"{source.id}: {why}",)))

    async def _source(self, source: Source) -> None:
        terms = self.terms
        # Asked when nobody else can crawl it any more: another process may have done so just before.
        listings_too, documents_too = (
            (True, True) if terms.everything else runs.due(self.database, source.id, self.clock())
        )
        if not (listings_too or documents_too):
            self.watch.ended(Crawled(source.id, "not due", {}, ()))
            return
        keeper = Keeper(self.database, self.archive, source.origin, self.clock)
        host = host_of(source.listing.urls[0])
        standing = self.hosts.standing(host)
        if standing.holds(self.clock()) and standing.not_before is not None:
            told = f"{source.id}: {host}: {held(standing)}"
            keeper.put_off(standing.not_before)
            self._ended(Crawled(source.id, "waiting", {}, (told,)))
            return
        if source.fetch.render and (lacking := browser.lacks()):
            self._ended(Crawled(source.id, "failed", {}, (f"{source.id}: {lacking}",)))
            return
        settings = self._settings_of(source)
        if source.fetch.render:
            async with self._browsers, self._gate() as gate:
                browser.equip(settings, gate.url)
                await self._crawl(source, keeper, settings, listings_too=listings_too)
        else:
            await self._crawl(source, keeper, settings, listings_too=listings_too)

    def _gate(self) -> Gate:
        limits = self.terms.limits
        return Gate(
            allow_private=self.terms.allow_private, max_bytes=limits.max_bytes, lasts_s=limits.timeout_s
        )

    async def _crawl(self, source: Source, keeper: Keeper, settings: Settings, *, listings_too: bool) -> None:
        terms = self.terms
        run = keeper.begin()
        self._open[source.id] = run
        self.watch.began(source, run.id)
        crawler = Crawler(SourceSpider, settings)
        crawling = self.process.crawl(
            crawler,
            source=source,
            keeper=keeper,
            hosts=self.hosts,
            listings_too=listings_too,
            most_rechecks=None if terms.everything else terms.most_rechecks,
            full=terms.full,
            report=self.watch.tell,
        )
        noting = asyncio.get_running_loop().create_task(self._note(source, run, crawler))
        holding = asyncio.get_running_loop().create_task(self._hold(crawler))
        try:
            await crawling
        finally:
            noting.cancel()
            holding.cancel()
        spider = crawler.spider
        assert isinstance(spider, SourceSpider)
        if spider.failure:
            raise spider.failure
        stats = crawler.stats.get_stats() if crawler.stats else {}
        reason = stats.get("finish_reason")
        if reason not in ("finished", LIMIT_REACHED):
            self.is_interrupted = True
            run.interrupt(spider.counts)
            self._ended(
                Crawled(
                    source.id, "interrupted", dict(spider.counts), tell_problems(source.id, spider.problems)
                )
            )
            return
        crawled = _judge(spider, broken=any(key.startswith("spider_exceptions/") for key in stats))
        now = self.clock()
        run.finish(
            crawled.outcome,
            crawled.counts,
            terms.next_due(source, now) if listings_too else None,
            now + RESUME if reason == LIMIT_REACHED else _tomorrow(now) if spider.left else None,
        )
        self._ended(crawled)

    def cut_short(self) -> None:
        """The reactor was stopped before the crawls ended: by a signal that came while one was being opened, which
        Scrapy can't stop in order then, or by a second one. What was fetched is kept, the rest stays due."""
        for source_id, run in list(self._open.items()):
            run.interrupt({})
            self._ended(Crawled(source_id, "interrupted", {}, ()))

    def _settings_of(self, source: Source) -> Settings:
        settings = self.process.settings.copy()
        # As a command line's: of the project's priority a crawl has the project's own values again (Scrapy 2.19).
        own = {
            "DOWNLOAD_DELAY": source.fetch.delay,
            "CONCURRENT_REQUESTS_PER_DOMAIN": source.fetch.concurrency,
            "AUTOTHROTTLE_TARGET_CONCURRENCY": source.fetch.concurrency,
            "CLOSESPIDER_PAGECOUNT": self.terms.most_requests,
        }
        settings.setdict(own, priority="cmdline")
        return settings

    async def _note(self, source: Source, run: runs.Run, crawler: Crawler) -> None:
        """Tell how far it is, from time to time, until it has ended."""
        told: dict[str, int] = {}
        while True:
            await asyncio.sleep(PROGRESS_S)
            counts = dict(crawler.spider.counts) if isinstance(crawler.spider, SourceSpider) else {}
            if counts != told:
                run.progress(counts)
                self.watch.progress(source, counts)
                told = counts

    async def _hold(self, crawler: Crawler) -> None:
        """End the crawl when what it claimed is lost: another process may be at the host."""
        while self.failure is None:
            await asyncio.sleep(HOLD_S)
            try:
                self.claims.hold()
            except OperatorError as error:
                self.failure = error
        await crawler.stop_async()

    def _ended(self, crawled: Crawled) -> None:
        self._open.pop(crawled.source, None)
        self.crawled.append(crawled)
        self.watch.ended(crawled)


def _tomorrow(now: dt.datetime) -> dt.datetime:
    """When the budget of the day (UTC) is new."""
    return dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), dt.UTC)


def _judge(spider: SourceSpider, *, broken: bool) -> Crawled:
    answered = spider.counts["listings"]
    outcome = "done" if not spider.problems else "degraded" if answered else "failed"
    problems = tell_problems(spider.source.id, spider.problems)
    if broken:
        outcome = "failed"
        spider.counts["broke"] += 1
        problems += (f"{spider.source.id}: Yaodian itself failed; logs/crawl.log tells where",)
    return Crawled(spider.source.id, outcome, dict(spider.counts), problems)
