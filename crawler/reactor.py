"""Scrapy's reactor from the outside: a coroutine is run to its end, and nothing after it. Once a process."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

from scrapy.crawler import AsyncCrawlerProcess
from twisted.internet.error import ReactorNotRunning

T = TypeVar("T")


def run(process: AsyncCrawlerProcess, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
    """Blocks until the work has ended, or a signal has stopped it: then the task is not done. A reactor can't start
    twice."""
    task = asyncio.get_event_loop().create_task(work)
    task.add_done_callback(lambda _: _stop())
    process.start(stop_after_crawl=False)
    return task


def _stop() -> None:
    from twisted.internet import reactor  # the reactor that was installed by AsyncCrawlerProcess

    with suppress(ReactorNotRunning):  # a signal came first
        reactor.stop()  # type: ignore[misc]
