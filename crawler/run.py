"""Running crawls: sources of one host one after the other, hosts side by side, in this process."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings

from crawler import browser
from crawler.gate import Gate
from crawler.manners import held, host_of
from crawler.sources.schema import Source
from crawler.spiders.source import Report, SourceSpider
from store.archive import Archive
from store.database import Database
from store.errors import OperatorError
from store.hosts import Hosts
from store.keep import Clock, Keeper
from store.locks import Claims

HOSTS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What one site may cost: seconds and bytes of one answer, and pages of one listing that one back-fill reads."""

    timeout_s: float = 60
    max_bytes: int = 16 << 20
    listing_pages: int = 2000


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all crawls of a process. `insists` says that a person asks for them now; `next_due` tells when a source crawled at a moment is due again."""

    data: Path
    contact: str
    allow_private: bool
    everything: bool
    full: bool
    next_due: Callable[[Source, dt.datetime], dt.datetime]
    insists: bool = False
    limits: Limits = Limits()


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
    sources: Iterable[Source], database: Database, clock: Clock, terms: Terms, report: Report
) -> list[Crawled]:
    """Crawl each source once; blocks until all have ended. Call it once a process: a reactor can't start twice.

    Raises OperatorError when the operator has to act first (a full disk, a lost database); what was fetched until
    then is kept.
    """
    archive = Archive(terms.data / "warc")
    archive.settle()
    process = AsyncCrawlerProcess(_settings(terms))
    with Claims(database) as claims:
        crowd = _Crowd(process, database, claims, archive, clock, terms, report)
        task = asyncio.get_event_loop().create_task(crowd.run(list(sources)))
        task.add_done_callback(lambda _: _stop())
        try:
            process.start(stop_after_crawl=False)
        finally:
            archive.close()
    if crowd.failure:
        raise crowd.failure
    if task.done():
        task.result()
    return crowd.crawled


def _stop() -> None:
    from twisted.internet import reactor  # the reactor that was installed by AsyncCrawlerProcess

    reactor.stop()  # type: ignore[misc]


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
        report: Report,
    ) -> None:
        self.process = process
        self.database = database
        self.claims = claims
        self.archive = archive
        self.clock = clock
        self.terms = terms
        self.report = report
        self.crawled: list[Crawled] = []
        self.failure: OperatorError | None = None
        self.is_interrupted = False
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
        try:
            if self.claims.take(source.id):
                await self._source(source)
                self.claims.release(source.id)
            else:
                told = f"{source.id}: another process crawls it at this moment; it is left to that one"
                self.crawled.append(Crawled(source.id, "busy", {}, (told,)))
        except OperatorError as error:
            self.failure = error

    async def _source(self, source: Source) -> None:
        keeper = Keeper(self.database, self.archive, source.origin, self.clock)
        host = host_of(source.listing.urls[0])
        standing = self.hosts.standing(host)
        if standing.holds(self.clock()) and standing.not_before is not None:
            told = f"{source.id}: {host}: {held(standing)}"
            self.crawled.append(Crawled(source.id, "waiting", {}, (told,)))
            keeper.put_off(standing.not_before)
            return
        if source.fetch.render and (lacking := browser.lacks()):
            self.crawled.append(Crawled(source.id, "failed", {}, (f"{source.id}: {lacking}",)))
            return
        settings = self.process.settings.copy()
        # As a command line's: of the project's priority a crawl has the project's own values again (Scrapy 2.19).
        own = {
            "DOWNLOAD_DELAY": source.fetch.delay,
            "CONCURRENT_REQUESTS_PER_DOMAIN": source.fetch.concurrency,
            "AUTOTHROTTLE_TARGET_CONCURRENCY": source.fetch.concurrency,
        }
        settings.setdict(own, priority="cmdline")
        if source.fetch.render:
            async with self._browsers, self._gate() as gate:
                browser.equip(settings, gate.url)
                await self._crawl(source, keeper, settings)
        else:
            await self._crawl(source, keeper, settings)

    def _gate(self) -> Gate:
        limits = self.terms.limits
        return Gate(
            allow_private=self.terms.allow_private, max_bytes=limits.max_bytes, lasts_s=limits.timeout_s
        )

    async def _crawl(self, source: Source, keeper: Keeper, settings: Settings) -> None:
        run = keeper.begin()
        crawler = Crawler(SourceSpider, settings)
        await self.process.crawl(
            crawler,
            source=source,
            keeper=keeper,
            hosts=self.hosts,
            everything=self.terms.everything,
            full=self.terms.full,
            report=self.report,
        )
        spider = crawler.spider
        assert isinstance(spider, SourceSpider)
        if spider.failure:
            raise spider.failure
        stats = crawler.stats.get_stats() if crawler.stats else {}
        if stats.get("finish_reason") != "finished":
            # Ctrl-C or SIGTERM: the run stays open as a killed one does, and the source stays due.
            self.is_interrupted = True
            self.crawled.append(
                Crawled(source.id, "interrupted", dict(spider.counts), tuple(spider.problems))
            )
            return
        crawled = _judge(spider, broken=any(key.startswith("spider_exceptions/") for key in stats))
        self.crawled.append(crawled)
        keeper.finish(run, crawled.outcome, crawled.counts, self.terms.next_due(source, self.clock()))


def _judge(spider: SourceSpider, *, broken: bool) -> Crawled:
    answered = spider.counts["listings"]
    outcome = "done" if not spider.problems else "degraded" if answered else "failed"
    problems = tuple(spider.problems)
    if broken:
        outcome = "failed"
        spider.counts["broke"] += 1
        problems += (f"{spider.source.id}: Yaodian itself failed; logs/crawl.log tells where",)
    return Crawled(spider.source.id, outcome, dict(spider.counts), problems)
