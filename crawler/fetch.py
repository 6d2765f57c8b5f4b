"""Fetching a few pages outside of any crawl, one after the other, with the same manners and the same guard."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import TypeVar

import scrapy
from scrapy import Request
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

from crawler.wire import capture_of, plainly
from store.errors import Unreachable
from store.flow import Capture

T = TypeVar("T")
Answer = Capture | Unreachable
DELAY_S = 1.0


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
        yield from self._next(Unreachable(f"{url}: {plainly(failure)}"))

    def _next(self, answer: Answer | None) -> Iterator[Request]:
        url = self.ask(answer)
        while url is not None:
            try:
                yield Request(url, callback=self.on_page, errback=self.on_failure, dont_filter=True)
                return
            except ValueError as error:
                url = self.ask(Unreachable(f"{url}: no web address ({error})"))


def converse(
    dialogue: Generator[str, Answer, T], *, allow_private: bool, contact: str = "", delay_s: float = DELAY_S
) -> T:
    """What a dialogue comes to that yields addresses and is given captures, of whatever status, or why there is none.

    Call it once a process: a reactor can't start twice. What the dialogue raises is raised."""
    results: list[T] = []
    errors: list[Exception] = []

    def ask(answer: Answer | None) -> str | None:
        try:
            return next(dialogue) if answer is None else dialogue.send(answer)
        except StopIteration as end:
            results.append(end.value)
        except Exception as error:  # noqa: BLE001 - raised below, when the reactor has stopped
            errors.append(error)
        return None

    process = AsyncCrawlerProcess(_settings(allow_private, contact, delay_s))
    process.crawl(PageSpider, ask=ask)
    process.start()
    if errors:
        raise errors[0]
    if not results:
        raise Unreachable("the fetching was broken off")
    return results[0]


def fetch(url: str, *, allow_private: bool, contact: str = "") -> Capture:
    """One page. Raises Unreachable. Call it once a process: a reactor can't start twice."""
    return converse(page(url), allow_private=allow_private, contact=contact)


def page(url: str) -> Generator[str, Answer, Capture]:
    """A dialogue for one page that is there. Raises Unreachable."""
    answer = yield url
    if isinstance(answer, Unreachable):
        raise answer
    if answer.status != 200:
        raise Unreachable(f"{url}: the site answers {answer.status}")
    return answer


def _settings(allow_private: bool, contact: str, delay_s: float) -> Settings:
    settings = Settings()
    settings.setmodule("crawler.settings", priority="project")
    settings.set("ALLOW_PRIVATE_ADDRESSES", allow_private)
    settings.set("LOG_ENABLED", False)
    settings.set("DOWNLOAD_DELAY", delay_s)
    if contact:
        settings.set("USER_AGENT", f"{settings['USER_AGENT']} {contact}")
    return settings
