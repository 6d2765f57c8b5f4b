"""A host that asks for time gets it: Crawl-delay, Retry-After, a robots.txt that can't be had, and what is remembered."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import test_polite
from conftest import Run
from sqlalchemy import select, update
from test_polite import LIST, SOURCE, Site, served

from store import models as rows
from store.database import Database
from store.rechecks import pause, urgency

pytestmark = pytest.mark.one_database


class Grudging(Site):
    """Answers of its own for some paths: a status, headers, and how often."""

    def __init__(self, refusals: Mapping[str, tuple[int, Mapping[str, str], int]], robots: str = "") -> None:
        super().__init__(robots)
        self.refusals = refusals
        self.moments: list[float] = []

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.moments.append(time.monotonic())
        status, headers, times = self.refusals.get(handler.path, (200, {}, 0))
        if sum(path == handler.path for path, _ in self.asked) >= times:
            super().answer(handler)
            return
        self.asked.append((handler.path, dict(handler.headers)))
        handler.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]


def watch(data: Path, url: str, schedule: str = "1m") -> None:
    text = SOURCE.format(id="one", url=url) + f"schedule: {{every: {schedule}}}\n"
    (data / "sources" / "one.yaml").write_text(text, encoding="utf-8")


def test_crawl_delay_is_kept_between_any_two_requests(data: Path, yaodian: Run) -> None:
    site = Grudging({}, "User-agent: *\nCrawl-delay: 0.2\n")
    with served(site) as url:
        watch(data, url)
        assert yaodian("crawl", "one").returncode == 0
    gaps = [after - before for before, after in zip(site.moments, site.moments[1:], strict=False)]
    assert len(gaps) == 13
    assert min(gaps) >= 0.2


def test_a_short_retry_after_is_waited_for(data: Path, yaodian: Run) -> None:
    site = Grudging({"/5.html": (503, {"Retry-After": "1"}, 1)})
    with served(site) as url:
        watch(data, url)
        crawled = yaodian("crawl", "one")
    assert crawled.returncode == 0, crawled.stderr
    refused = site.paths().index("/5.html")
    assert site.moments[refused + 1] - site.moments[refused] >= 0.95
    assert site.paths().count("/5.html") == 2


def test_a_long_retry_after_ends_the_crawl_and_is_remembered(data: Path, yaodian: Run) -> None:
    site = Grudging({"/5.html": (429, {"Retry-After": "3600"}, 1)})
    with served(site) as url:
        watch(data, url)
        crawled = yaodian("crawl", "one")
        asked = len(site.asked)
        again = yaodian("crawl", "one")
        assert len(site.asked) == asked
        assert yaodian("crawl").stdout == "nothing is due\n"
        _forget_the_wish(data)
        assert yaodian("crawl", "one").stdout.startswith("new ")
    assert site.paths()[asked - 1] == "/5.html"
    assert crawled.returncode == 1
    assert crawled.stderr.count("is left alone until") == 1
    assert "blocked: the site answers 429" in crawled.stderr
    assert again.returncode == 1
    assert "one: waiting" in again.stdout
    assert "as it asks: the site answers 429" in again.stderr


def _forget_the_wish(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.write() as session:
        session.execute(update(rows.Host).values(not_before=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)))
    database.close()


def test_a_site_that_refuses_everybody_is_asked_three_times_and_left_alone_by_the_clock(
    data: Path, yaodian: Run
) -> None:
    site = Grudging({f"/{n}.html": (412, {}, 99) for n in range(12)})
    with served(site) as url:
        watch(data, url)
        crawled = yaodian("crawl", "one")
        assert len(site.asked) == 2 + 3
        assert "since it refuses or fails time and again: the site answers 412" in crawled.stderr
        # What is due waits; what a person asks for is asked.
        _make_due(data)
        assert "one: waiting" in yaodian("crawl").stdout
        assert len(site.asked) == 5
        yaodian("crawl", "one")
    assert len(site.asked) > 5


def _make_due(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.write() as session:
        session.execute(update(rows.Source).values(next_due_at=None))
    database.close()


@pytest.mark.parametrize("status", [403, 404])
def test_where_there_is_no_robots_txt_all_may_be_asked(data: Path, yaodian: Run, status: int) -> None:
    site = Grudging({"/robots.txt": (status, {}, 99)})
    with served(site) as url:
        watch(data, url)
        assert yaodian("crawl", "one").returncode == 0
    assert len(site.asked) == 14


def test_where_robots_txt_can_not_be_had_nothing_is_asked(data: Path, yaodian: Run) -> None:
    site = Grudging({"/robots.txt": (500, {}, 99)})
    with served(site) as url:
        watch(data, url)
        crawled = yaodian("crawl", "one")
    assert set(site.paths()) == {"/robots.txt"}
    assert "robots.txt can't be had, so nothing is asked: the site answers 500" in crawled.stderr
    assert "one: failed" in crawled.stdout


def test_the_tenth_check_asks_for_the_whole_since_servers_lie(data: Path, yaodian: Run) -> None:
    """This site's pages change and its validators don't: it answers 304 whatever stands there."""
    site = Liar()
    with served(site) as url:
        watch(data, url)
        yaodian("crawl", "one")
        site.figure = "33"
        believed = yaodian("crawl", "one")
        _believe(data, 9)
        doubted = yaodian("crawl", "one")
    assert "changed   " not in believed.stdout
    assert doubted.stdout.count("changed ") == 12


class Liar(Site):
    figure = "32"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.headers["If-None-Match"]:
            handler.send_response(304)
            handler.end_headers()
            return
        text = LIST if handler.path == "/" else PAGE.format(self.figure)
        body = b"" if handler.path == "/robots.txt" else text.encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Type", "text/html; charset=utf-8")
        handler.send_header("ETag", '"for ever"')
        handler.end_headers()
        handler.wfile.write(body)


PAGE = "<title>某县2026年工作计划</title><p>一、总体要求</p><p>1.抓好落实。全县{}所学校都要抓好各项工作的落实。</p>"


def _believe(data: Path, times: int) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.write() as session:
        session.execute(update(rows.Document).values(believed=times))
        session.execute(update(rows.ListingPage).values(believed=times))
    database.close()


class Stubborn(Site):
    """The first dozen documents that it is asked for fail, today and ever after."""

    fails = 12

    def page(self, path: str) -> str:
        lines = (f'<li><a href="/{n}.html">某县2026年第{n}号工作计划</a></li>' for n in range(16))
        return f"<ul>{''.join(lines)}</ul>" if path == "/" else super().page(path)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        documents = [path for path in dict.fromkeys(path for path, _ in self.asked) if path.endswith("html")]
        failing = documents[: self.fails]
        is_new = handler.path.endswith("html") and handler.path not in documents
        if handler.path in failing or (is_new and len(failing) < self.fails):
            self.asked.append((handler.path, {}))
            handler.send_error(403)
        else:
            super().answer(handler)


def test_documents_that_fail_keep_no_crawl_from_the_others(data: Path, yaodian: Run) -> None:
    site = Stubborn()
    with served(site) as url:
        watch(data, url)
        first = yaodian("crawl", "one")
        second = yaodian("crawl", "one")
    assert first.stdout.count("new       one") == 0
    assert second.stdout.count("new       one") == 4
    # What failed has a pause, the longer the more often it did.
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.read() as session:
        failed = list(session.scalars(select(rows.Document).where(rows.Document.failures > 0)))
    database.close()
    assert len(failed) == site.fails
    for row in failed:
        assert row.next_check_at is not None
        assert row.next_check_at - row.found_at >= pause(row.failures)


def test_the_pause_after_a_failure_doubles_up_to_a_week_and_then_it_is_urgent() -> None:
    hours = [pause(failures) / dt.timedelta(hours=1) for failures in (1, 2, 3, 8, 9, 1000)]
    assert hours == [1, 2, 4, 128, 168, 168]
    now = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
    never, resting = urgency(now, None, None), urgency(now, None, now + dt.timedelta(minutes=9), 3)
    due = urgency(now, None, now - dt.timedelta(minutes=9), 3)
    assert never < due < -1 < resting


def test_a_crawl_that_may_ask_no_more_leaves_the_rest_to_a_later_one(
    data: Path, yaodian: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (f'<li><a href="/{n}.html">某县2026年第{n}号工作计划</a></li>' for n in range(12))
    monkeypatch.setattr(test_polite, "LIST", f"<ul>{''.join(lines)}</ul>")
    site = Grudging({})
    with served(site) as url:
        watch(data, url)
        cut = yaodian("crawl", "one", "--most-requests", "5")
        asked = site.paths()
        whole = yaodian("crawl", "one")
    assert (cut.returncode, cut.stderr, whole.returncode) == (0, "", 0)
    # Of those that wait for their turn by then only the one whose turn it is may be on its way.
    assert 5 <= len(asked) <= 6
    assert {path for path in site.paths() if path.endswith(".html")} == {f"/{n}.html" for n in range(12)}
