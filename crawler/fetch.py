"""Fetching a few pages outside of any crawl, one after the other, with the same manners and the same guard."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import TypeVar

import scrapy
from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from crawler import browser, reactor
from crawler.gate import Gate
from crawler.limits import Asker
from crawler.middlewares.guard import RefusedAddress
from crawler.wire import capture_of, plainly
from store.errors import OperatorError, Unreachable
from store.flow import Capture
from store.said import said

T = TypeVar("T")
Answer = Capture | Unreachable
DELAY_S = 1.0


class Rendered(str):
    """An address that a browser opens, so that the page's scripts are run first."""

    __slots__ = ()


def as_asked(url: str, *, render: bool) -> str:
    return Rendered(url) if render else url


class PageSpider(scrapy.Spider):
    """Fetches what a dialogue asks for, and gives it the answers."""

    name = "page"

    def __init__(self, ask: Callable[[Answer | None], str | None]) -> None:
        super().__init__()
        self.ask = ask

    async def start(self) -> AsyncIterator[Request]:
        for request in self._next(None):
            yield request

    def on_page(self, response: Response) -> Iterator[Request]:
        yield from self._next(capture_of(response, lambda: dt.datetime.now(dt.UTC)))

    def on_failure(self, failure: Failure) -> Iterator[Request]:
        url: str = failure.request.url  # type: ignore[attr-defined]
        if isinstance(failure.value, RefusedAddress):
            yield from self._next(Unreachable(failure.value.says, failure.value.url))
        else:
            yield from self._next(Unreachable(plainly(failure), url))

    def _next(self, answer: Answer | None) -> Iterator[Request]:
        url = self.ask(answer)
        while url is not None:
            try:
                meta = browser.marked() if isinstance(url, Rendered) else {}
                yield Request(
                    url, callback=self.on_page, errback=self.on_failure, meta=meta, dont_filter=True
                )
                return
            except ValueError as error:
                url = self.ask(Unreachable(said("no web address: {error}", error=error), url))


def converse(
    dialogue: Generator[str, Answer, T], asker: Asker, *, render: bool = False, delay_s: float = DELAY_S
) -> T:
    """What a dialogue comes to that yields addresses and is given captures, of whatever status, or why there is none.
    One that yields `Rendered` addresses says so by `render`.

    Call it once a process: a reactor can't start twice. What the dialogue raises is raised, and OperatorError where
    there is no browser to render with."""
    if render and (lacking := browser.lacks()):
        raise OperatorError(lacking)
    results: list[T] = []
    failures: list[Failure] = []

    def ask(answer: Answer | None) -> str | None:
        try:
            return next(dialogue) if answer is None else dialogue.send(answer)
        except StopIteration as end:
            results.append(end.value)
        return None

    def broke(failure: Failure) -> None:
        failures.append(failure)

    settings = _settings(asker, delay_s)
    process = AsyncCrawlerProcess(settings)
    crawler = Crawler(PageSpider, settings)
    crawler.signals.connect(broke, signals.spider_error)
    task = reactor.run(process, _crawl(process, crawler, asker, ask, render=render))
    if task.done():
        task.result()
    if failures:
        failures[0].raiseException()
    if not results:
        raise Unreachable(said("the fetching was broken off"))
    return results[0]


async def _crawl(
    process: AsyncCrawlerProcess,
    crawler: Crawler,
    asker: Asker,
    ask: Callable[[Answer | None], str | None],
    *,
    render: bool,
) -> None:
    if not render:
        await process.crawl(crawler, ask=ask)
        return
    limits = asker.limits
    async with Gate(
        allow_private=asker.allow_private, max_bytes=limits.max_bytes, lasts_s=limits.timeout_s
    ) as gate:
        browser.equip(crawler.settings, gate.url)
        await process.crawl(crawler, ask=ask)


def fetch(url: str, asker: Asker, *, render: bool = False) -> Capture:
    """One page. Raises Unreachable. Call it once a process: a reactor can't start twice."""
    return converse(page(as_asked(url, render=render)), asker, render=render)


def page(url: str) -> Generator[str, Answer, Capture]:
    """A dialogue for one page that is there. Raises Unreachable."""
    answer = yield url
    if isinstance(answer, Unreachable):
        raise answer
    if answer.status != 200:
        raise Unreachable(said("the site answers {status}", status=answer.status), url)
    return answer


def _settings(asker: Asker, delay_s: float) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("LOG_ENABLED", False)
    # As a command line's: of the project's priority a crawl has the project's own values again (Scrapy 2.19).
    own = {
        "ALLOW_PRIVATE_ADDRESSES": asker.allow_private,
        "DOWNLOAD_TIMEOUT": asker.limits.timeout_s,
        "DOWNLOAD_MAXSIZE": asker.limits.max_bytes,
        "DOWNLOAD_DELAY": delay_s,
    }
    settings.setdict(own, priority="cmdline")
    if asker.contact:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} {asker.contact}", priority="cmdline")
    return settings
