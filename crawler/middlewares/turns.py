"""Turns at a host: no more requests at a time than its source allows, over all crawls of this process.

Scrapy's own limit (CONCURRENT_REQUESTS_PER_DOMAIN) counts a request only when its task starts: in 2.19 a burst of
queued requests gets through before the first is counted, and two crawls of one host don't know of each other.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

TURN = "host_turn"


class HostTurns:
    """Stands next to the downloader, so that a turn lasts from the sending of a request to its answer."""

    _turns: ClassVar[dict[str, asyncio.Semaphore]] = {}

    def __init__(self, at_a_time: int) -> None:
        self.at_a_time = at_a_time

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN"))

    async def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        turn = self._turns.setdefault(host, asyncio.Semaphore(self.at_a_time))
        await turn.acquire()
        request.meta[TURN] = turn

    def process_response(self, request: Request, response: Response) -> Response:
        self._release(request)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        self._release(request)

    @staticmethod
    def _release(request: Request) -> None:
        turn: asyncio.Semaphore | None = request.meta.pop(TURN, None)
        if turn is not None:
            turn.release()
