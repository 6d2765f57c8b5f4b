"""How long a host is left alone, by what it answers. Pure."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.core.downloader import Slot
from scrapy.http import Response
from scrapy.utils.test import get_crawler

from crawler.manners import (
    ENOUGH,
    LONGEST_PAUSE,
    after_answer,
    after_failure,
    held,
    host_of,
    retry_after,
)
from crawler.middlewares.throttle import Throttle
from store.flow import Standing

NOW = dt.datetime(2026, 3, 2, 4, 5, 6, tzinfo=dt.UTC)
STATUSES = st.sampled_from([200, 301, 304, 404, 410, 403, 405, 412, 418, 429, 500, 503, 521])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("99999999999999999999", 86400),
        (format_datetime(NOW + dt.timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - dt.timedelta(days=9), usegmt=True), 0),
        ("Mon, 02 Mar 2026 04:05:36 -0000", 30),
        ("Mon, 02 Mar 2099 04:05:36 GMT", 86400),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_a_day_at_most(value: str, seconds: int) -> None:
    assert retry_after(value, NOW) == dt.timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "２０", "Mon, 99 Foo 2026"])
def test_what_is_no_retry_after_is_none(value: str | None) -> None:
    assert retry_after(value, NOW) is None


@given(st.text())
def test_no_retry_after_breaks_it(value: str) -> None:
    wish = retry_after(value, NOW)
    assert wish is None or dt.timedelta() <= wish <= LONGEST_PAUSE


def test_429_holds_at_once_and_what_the_host_asks_for_is_what_it_gets() -> None:
    assert after_answer(Standing(), 429, None, NOW).not_before == NOW + dt.timedelta(minutes=1)
    asked = after_answer(Standing(), 503, "90", NOW)
    assert asked.asked
    assert asked.not_before == NOW + dt.timedelta(seconds=90)
    assert held(asked) == ("it is left alone until 2026-03-02 04:06:36 UTC, as it asks: the site answers 503")


@pytest.mark.parametrize(("status", "answers"), [(412, 3), (503, 3), (403, 12), (500, 12)])
def test_a_host_is_held_after_some_refusals_in_a_row(status: int, answers: int) -> None:
    standing = Standing()
    for count in range(1, answers + 1):
        standing = after_answer(standing, status, None, NOW)
        assert standing.holds(NOW) == (count == answers)
    assert after_answer(standing, 200, None, NOW) == Standing()


def test_pauses_grow_to_a_day() -> None:
    standing, pauses = Standing(), []
    for _ in range(20):
        standing = after_failure(standing, "no answer in time", NOW)
        if standing.not_before:
            pauses.append((standing.not_before - NOW) // dt.timedelta(minutes=1))
    assert pauses[:6] == [1, 2, 4, 8, 16, 32]
    assert pauses[-1] == 24 * 60


@given(st.lists(st.tuples(STATUSES, st.sampled_from([None, "5", "x", "999999"])), max_size=40))
def test_whatever_is_answered_no_pause_is_longer_than_a_day(answers: list[tuple[int, str | None]]) -> None:
    standing = Standing()
    for status, wish in answers:
        before, standing = standing, after_answer(standing, status, wish, NOW)
        if status in (200, 301, 304, 404, 410):
            assert standing == Standing()
        else:
            assert standing.strain > before.strain or standing.strain == ENOUGH
        assert standing.not_before is None or standing.not_before - NOW <= LONGEST_PAUSE


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://A.example.org/x", "a.example.org"),
        ("https://a.example.org.:443/", "a.example.org"),
        ("http://127.0.0.1:8080/", "127.0.0.1:8080"),
    ],
)
def test_a_host_is_what_has_a_robots_txt_of_its_own(url: str, host: str) -> None:
    assert host_of(url) == host


def test_a_slow_moment_is_forgotten_though_nothing_changed() -> None:
    """The delay that a server's pace asks for falls again by 304s, down to the source's own, and not by errors."""
    own = {"AUTOTHROTTLE_ENABLED": True, "DOWNLOAD_DELAY": 0.5, "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0}
    throttle = Throttle.from_crawler(get_crawler(settings_dict=own))
    throttle.mindelay, throttle.maxdelay = 0.5, 60.0
    slot = Slot(1, 0.5, 0.25)

    def answered(status: int, latency: float, times: int) -> float:
        for _ in range(times):
            throttle._adjust_delay(slot, latency, Response("http://e.org/", status=status))
        return slot.delay

    assert answered(200, 8.0, 1) == 8.0
    assert answered(404, 0.01, 20) == 8.0
    assert answered(304, 0.01, 20) == 0.5
