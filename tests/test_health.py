"""How a source is, from its history: each rule by an example, what must hold for any history by properties."""

from __future__ import annotations

import datetime as dt
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Run
from hypothesis import given
from hypothesis import strategies as st
from test_polite import LIST, SOURCE, Site, served

from store.health import Health, Look, Sign, judge, rhythm

BEGIN = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
SIGNS = ("blocked", "unreachable", "nothing found", "cut", "unreadable", "selector missed", "refused address")


def look(*signs: str, failed: bool = False, day: int = 0, **counts: int) -> Look:
    usual = {"listings_read": 1, "entries": 20, "dated": 20, "documents": 10}
    return Look(
        BEGIN + dt.timedelta(days=day),
        usual | counts,
        tuple(Sign(sign, "http://e.org/", "as it is", 7) for sign in signs),
        failed,
    )


WELL = (look(), look(), look(listings_read=0, entries=0, dated=0, listings_unchanged=1), look())
NO_LIST = {"listings_read": 0, "entries": 0, "dated": 0, "documents": 0}


@pytest.mark.parametrize(
    ("last", "state", "signs"),
    [
        (look(), "ok", []),
        (look(**NO_LIST, listings_unchanged=1), "ok", []),
        (look("nothing found", **NO_LIST), "broken", ["nothing found"]),
        (look("blocked", **NO_LIST), "blocked", ["blocked"]),
        (look("unreachable", **NO_LIST), "degraded", ["unreachable"]),
        (look(failed=True), "broken", ["failed"]),
        (look(entries=9, dated=9), "degraded", ["fewer"]),
        (look(entries=10, dated=10), "ok", []),
        (look(dated=9), "degraded", ["dates gone"]),
        (look("cut"), "degraded", ["cut"]),
        (
            look("selector missed", read=4, selectors_missed=2, confidence=400),
            "degraded",
            ["selector missed"],
        ),
        (look("selector missed", read=4, selectors_missed=1, confidence=400), "ok", []),
        (look("unreachable", "unreachable", "unreachable"), "degraded", ["unreachable"]),
        (look("unreachable", "unreachable", "unreachable", documents=20), "ok", []),
        (look("blocked", not_asked=9), "degraded", ["blocked"]),
    ],
)
def test_each_rule(last: Look, state: str, signs: list[str]) -> None:
    health = judge([*WELL, last])
    assert health is not None
    assert (health.state, [sign.sign for sign in health.reasons]) == (state, signs)


def test_one_crawl_without_an_answer_is_a_bad_hour_two_are_a_broken_source() -> None:
    silent = look("unreachable", **NO_LIST)
    assert judge([silent]) == Health("broken", silent.signs)
    assert judge([*WELL, silent, silent]) == Health("broken", silent.signs)
    assert judge([*WELL, silent, silent, look()]) == Health("ok")


def test_what_the_last_whole_list_lacked_is_lacking_until_it_is_back() -> None:
    unchanged = look(**NO_LIST, listings_unchanged=1)
    fewer = judge([*WELL, look(entries=3, dated=3, listing_capture=42), unchanged])
    assert fewer is not None
    assert fewer.state == "degraded"
    assert fewer.reasons[0].capture == 42
    assert fewer.reasons[0].says == "a page of the list has 3 lines, usually 20"
    assert judge([*WELL, look(entries=3, dated=3), unchanged, look()]) == Health("ok")


def test_lists_without_dates_and_short_ones_miss_nothing() -> None:
    assert judge([look(dated=0)] * 6) == Health("ok")
    assert judge([*[look(entries=5, dated=5)] * 5, look(entries=1, dated=1)]) == Health("ok")


def test_confidence_is_compared_over_pages_of_several_crawls() -> None:
    sure, unsure = look(read=3, confidence=285), look(read=3, confidence=195)
    assert judge([sure, sure, unsure]) == Health("ok")
    health = judge([sure, sure, unsure, unsure])
    assert health is not None
    assert health.reasons[0].says == "documents are read with confidence 0.65, before 0.95"


def test_silence_is_measured_against_the_lists_own_pauses() -> None:
    newest, pause = dt.date(2026, 3, 1).toordinal(), 14
    spoke = look(newest=newest, pause=pause)
    assert judge([spoke, look(day=40, **NO_LIST, listings_unchanged=1)]) == Health("ok")
    health = judge([spoke, look(day=45, **NO_LIST, listings_unchanged=1)])
    assert health is not None
    assert health.state == "quiet"
    assert "46 days ago; usually one comes within 14" in health.reasons[0].says


@given(st.lists(st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1)), max_size=40))
def test_nine_of_ten_pauses_are_no_longer_than_the_usual_one(days: list[dt.date]) -> None:
    told = rhythm(days)
    ordered = sorted(set(days))
    if told is None:
        assert len(ordered) < 6
        return
    newest, pause = told
    pauses = [(after - before).days for before, after in pairwise(ordered)]
    assert newest == ordered[-1].toordinal()
    assert sum(one <= pause for one in pauses) >= 0.9 * len(pauses)


looks = st.builds(
    lambda signs, failed, counts: look(*signs, failed=failed, **counts),
    st.lists(st.sampled_from(SIGNS), max_size=4),
    st.booleans(),
    st.fixed_dictionaries(
        {},
        optional={
            name: st.integers(0, 30)
            for name in ("listings_read", "listings_unchanged", "entries", "read", "not_asked", "documents")
        },
    ),
)


@given(st.lists(looks, max_size=12))
def test_any_history_has_a_state_and_what_is_not_well_has_a_reason(history: list[Look]) -> None:
    health = judge(history)
    assert (health is None) == (not history)
    if health is not None:
        assert (health.state == "ok") == (not health.reasons)


@given(st.lists(looks, max_size=12))
def test_whatever_was_a_list_that_is_read_as_ever_is_well_again(history: list[Look]) -> None:
    """After enough good crawls, nothing of the past counts."""
    assert judge([*history, *[look(read=5, confidence=500)] * 30][-30:]) == Health("ok")


@pytest.mark.one_database
def test_a_source_that_breaks_says_so_once_and_that_it_recovered(data: Path, yaodian: Run) -> None:
    site = Shown()
    with served(site) as url:
        (data / "sources" / "one.yaml").write_text(SOURCE.format(id="one", url=url), encoding="utf-8")

        def crawl() -> str:
            yaodian("crawl", "one", YAODIAN_OPERATOR="operator@example.org")
            return yaodian("digest", "send").stdout

        def state() -> dict[str, object]:
            shown = json.loads(yaodian("sources", "list", "--format", "json").stdout)
            return next(source for source in shown if source["id"] == "one")

        assert state()["health"] is None
        assert "health" not in crawl()
        assert state()["health"] == "ok"
        site.list = "<p>本栏目正在调整</p>"
        assert "health to operator@example.org" in crawl()
        broken = state()
        assert "health" not in crawl()
        assert state()["since"] == broken["since"]
        shown = yaodian("sources", "show", "one").stdout
        doctor = yaodian("doctor")
        site.list = LIST
        assert "health to operator@example.org" in crawl()
    assert broken["health"] == "broken"
    assert isinstance(broken["reasons"], list)
    assert broken["reasons"][0]["sign"] == "nothing found"
    assert broken["reasons"][0]["capture"]
    assert re.search(r"# health: broken since .*\n#   nothing found: .* \(capture \d+\)\n", shown)
    assert doctor.returncode == 1
    assert "one is broken since" in " ".join(doctor.stdout.split())
    assert state()["health"] == "ok"


class Shown(Site):
    """A site whose list can be changed."""

    list = LIST

    def page(self, path: str) -> str:
        return self.list if path == "/" else super().page(path)
