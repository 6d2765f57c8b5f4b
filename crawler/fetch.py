"""Fetching a single page outside of any crawl, with the same manners and the same guard."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from crawler.wire import capture_of, plainly
from store.errors import Unreachable
from store.flow import Capture


class PageSpider(scrapy.Spider):
    """Fetches one URL."""

    name = "page"

    def __init__(self, url: str, results: list[Capture | str]) -> None:
        super().__init__()
        self.url = url
        self.results = results

    async def start(self) -> AsyncIterator[Request]:
        yield Request(self.url, callback=self.on_page, errback=self.on_failure)

    def on_page(self, response: Response) -> None:
        self.results.append(capture_of(response, lambda: dt.datetime.now(dt.UTC)))

    def on_failure(self, failure: Failure) -> None:
        self.results.append(plainly(failure))


def fetch(url: str, *, allow_private: bool) -> Capture:
    """One page. Raises Unreachable. Call it once a process: a reactor can't start twice."""
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("ALLOW_PRIVATE_ADDRESSES", allow_private)
    settings.set("LOG_ENABLED", False)
    process = AsyncCrawlerProcess(settings)
    results: list[Capture | str] = []
    process.crawl(PageSpider, url=url, results=results)
    process.start()
    result = results[0] if results else "no answer"
    if isinstance(result, str):
        raise Unreachable(f"{url}: {result}")
    if result.status != 200:
        raise Unreachable(f"{url}: the site answers {result.status}")
    return result
