"""One body's plans of two years: items that go on in other words are found, others are not taken for each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.extraction import outline
from demo.plans import load_plans
from store.flow import Metadata, Page
from store.series import compare, items

pytestmark = pytest.mark.one_database

PLANS = load_plans(Path(__file__).parent.parent / "demo" / "plans")

# Item numbers that say the same task in two years, labelled by reading both plans; `either` may be taken for
# one another or not: the same field, but another task in it.
TRUTH = {
    "longyuan": {
        "continued": "1-1 2-2 7-5 12-8 15-11 16-12 18-13 20-15 28-25 31-38 32-37 33-32 34-31 35-35 36-39",
        "either": "6-3 22-16 25-21 30-20 17-36 26-23 24-19 14-10",
    },
    "guiling": {
        "continued": "1-1 7-7 8-10 12-11 13-13 15-15 17-17 25-24 30-28 32-38",
        "either": "6-5 9-6 19-30 20-19 21-18 23-21 33-37 31-33 5-29 24-22 27-26 29-23",
    },
}


def page(name: str) -> Page:
    text = "\n".join(PLANS[name].body)
    return Page(f"http://www.example.org/{name}", name, text, Metadata(), outline(text), ())


def number(path: str) -> str:
    return path.split("/")[-1].rstrip(".")


@pytest.mark.parametrize("body", sorted(TRUTH))
def test_items_are_followed_into_the_next_years_plan(body: str) -> None:
    series = compare(page(f"{body}-2025"), page(f"{body}-2026"))
    truth, either = (set(TRUTH[body][key].split()) for key in ("continued", "either"))
    found = {f"{number(pair.old.path)}-{number(pair.new.path)}" for pair in series.continued}
    assert len(found & truth) >= 0.9 * len(truth), truth - found
    assert len(found & (truth | either)) >= 0.9 * len(found), found - truth - either


def test_every_item_is_told_once() -> None:
    old, new = page("longyuan-2025"), page("longyuan-2026")
    series = compare(old, new)
    assert len(series.continued) + len(series.gone) == len(items(old.outline)) == 36
    assert len(series.continued) + len(series.new) == len(items(new.outline)) == 42


def test_a_plan_continues_itself_whole_and_nothing_of_a_strangers() -> None:
    same = compare(page("longyuan-2026"), page("longyuan-2026"))
    assert not same.new
    assert not same.gone
    assert {pair.similarity for pair in same.continued} == {1.0}
    empty = Page("", None, "", Metadata(), (), ())
    assert len(compare(empty, page("longyuan-2026")).new) == 42
    assert len(compare(page("longyuan-2026"), empty).gone) == 42
