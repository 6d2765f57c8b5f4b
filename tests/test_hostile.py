"""Sites that mean harm cost a bounded time and memory, are reported, and keep no other site from being read."""

from __future__ import annotations

import resource
from contextlib import ExitStack
from pathlib import Path

import hostile
import pytest
from conftest import Run
from test_polite import SOURCE, Site
from test_polite import served as site_served

pytestmark = pytest.mark.one_database
LIMITS = {
    "YAODIAN_FETCH_TIMEOUT": "3",
    "YAODIAN_FETCH_MAX_BYTES": str(24 << 20),
    "YAODIAN_LISTING_MAX_PAGES": "20",
}
MOST_MEMORY = 1 << 30
"""Bytes of any process so far; the 500 000 links of 12 MB are the page that needs most."""


def test_hostile_sites_are_bounded_and_told_and_the_others_are_read(data: Path, yaodian: Run) -> None:
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(hostile.served(answer)) for name, (answer, _) in hostile.SITES.items()
        }
        urls["good"] = stack.enter_context(site_served(Site()))
        for name, url in urls.items():
            text = SOURCE.format(id=name, url=url).replace("item: li}", "item: li, next: a.next::attr(href)}")
            (data / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
        crawled = yaodian("crawl", *urls, "--full", **LIMITS)
    told = crawled.stderr.splitlines()
    for name, (_, says) in hostile.SITES.items():
        mine = [line for line in told if line.startswith(f"yaodian: {name}: ")]
        assert any(says in line for line in mine), (name, mine)
    assert crawled.stdout.count("new       good") == 12
    assert "good: done" in crawled.stdout
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MOST_MEMORY
