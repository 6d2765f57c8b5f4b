"""A filter chooses what a reader means by it, and equal wishes are one filter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import select

from notify.filters import Facts, Filter, matches, narrowed
from store import models as rows
from store.database import Database
from store.search.syntax import searchable

TEXT = "内蒙古自治区2026年教育工作要点\n一、落实“双减”。课后服务覆盖率达到100%。\n内教发〔2026〕3号"
CODES = ("000000", "150000", "150100", "150102", "210000", "210400")
KINDS = ("工作要点", "工作计划")


def facts(**other: object) -> Facts:
    known: dict[str, object] = {
        "type": "changed",
        "region": "150102",
        "kind": "工作要点",
        "publisher": "内蒙古自治区教育厅",
        "source": "nmg",
        "is_official": False,
        "texts": (searchable(TEXT),),
    }
    return Facts(**(known | other))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "is_told"),
    [
        ({}, True),
        ({"regions": ("150000",)}, True),
        ({"regions": ("150100", "210000")}, True),
        ({"regions": ("000000",)}, True),
        ({"regions": ("150200",)}, False),
        ({"kinds": ("工作计划",)}, False),
        ({"publishers": ("教育厅",)}, True),
        ({"publishers": ("教育部",)}, False),
        ({"sources": ("nmg", "other")}, True),
        ({"types": ("new",)}, False),
        ({"types": ("changed", "restored")}, True),
        ({"official": True}, False),
        ({"keywords": ("双减 课后服务",)}, True),
        ({"keywords": ("双减 奥数",)}, False),
        ({"keywords": ("奥数", "覆盖率")}, True),
        ({"keywords": ("奥数 OR 双减",)}, True),
        ({"keywords": ("双减 -课后服务",)}, False),
        ({"keywords": ('"服务覆盖"',)}, True),
        ({"keywords": ('"服务双减"',)}, False),
        ({"keywords": ("内教发[2026]3号",)}, True),
    ],
)
def test_a_filter_tells_what_is_wanted(wanted: dict[str, tuple[str, ...]], is_told: bool) -> None:
    assert matches(Filter.model_validate(wanted), facts()) is is_told


def test_a_word_that_is_gone_is_still_told_of() -> None:
    gone = facts(texts=(searchable("落实双减"), searchable("落实减负")))
    assert matches(Filter(keywords=("双减",)), gone)


def test_what_has_no_plan_matches_no_region() -> None:
    assert matches(Filter(), facts(region=None, publisher=None))
    assert not matches(Filter(regions=("150000",)), facts(region=None))
    assert not matches(Filter(publishers=("教育",)), facts(publisher=None))


FILTERS = st.builds(
    Filter,
    regions=st.lists(st.sampled_from(CODES), max_size=4).map(tuple),
    kinds=st.lists(st.sampled_from(KINDS), max_size=3).map(tuple),
    publishers=st.lists(st.sampled_from(("教育厅", " 教育厅 ", "Xi", "XI")), max_size=2).map(tuple),
    keywords=st.lists(st.sampled_from(("双减", "双减 ", "奥数")), max_size=3).map(tuple),
    types=st.lists(st.sampled_from(("new", "changed", "withdrawn", "restored")), max_size=5).map(tuple),
    official=st.booleans(),
)


@given(FILTERS, st.sampled_from(CODES), st.sampled_from(KINDS), st.booleans())
def test_the_canonical_form_wants_the_same_and_is_its_own(
    wanted: Filter, region: str, kind: str, is_official: bool
) -> None:
    change = facts(region=region, kind=kind, is_official=is_official, publisher="XI 市教育厅")
    assert matches(wanted, change) == matches(wanted.canonical(), change)
    assert wanted.canonical().canonical() == wanted.canonical()


def test_equal_wishes_have_one_canonical_form() -> None:
    one = Filter(regions=("210000", "150100", "150000"), keywords=("b", "a "))
    other = Filter(regions=("150000", "210000"), keywords=("a", "b", "a"))
    assert one.canonical() == other.canonical()
    assert hash(one.canonical()) == hash(other.canonical())


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(regions=("450000",)),
        Filter(regions=("450100", "620000"), types=("new", "withdrawn")),
        Filter(kinds=("发展规划",), official=True),
        Filter(publishers=("云台区", "教育局")),
        Filter(sources=("demo-mirror",)),
    ],
)
def test_the_database_narrows_to_what_matches(archive: Database, wanted: Filter) -> None:
    every = (
        select(rows.Change, rows.Plan, rows.Source)
        .join(rows.Change.document)
        .join(rows.Document.source)
        .outerjoin(rows.Document.plan)
        .order_by(rows.Change.id)
    )
    with archive.read() as session:
        chosen = [
            change.id
            for change, plan, source in session.execute(every)
            if matches(
                wanted,
                Facts(
                    change.type,
                    plan and plan.region,
                    plan and plan.kind,
                    plan and plan.publisher,
                    source.id,
                    source.kind == "official",
                ),
            )
        ]
        assert [row[0].id for row in session.execute(narrowed(every, wanted))] == chosen
        assert chosen


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"regions": ("999999",)}, "no GB/T 2260 code"),
        ({"keywords": ("，。",)}, "asks for no word"),
        ({"types": ("renewed",)}, "types"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_filter_that_can_mean_nothing_is_refused(wanted: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Filter.model_validate(wanted)


@pytest.mark.parametrize("field", ["kinds", "publishers", "sources", "keywords"])
@pytest.mark.parametrize(
    "sign", ["\x00", "\x1b", "\n", "\x7f", "\x85", "\u2028", "\u202e", "\u200b", "\ufffe", "\uffff", "\ud800"]
)
def test_a_filter_holds_nothing_that_is_not_shown(field: str, sign: str) -> None:
    with pytest.raises(ValidationError):
        Filter.model_validate({field: (f"双减{sign}课后",)})


def test_a_filter_holds_spaces_of_any_width_and_signs_of_any_plane() -> None:
    names = ("教育厅\u3000办公室", "a\u00a0b", "𠮷", "😀")
    assert Filter(publishers=names).publishers == names


def test_a_filter_wants_a_bounded_number_of_things() -> None:
    with pytest.raises(ValidationError, match="at most 200"):
        Filter(sources=tuple(map(str, range(201))))
