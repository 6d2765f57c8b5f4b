"""The sample plans and their timeline are what they say they are; others may take their place."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from visitor import printed

from demo.content import SITES, load_content
from demo.numbering import is_continuous, read_lines, recount
from demo.timeline import text_on
from demo.web import DemoWeb
from store.errors import OperatorError, UsageError


def test_every_plan_has_the_items_it_claims() -> None:
    for plan in load_content().plans.values():
        lines = read_lines(plan.body)
        innermost = max(line.level for line in lines)
        assert sum(line.level == innermost for line in lines) == plan.items, plan.slug


def test_the_third_day_edits_each_plan_in_its_own_way() -> None:
    content = load_content()
    differing = {
        slug: (text_on(plan, 2, content.timeline), text_on(plan, 3, content.timeline))
        for slug, plan in content.plans.items()
        if text_on(plan, 2, content.timeline) != text_on(plan, 3, content.timeline)
    }
    assert set(differing) == {"longyuan-2026", "guiling-2026", "chuankou-2026", "longyuan-plan-2030"}
    before, after = differing["longyuan-2026"]
    [(old, new)] = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1
    before, after = differing["guiling-2026"]
    assert len(after) == len(before) + 1
    assert is_continuous(before, 5)
    assert is_continuous(after, 5)
    before, after = differing["chuankou-2026"]
    assert len(after) == len(before) - 1
    before, after = differing["longyuan-plan-2030"]
    assert sorted(line.text for line in read_lines(before)) == sorted(line.text for line in read_lines(after))


def test_expected_is_what_the_timeline_says(web: DemoWeb) -> None:
    first = web.expected(1)
    assert {change.type for change in first} == {"new"}
    assert [sum(change.site == site for change in first) for site in SITES] == [7, 6, 2]
    assert web.expected(2) == web.expected(4) == []
    third = {(change.site, change.plan): change for change in web.expected(3)}
    assert {key: change.type for key, change in third.items()} == {
        ("longyuan", "longyuan-2026"): "changed",
        ("guiling", "guiling-2026"): "changed",
        ("longyuan", "chuankou-2026"): "changed",
        ("longyuan", "longyuan-plan-2030"): "changed",
        ("guiling", "qingxi-2026"): "changed",
        ("longyuan", "longyuan-autumn-2026"): "new",
        ("guiling", "guiling-2025"): "withdrawn",
        ("mirror", "longyuan-plan-2030"): "new",
    }
    assert [change.is_reprint for change in third.values() if change.site == "mirror"] == [True]
    items = {plan: [item.op for item in change.items] for (_, plan), change in third.items() if change.items}
    assert items == {
        "longyuan-2026": ["edited"],
        "guiling-2026": ["added"],
        "chuankou-2026": ["removed"],
        "longyuan-plan-2030": ["moved"],
    }
    counts = {plan: len(change.renumbered) for (_, plan), change in third.items() if change.renumbered}
    assert counts == {"guiling-2026": 27, "chuankou-2026": 1, "longyuan-plan-2030": 2}
    for change in third.values():
        for item in change.items:
            assert item.heading
            assert all(text.startswith(item.heading) for text in (item.old, item.new) if text)


def test_numbers_follow_an_edit_in_both_ways_of_counting() -> None:
    running = ["一、甲", "1.a。", "2.b。", "二、乙", "3.c。"]
    assert is_continuous(running, 5)
    grown = recount([*running[:2], "9.x。", *running[2:]], 5, continuous=True)
    assert grown == ("一、甲", "1.a。", "2.x。", "3.b。", "二、乙", "4.c。")
    anew = ["一、甲", "（一）a。", "（三）c。", "二、乙", "（一）d。"]
    assert not is_continuous(anew, 4)
    assert recount(anew, 4, continuous=False)[2] == "（二）c。"
    articles = [f"第{number}条　x" for number in ("一", "三", "十", "十一")]
    assert recount(articles, 2, continuous=True)[-1] == "第四条　x"
    assert recount(["第一条　x"] * 21, 2, continuous=True)[9::5] == (
        "第十条　x",
        "第十五条　x",
        "第二十条　x",
    )


# Other plans and other timelines than those that come with the program


def stand_in(folder: Path, event: str) -> DemoWeb:
    plans = folder / "plans"
    plans.mkdir()
    front = "title: 甲市2026年教育工作要点\npublisher: 甲市教育局\nkind: 工作要点\nperiod: [2026, 2026]\n"
    dates = "issued: 2026-01-04\npublished: 2026-01-05\nitems: 2\n"
    (plans / "jia.txt").write_text(f"---\n{front}{dates}---\n一、总则\n1.办学。好。\n2.安全。好。\n")
    days = (
        "1: {date: 2026-02-01, events: [{op: publish, site: guiling, plan: jia, id: 7}]}\n"
        f"2: {{date: 2026-02-02, events: [{event}]}}\n"
    )
    (folder / "timeline.yaml").write_text(days)
    return DemoWeb(plans=plans, timeline=folder / "timeline.yaml")


def test_plans_and_timeline_are_arguments(tmp_path: Path) -> None:
    removal = "{op: remove, plan: jia, heading: 办学, old: 办学。, old_path: 一、/1.}"
    with stand_in(tmp_path, removal) as web:
        assert "2.安全。好。" in printed(web, "guiling", "/news/7.htm", 1)
        web.day = 2
        assert "1.安全。好。" in printed(web, "guiling", "/news/7.htm", 2)
        [change] = web.expected(2)
        assert [(item.op, item.old_path, item.old) for item in change.items] == [
            ("removed", "一、/1.", "办学。好。")
        ]


@pytest.mark.parametrize(
    ("event", "remedy"),
    [
        ("{op: remove, plan: jia, heading: x, old: 没有的字, old_path: 一、/1.}", "0 lines have the words"),
        ("{op: remove, plan: jia, heading: x, old: 好。, old_path: 一、/1.}", "2 lines have the words"),
        ("{op: remove, plan: jia, heading: x, old: 办学。, old_path: 一、/2.}", "the words stand in 一、/1."),
    ],
)
def test_an_event_that_does_not_fit_the_text_is_refused(tmp_path: Path, event: str, remedy: str) -> None:
    web = stand_in(tmp_path, event)
    with pytest.raises(OperatorError, match=re.escape(remedy)):
        web.expected(2)


def test_a_plan_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"yi\.txt: missing; day 2"):
        stand_in(tmp_path, "{op: publish, site: guiling, plan: yi, id: 8}")


def test_wrong_days_sites_and_ports_are_refused(web: DemoWeb) -> None:
    with pytest.raises(UsageError, match="1, 2, 3, 4"):
        web.day = 9
    with pytest.raises(UsageError, match="longyuan, guiling, mirror"):
        web.url("nowhere")
    with pytest.raises(UsageError, match="no site x"):
        DemoWeb(ports={"x": 1})
    taken = urlsplit(web.url("mirror")).port
    with (
        pytest.raises(OperatorError, match=f"port {taken} for site guiling"),
        DemoWeb(ports={"guiling": taken or 0}),
    ):
        pass
