"""scrapy-playwright's download handler, with bounds; imported only where the optional part `render` is installed."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy_playwright.handler import ScrapyPlaywrightDownloadHandler

from crawler.browser import CLOSES_S, SETTLES_S, bounded, is_rendered


class Rendering(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """A page has the time and the bytes of any other answer, and is closed at their end."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._timeout_s = crawler.settings.getfloat("DOWNLOAD_TIMEOUT") + SETTLES_S
        self._max_bytes = crawler.settings.getint("DOWNLOAD_MAXSIZE")

    async def download_request(self, request: Request) -> Response:
        download = super().download_request(request)
        if not is_rendered(request):
            answer: Response = await download
            return answer
        try:
            return await bounded(download, self._timeout_s, self._max_bytes)
        finally:
            await self._close_pages()

    async def _close_pages(self) -> None:
        """One page at a time: what is open still is one that went on for too long."""
        for wrapper in list(self.context_wrappers.values()):
            for page in wrapper.context.pages:
                with suppress(TimeoutError):
                    await asyncio.wait_for(page.close(), CLOSES_S)
