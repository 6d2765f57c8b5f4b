"""robots.txt as RFC 9309 has it: where there is none (4xx) all may be asked, where it can't be had (5xx, no answer)
nothing may, until the next crawl."""

from __future__ import annotations

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached

from crawler.manners import host_of
from crawler.middlewares.turns import HostClosed
from crawler.wire import in_words
from store.said import said

LONGEST = 512 << 10
"""Bytes that are read; RFC 9309 §2.5 wants 500 KiB at least."""


class Robots(RobotsTxtMiddleware):
    """Scrapy's, with the RFC's rules for a file that is not there."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._unavailable: dict[str, HostClosed] = {}

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status == 429 or response.status >= 500:
            raise HostClosed(
                host_of(request.url),
                "unreachable",
                said(
                    "its robots.txt can't be had, so nothing is asked: the site answers {status}",
                    status=response.status,
                ),
            )
        text = response.body[:LONGEST] if response.status < 400 else b""
        await super()._parse_robots(response.replace(body=text), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        if isinstance(exc, HostClosed):
            self._unavailable[netloc] = exc
        elif not isinstance(exc, IgnoreRequest):  # which means redirects without end: there is none
            self._unavailable[netloc] = HostClosed(netloc, "unreachable", in_words(exc))
        super()._robots_error(exc, netloc)

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        closed = self._unavailable.get(urlparse_cached(request).netloc)
        if closed is not None:
            raise closed
        super().process_request_2(rp, request)
