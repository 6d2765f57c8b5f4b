"""When a source, a known document and a digest are due: in the words and the zone that the operator wrote."""

from __future__ import annotations

import datetime as dt
import random
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import month, recheck
from bench.month_wanted import DAY, HOUR, MINUTE, Ran, Times, reckon
from crawler.sources.schema import Schedule, Source
from notify.subscriptions import Rhythm
from scheduler.due import next_due
from store.rechecks import LONGEST, SHORTEST, Past, next_check

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


@pytest.mark.parametrize(
    ("schedule", "crawled_at", "wanted"),
    [
        # The clocks of Berlin go back on 25 October 2026, 02:30 comes twice there and is crawled once …
        ({"cron": "30 2 * * *", "timezone": "Europe/Berlin"}, "2026-10-25T00:31", "2026-10-26T01:30"),
        # … but what is wanted every half hour is wanted in the hour that comes twice, too.
        ({"cron": "*/30 * * * *", "timezone": "Europe/Berlin"}, "2026-10-25T00:31", "2026-10-25T01:00"),
        # On 28 March 2027 there is no 02:30.
        ({"cron": "30 2 * * *", "timezone": "Europe/Berlin"}, "2027-03-27T02:00", "2027-03-28T01:30"),
        # Quiet from 22:00 to 06:30 in Shanghai.
        ({"every": "6h", "quiet": "22:00-06:30"}, "2026-11-23T06:00", "2026-11-23T12:00"),
        ({"every": "6h", "quiet": "22:00-06:30"}, "2026-11-23T09:00", "2026-11-23T22:30"),
        ({"every": "6h", "quiet": "22:00-06:30"}, "2026-11-23T16:00", "2026-11-23T22:30"),
        ({"every": "6h", "quiet": "12:00-14:00"}, "2026-11-22T22:30", "2026-11-23T06:00"),
        ({"every": "6h", "quiet": "12:00-14:00"}, "2026-11-23T00:00", "2026-11-23T06:00"),
        # Quiet until 02:30 in Berlin, which comes twice, or never.
        (
            {"every": "1h", "quiet": "23:00-02:30", "timezone": "Europe/Berlin"},
            "2026-10-24T23:10",
            "2026-10-25T01:30",
        ),
        (
            {"every": "1h", "quiet": "23:00-02:30", "timezone": "Europe/Berlin"},
            "2027-03-27T23:00",
            "2027-03-28T01:30",
        ),
    ],
)
def test_hours_are_those_of_the_zone_on_the_days_when_clocks_change(
    schedule: dict[str, str], crawled_at: str, wanted: str
) -> None:
    due = next_due(source(**schedule), utc(crawled_at), "Asia/Shanghai")
    assert due == utc(wanted)


def utc(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)


@settings(max_examples=40)
@given(
    after=st.timedeltas(dt.timedelta(), dt.timedelta(days=730)),
    zone=st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    schedule=st.sampled_from(
        [{"every": "30m"}, {"every": "1d"}, {"cron": "30 2 * * *"}, {"cron": "*/10 1-3 * * *"}]
    ),
)
def test_a_crawl_is_due_later_within_its_jitter_and_never_in_the_quiet_hours(
    after: dt.timedelta, zone: str, schedule: dict[str, str]
) -> None:
    at = utc("2026-01-01") + after
    plain = next_due(source(**schedule, timezone=zone), at, "UTC")
    jittered = next_due(source(**schedule, timezone=zone, jitter="20m"), at, "UTC")
    assert at < plain <= jittered <= plain + dt.timedelta(minutes=20)
    quiet = next_due(source(**schedule, timezone=zone, jitter="20m", quiet="01:15-05:00"), at, "UTC")
    assert plain <= quiet
    assert not dt.time(1, 15) <= quiet.astimezone(ZoneInfo(zone)).time() < dt.time(5)


def test_days_of_two_services_crawl_what_is_wanted_and_nothing_twice(tmp_path: Path) -> None:
    """`bench.month` in short: clocks go back in Berlin; a kill, a downtime, and a clock that is set."""
    begin = dt.datetime(2026, 10, 24, tzinfo=dt.UTC)
    times = Times(
        begin,
        begin + 3 * DAY,
        30 * MINUTE,
        down=((begin + 22 * HOUR, begin + 24 * HOUR),),  # over 07:00 in Shanghai
        sets=((begin + 10 * HOUR, 3 * HOUR), (begin + 45 * HOUR, -2 * HOUR), (begin + 60 * HOUR, 365 * DAY)),
    )
    plan = month.Plan(times, (begin + HOUR,), (begin + 31 * HOUR,))
    simulated = month.simulate(tmp_path, plan)
    judged = month.judged(simulated)
    assert [one for found in judged.values() for one in found.differences] == []
    found = {job.name: reckoned.wanted for job, reckoned in judged.items()}
    # a new source is crawled at once, and then when its schedule says; what the year skipped is made up once
    assert (found["shanghai-0700"], found["berlin-0230"], found["tidy"]) == (5, 6, 4)
    # without the last of its runs, and with one too many, it is seen
    job, ran = next(job for job in month.JOBS if job.name == "every-6h"), simulated.ran["every-6h"]
    assert reckon(job, ran[:3] + ran[4:], times).differences
    assert reckon(job, [*ran[:3], Ran(ran[3].began - HOUR, ran[3].began - HOUR), *ran[3:]], times).differences


def test_sources_of_one_schedule_are_spread_over_its_jitter() -> None:
    jittered = source(every="1d", jitter="1h")
    waits = [
        next_due(jittered.model_copy(update={"id": f"a{n}"}), MONDAY, "UTC") - MONDAY - dt.timedelta(days=1)
        for n in range(50)
    ]
    assert len(set(waits)) == 50
    assert min(waits) < dt.timedelta(minutes=10)
    assert max(waits) > dt.timedelta(minutes=50)


days = st.timedeltas(min_value=dt.timedelta(), max_value=dt.timedelta(days=3000))


@given(age=days, quiet=days, watched=days, changes=st.integers(1, 20))
def test_a_document_is_looked_at_more_rarely_when_it_is_quiet_and_more_often_when_it_changes(
    age: dt.timedelta, quiet: dt.timedelta, watched: dt.timedelta, changes: int
) -> None:
    born = MONDAY - age
    calm = Past(born, max(born, MONDAY - watched))
    wait = next_check(MONDAY, calm) - MONDAY
    assert SHORTEST <= wait <= LONGEST
    assert next_check(MONDAY + dt.timedelta(days=1), calm) - MONDAY - dt.timedelta(days=1) >= wait
    lively = Past(calm.published_at, calm.watched_from, max(born, MONDAY - quiet), changes)
    assert next_check(MONDAY, lively) - MONDAY <= wait
    more = Past(calm.published_at, calm.watched_from, lively.changed_at, changes + 1)
    assert next_check(MONDAY, more) <= next_check(MONDAY, lively)


def test_changes_are_seen_sooner_than_with_fixed_intervals_at_the_same_number_of_requests() -> None:
    chance = random.Random(7)
    documents = [recheck.mixed(chance) for _ in range(25)]
    looks, late = recheck.measure(documents, recheck.ours, 30)
    assert late < recheck.measure(documents, recheck.fixed, looks)[1] / 1.3


def test_intervals_are_words() -> None:
    assert Schedule(every="2d").interval() == dt.timedelta(days=2)
