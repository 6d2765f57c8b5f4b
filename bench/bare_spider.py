"""Scrapy with nothing around it: follow the lists, take title and text of each article. What crawling costs at least."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response


class Bare(scrapy.Spider):
    name = "bare"

    def parse(self, response: Response) -> Iterator[Any]:
        yield from response.follow_all(css="ul.list a", callback=self.article)
        yield from response.follow_all(css="a.next", callback=self.parse)

    def article(self, response: Response) -> Iterator[dict[str, str | None]]:
        yield {
            "url": response.url,
            "title": response.css("h1::text").get(),
            "text": "\n".join(response.css("#article p::text").getall()),
        }


if __name__ == "__main__":
    url, out = sys.argv[1:]
    process = CrawlerProcess(
        {
            "LOG_LEVEL": "ERROR",
            "FEEDS": {out: {"format": "jsonlines", "encoding": "utf-8"}},
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": True,
        }
    )
    process.crawl(Bare, start_urls=[f"{url}list/1.html"])
    process.start()
