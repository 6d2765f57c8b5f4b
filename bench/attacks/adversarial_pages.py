"""Pages made to be slow, large or confusing: read as `yaodian extract` and a crawl read them, in bounded time and memory."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Iterator
from functools import partial

from bench import hostile_pages
from bench.attacks import Attempt, Ground
from bench.reading_costs import measure_reading
from crawler import safe_reading
from crawler.extraction import limits
from store.flow import Capture

TITLE = "pages that are slow or large to read"
BOTH_DATABASES = False

SMALL, SHORT, LARGE = limits.SMALL_BYTES - 1000, 60_000, (1_000_000, 7_000_000)
WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Read every kind of page as large as is read here, mixtures of them, and the largest that are read apart."""
    kinds = sorted(hostile_pages.KINDS)
    if ground.is_short:
        for name in random.Random(1).sample(kinds, 60):
            yield judge(f"{name}, small", small(hostile_pages.KINDS[name], SHORT))
        yield judge("100 000 attributes of one tag", hostile_pages.KINDS["attributes of one tag"](889_000))
        return
    for name in kinds:
        yield judge(f"{name}, small", small(hostile_pages.KINDS[name], SMALL))
        for size in LARGE:
            yield judge(f"{name}, {size:,} bytes", hostile_pages.KINDS[name](size))
    for seed in range(2_000):
        yield judge(
            f"mixed {seed}, small", small(lambda size, seed=seed: hostile_pages.mixed(seed, size), SMALL)
        )


def small(make: Callable[[int], bytes], size: int) -> bytes:
    """Return the largest page of a kind that is small enough to be read in this process."""
    while size > 1000:
        body = make(size)
        if limits.is_small(body):
            return body
        size = size * 3 // 4
    return make(size)


def judge(name: str, body: bytes) -> Attempt:
    """Read a page; a breach says what it cost, or what it raised."""
    capture = Capture("http://jyj.example.gov.cn/a/1.html", 200, (("Content-Type", "text/html"),), body, WHEN)
    return Attempt(name, measure_reading(partial(safe_reading.read_document, capture)).breach)
