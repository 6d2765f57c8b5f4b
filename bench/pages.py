"""The web pages under load: server time of each kind of page with many requests at a time, its bytes and its requests.

python -m bench.pages [--at-once 50] [--requests 1000]

The sample web's archive after its last day is served by `yaodian serve` in a process of its own, on SQLite; the requests come
from another. Time is from the request to the last byte, of answers as they are and of those that a browser has already.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from bench.service_process import prepare, serving

WAYS = {
    "news": "/",
    "week": "/digest",
    "plans": "/plans",
    "search": "/search?q=%E8%AF%BE%E5%90%8E%E6%9C%8D%E5%8A%A1",
    "trends": "/trends?q=%E6%95%99%E8%82%B2",
    "calendar": "/calendar",
    "sources": "/sources",
    "API changes": "/api/v1/changes",
    "feed": "/feeds/changes.atom",
}
LINKS = {
    "plan": ("/plans", r'href="(/plans/p[a-z2-7]{12})"'),
    "difference": ("/", r'href="(/documents/[a-z0-9]+/diff/[0-9.]+)"'),
    "item": ("/plan", r'href="(/documents/[a-z0-9]+/item\?[^"]+)"'),
}
STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')


def main() -> int:
    given = argparse.ArgumentParser()
    given.add_argument("--at-once", type=int, default=50)
    given.add_argument("--requests", type=int, default=1000)
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        data = Path(folder) / "data"
        prepare(data, with_archive=True)
        site = stack.enter_context(serving(data)).url
        pages = addresses(site)
        print(f"{asked.at_once} at a time, {asked.requests} requests a page, ms of wall")
        print(
            f"{'page':14}{'alone':>8}{'p50':>8}{'p95':>8}{'a second':>10}{'bytes':>9}{'packed':>8}{'requests':>10}"
        )
        for name, path in pages.items():
            alone = asyncio.run(loaded(site, path, 1, 20))
            times = asyncio.run(loaded(site, path, asked.at_once, asked.requests))
            whole = sum(times) / asked.at_once
            size, packed, requests = weight(site, path)
            p95 = statistics.quantiles(times, n=20)[-1]
            print(
                f"{name:14}{statistics.median(alone) * 1000:8.1f}{statistics.median(times) * 1000:8.1f}{p95 * 1000:8.1f}"
                f"{len(times) / whole:10.0f}{size:9}{packed:8}{requests:10}"
            )
    return 0


def addresses(site: str) -> dict[str, str]:
    found = dict(WAYS)
    for name, (page, link) in LINKS.items():
        html = httpx.get(site + found.get(page.strip("/"), page)).text
        match = re.search(link, html)
        if match:
            found[name] = match[1].replace("&amp;", "&")
    return found


async def loaded(site: str, path: str, at_once: int, requests: int) -> list[float]:
    """The seconds that each request took."""
    left = iter(range(requests))
    times: list[float] = []
    # Each reader is somebody else: what one address may ask in a minute is not what is measured.
    limits = httpx.Limits(max_connections=at_once)
    async with httpx.AsyncClient(limits=limits, timeout=60) as client:

        async def reader() -> None:
            for _ in left:
                begun = time.perf_counter()
                answer = await client.get(site + path)
                times.append(time.perf_counter() - begun)
                if answer.status_code not in (200, 429):
                    raise SystemExit(f"{path}: {answer.status_code}")

        await asyncio.gather(*(reader() for _ in range(at_once)))
    return times


def weight(site: str, path: str) -> tuple[int, int, int]:
    """Bytes of a page with all that it needs, the same as they are sent, and how many requests that takes."""
    size = packed = 0
    waiting = {path}
    with httpx.Client() as client:
        page = client.get(site + path).text
        waiting |= set(STATIC.findall(page))
        for address in waiting:
            answer = client.get(site + address)
            size += len(answer.content)
            packed += answer.num_bytes_downloaded
    return size, packed, len(waiting)


if __name__ == "__main__":
    sys.exit(main())
