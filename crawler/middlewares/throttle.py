"""The delay between two requests follows a server's own pace: Scrapy's AutoThrottle, for a crawl that is answered 304."""

from __future__ import annotations

from scrapy.core.downloader import Slot
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http import Response


class Throttle(AutoThrottle):
    """Scrapy lets the delay rise by any answer and fall by 200 alone, since error pages come fast. Where nothing
    changed all answers are 304, and one slow moment would hold for the rest of the crawl: 304 is as good as 200."""

    def _adjust_delay(self, slot: Slot, latency: float, response: Response) -> None:
        counted = response.replace(status=200) if response.status == 304 else response
        super()._adjust_delay(slot, latency, counted)
