"""Turns at a host: no more requests at a time than its source allows, none before the host may be asked again.

Over all crawls of this process. Scrapy's own limit (CONCURRENT_REQUESTS_PER_DOMAIN) counts a request only when its task
starts: in 2.19 a burst of queued requests gets through before the first is counted, and two crawls of one host don't
know of each other. A source's delay, and a slow server's (AutoThrottle), are left to Scrapy.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser

from crawler import manners
from crawler.wire import in_words
from store.flow import Standing

TURN = "host_turn"
ROBOTS = "dont_obey_robotstxt"
"""Scrapy's own mark of a request for robots.txt: that one tells nothing of how the site's pages are guarded."""


class HostClosed(IgnoreRequest):
    """Nothing is asked of a host for now; `sign` is what that says about the health of a source there."""

    def __init__(self, host: str, sign: str, words: str) -> None:
        super().__init__(words)
        self.host, self.sign = host, sign


class CrawlEnds(IgnoreRequest):
    """The crawl ends before this request had its turn; it was not made, and what it was for stays due."""


class Memory(Protocol):
    """Where it is remembered how hosts stand; see `store.hosts`."""

    clock: Callable[[], dt.datetime]

    def standing(self, host: str) -> Standing: ...

    def keep(self, host: str, standing: Standing) -> None: ...


@dataclass(slots=True)
class Host:
    """A host in this process. `asked_at` is the loop's time at which its last answer ended."""

    name: str
    turn: asyncio.Semaphore
    standing: Standing
    crawl_delay_s: float = 0.0
    asked_at: float = field(default=float("-inf"))


class HostTurns:
    """Stands next to the downloader, so that a turn lasts from the sending of a request to its answer."""

    _hosts: ClassVar[dict[str, Host]] = {}

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.at_a_time = settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        self.patience = dt.timedelta(seconds=settings.getfloat("RETRY_AFTER_PATIENCE"))
        self.longest_crawl_delay_s = settings.getfloat("CRAWL_DELAY_MOST")
        # A page fetched by itself (crawler.fetch) remembers nothing.
        self.memory: Memory | None = getattr(crawler.spider, "hosts", None)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        turns = cls(crawler)
        crawler.signals.connect(turns.robots_parsed, signal=signals.robots_parsed)
        return turns

    def robots_parsed(self, robotparser: RobotParser, request: Request) -> None:
        wish = robotparser.crawl_delay(self.crawler.settings["ROBOTSTXT_USER_AGENT"]) or 0.0
        self._host(request).crawl_delay_s = min(wish, self.longest_crawl_delay_s)

    async def process_request(self, request: Request) -> None:
        host = self._host(request)
        await host.turn.acquire()
        with ExitStack() as undo:
            undo.callback(host.turn.release)
            if self._is_closing:
                raise CrawlEnds("the crawl ends")
            await self._wait(host)
            undo.pop_all()
        request.meta[TURN] = host

    async def _wait(self, host: Host) -> None:
        """Until the host may be asked. Raises HostClosed when that is too long for this crawl."""
        standing = host.standing
        if standing.holds(now := self._now()):
            assert standing.not_before is not None
            if not standing.asked or standing.not_before - now > self.patience:
                raise HostClosed(host.name, standing.sign, manners.held(standing))
            await asyncio.sleep((standing.not_before - now).total_seconds())
        await asyncio.sleep(host.asked_at + host.crawl_delay_s - asyncio.get_running_loop().time())

    def process_response(self, request: Request, response: Response) -> Response | Request:
        host = self._release(request)
        if host is None:
            return response
        wish = (response.headers.get("Retry-After") or b"").decode("latin-1")
        after = manners.after_answer(host.standing, response.status, wish, self._now())
        if after.strain or ROBOTS not in request.meta:
            self._stands(host, request, after)
        if after.asked and after.not_before and after.not_before - self._now() <= self.patience:
            return get_retry_request(request, spider=self._spider, reason="retry after") or response
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        host = self._release(request)
        if host is not None and not isinstance(exception, IgnoreRequest):
            words = in_words(exception)
            self._stands(host, request, manners.after_failure(host.standing, words, self._now()))

    def _stands(self, host: Host, request: Request, after: Standing) -> None:
        # A page that is asked for again because it failed is one failure.
        if after == host.standing or (after.strain and not after.asked and request.meta.get("retry_times")):
            return
        host.standing = after
        if self.memory is not None:
            self.memory.keep(host.name, after)

    def _host(self, request: Request) -> Host:
        name = manners.host_of(request.url)
        if name not in self._hosts:
            standing = self.memory.standing(name) if self.memory else Standing()
            self._hosts[name] = Host(name, asyncio.Semaphore(self.at_a_time), standing)
        return self._hosts[name]

    def _now(self) -> dt.datetime:
        return self.memory.clock() if self.memory else dt.datetime.now(dt.UTC)

    @property
    def _is_closing(self) -> bool:
        """Scrapy says so to nobody before all that was begun has ended, which may take as many turns as it allows."""
        slot = self.crawler.engine._slot if self.crawler.engine else None
        return slot is not None and slot.closing is not None

    @property
    def _spider(self) -> Spider:
        assert self.crawler.spider is not None
        return self.crawler.spider

    @staticmethod
    def _release(request: Request) -> Host | None:
        host: Host | None = request.meta.pop(TURN, None)
        if host is not None:
            host.asked_at = asyncio.get_running_loop().time()
            host.turn.release()
        return host
