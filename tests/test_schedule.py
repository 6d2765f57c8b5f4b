"""When a source, a known document and a digest are due: in the words and the zone that the operator wrote."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.sources.schema import Schedule, Source
from notify.subscriptions import Rhythm
from scheduler.due import next_due
from store.rechecks import LONGEST, SHORTEST, next_check

MONDAY = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)  # 11:00 in Shanghai


def source(**schedule: str) -> Source:
    return Source.model_validate(
        {
            "id": "a",
            "name": "a",
            "publisher": "a",
            "region": "620000",
            "kind": "official",
            "listing": {"urls": ["https://example.org/"], "item": "li"},
            "schedule": schedule,
        }
    )


@pytest.mark.parametrize(
    ("schedule", "wanted"),
    [
        ({"every": "6h"}, "2026-11-23T09:00"),
        ({"every": "30m"}, "2026-11-23T03:30"),
        ({"every": "1w"}, "2026-11-30T03:00"),
        ({"cron": "0 7 * * 1-5"}, "2026-11-23T23:00"),  # Tuesday 07:00 in Shanghai
        ({"cron": "0 7 * * 1"}, "2026-11-29T23:00"),  # Monday, as crontab(5) counts
        ({"cron": "0 7 * * 0"}, "2026-11-28T23:00"),  # Sunday
        ({"cron": "0 7 * * mon"}, "2026-11-29T23:00"),
        ({"cron": "30 11 * * *"}, "2026-11-23T03:30"),
    ],
)
def test_a_source_is_due_when_its_schedule_says(schedule: dict[str, str], wanted: str) -> None:
    due = next_due(source(**schedule), MONDAY, "Asia/Shanghai")
    assert due == dt.datetime.fromisoformat(wanted).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("rhythm", "wanted"),
    [
        ({}, "2026-11-30T00:00"),  # weekly on Monday 08:00 in Shanghai
        ({"on": "fri", "at": "18:30"}, "2026-11-27T10:30"),
        ({"every": "daily", "at": "12:00"}, "2026-11-23T04:00"),
        ({"every": "monthly"}, "2026-12-01T00:00"),
        ({"every": "monthly", "on": "28"}, "2026-11-28T00:00"),
        ({"every": "daily", "timezone": "Europe/Berlin"}, "2026-11-23T07:00"),
    ],
)
def test_a_digest_is_due_at_its_hour_in_its_zone(rhythm: dict[str, str], wanted: str) -> None:
    assert Rhythm(**rhythm).next(MONDAY) == dt.datetime.fromisoformat(wanted).replace(tzinfo=dt.UTC)


@given(quiet=st.timedeltas(min_value=dt.timedelta(), max_value=dt.timedelta(days=3000)))
def test_a_document_is_looked_at_more_rarely_the_longer_it_is_quiet(quiet: dt.timedelta) -> None:
    wait = next_check(MONDAY, MONDAY - quiet) - MONDAY
    assert SHORTEST <= wait <= LONGEST
    assert next_check(MONDAY, MONDAY - quiet - dt.timedelta(days=1)) - MONDAY >= wait


def test_intervals_are_words() -> None:
    assert Schedule(every="2d").interval() == dt.timedelta(days=2)
