"""Pages made to be slow, large or confusing: read as `yaodian extract` and a crawl read them, in bounded time and memory."""

from __future__ import annotations

import datetime as dt
import random
import resource
import time
from collections.abc import Callable, Iterator

from bench import hostile_pages
from bench.attacks import Attempt, Ground
from crawler import safe_reading
from crawler.extraction import limits
from crawler.reader_process import WALL_S
from store.errors import SiteError
from store.flow import Capture

TITLE = "pages that are slow or large to read"
BOTH_DATABASES = False

BLOCKS_S = 1.0
"""CPU seconds for which a page may keep everything else waiting; the slowest takes 0.4 s of a core of 2020."""
REST_S = 5.0
"""What the start of a reader process and a loaded machine may add to its limit."""
MEMORY = 300 << 20
"""Bytes by which the reading process itself may grow."""
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
    """The largest page of a kind that is read in the process itself."""
    while size > 1000:
        body = make(size)
        if limits.is_small(body):
            return body
        size = size * 3 // 4
    return make(size)


def judge(name: str, body: bytes) -> Attempt:
    """Read a page; a breach says what it cost, or what it raised."""
    capture = Capture("http://jyj.example.gov.cn/a/1.html", 200, (("Content-Type", "text/html"),), body, WHEN)
    memory = _peak()
    cpu, wall = time.process_time(), time.monotonic()
    try:
        safe_reading.read_document(capture)
    except SiteError:
        pass
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return Attempt(name, f"raised {error!r:.200}")
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    if cpu > BLOCKS_S or wall > WALL_S + REST_S:
        return Attempt(name, f"took {cpu:.1f} s of CPU and {wall:.1f} s")
    if _peak() - memory > MEMORY:
        return Attempt(name, f"took {(_peak() - memory) >> 20} MB")
    return Attempt(name)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
