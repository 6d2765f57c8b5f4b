"""Against nginx with its defaults: a second crawl is answered 304 throughout, and no two requests overlap."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Run
from test_polite import LIST, PAGE, SOURCE

from bench import nginx

pytestmark = [
    pytest.mark.one_database,
    pytest.mark.skipif(nginx.PROGRAM is None, reason=nginx.MISSING),
]


def test_a_second_crawl_is_304_throughout_and_one_request_at_a_time(
    data: Path, yaodian: Run, tmp_path: Path
) -> None:
    with nginx.running(tmp_path / "nginx") as site:
        (site.www / "index.html").write_text(LIST, encoding="utf-8")
        for n in range(12):
            (site.www / f"{n}.html").write_text(PAGE, encoding="utf-8")
        for source in ("one", "two"):
            (data / "sources" / f"{source}.yaml").write_text(
                SOURCE.format(id=source, url=site.url), encoding="utf-8"
            )
        assert yaodian("crawl", "one", "two").returncode == 0
        first = site.told()
        assert yaodian("crawl", "one", "two").returncode == 0
        second = site.told()[len(first) :]
    pages = [told for told in second if told.path != "/robots.txt"]
    assert len(pages) == 26
    assert [told.status for told in pages] == [304] * 26
    in_order = sorted((*first, *second), key=lambda told: told.ended)
    for before, after in pairwise(in_order):
        assert after.began >= before.ended - 0.002  # the log has milliseconds
