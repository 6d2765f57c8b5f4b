"""Linking as it goes on in an archive: in any order, through people's decisions, and against what would glue or slow it."""

from __future__ import annotations

import datetime as dt
import json
import random
from pathlib import Path

import pytest
from conftest import Run
from shelf import Shelf, page_of
from sqlalchemy import func, select

from bench import copies, linking
from demo.plans import load_plans
from store import alike, plandesk, plans
from store import models as rows
from store.database import Database
from store.errors import UsageError
from store.flow import Page
from store.likeness import compare, sample

pytestmark = pytest.mark.one_database

PLANS = load_plans(Path(__file__).parent.parent / "demo" / "plans")
LINES = list(PLANS["longyuan-2026"].body)


@pytest.fixture
def shelf(data: Path) -> Shelf:
    return Shelf(data)


def official(name: str = "longyuan-2026", lines: list[str] | None = None) -> Page:
    plan = PLANS[name]
    text = "\n".join(plan.body if lines is None else lines)
    return page_of(plan.title, text, publisher=plan.publisher, year=plan.period[0], published=plan.published)


def mirrored(lines: list[str], title: str = "**市教育局工作要点", **said: object) -> Page:
    return page_of(title, "\n".join(lines), **said)  # type: ignore[arg-type]


def put_original(shelf: Shelf, name: str = "longyuan-2026") -> str:
    return shelf.put("bureau", name, official(name), publisher=PLANS[name].publisher).document


def put_copy(shelf: Shelf, name: str, lines: list[str], source: str = "mill", **said: object) -> str:
    return shelf.put(source, name, mirrored(lines, **said), kind="mirror").document  # type: ignore[arg-type]


# ── what belongs together ──


def test_a_short_measurement_finds_every_copy_and_no_look_alike(data: Path) -> None:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    result = linking.measure(database, 100, seed=7, works_used=4)
    assert result.precision == 1.0, result.glued
    # A third of the shortest plans has too few fingerprints to be told from a notice.
    assert all(missed.startswith("single_page") for missed in result.missed), result.missed
    assert result.missed.total() <= 2


def test_an_original_that_comes_last_brings_its_pages_together(shelf: Shelf) -> None:
    third = len(LINES) // 3
    parts = [LINES[:third], LINES[third : 2 * third], LINES[2 * third :]]
    pages = [put_copy(shelf, f"{n}.html", part, title="工作要点") for n, part in enumerate(parts)]
    before = [shelf.plan_of(page) for page in pages]
    assert len(set(before)) == 3
    original = put_original(shelf)
    assert {shelf.plan_of(document) for document in [original, *pages]} == {before[0]}
    assert shelf.document(original).role == "original"
    assert [shelf.document(page).role for page in pages] == ["reprint"] * 3
    with shelf.database.read() as session:
        for former in before:
            found = plans.resolve(session, former)
            assert found is not None
            assert found.id == before[0]
            assert found.title == "陇原市教育局2026年工作要点"


def test_an_excerpt_before_the_whole_comes_to_it(shelf: Shelf) -> None:
    chance = random.Random(1)
    part = put_copy(shelf, "part", copies.excerpt(LINES, chance))
    whole = put_copy(shelf, "whole", copies.starred(LINES, chance), source="other-mill")
    assert shelf.plan_of(part) == shelf.plan_of(whole)


def test_a_mirrors_title_does_not_overrule_the_years_in_the_body(shelf: Shelf) -> None:
    old, new = put_original(shelf, "longyuan-2025"), put_original(shelf, "longyuan-2026")
    body = list(PLANS["longyuan-2025"].body)
    copy = put_copy(shelf, "a", body, title="教育局2026年工作要点", year=2026)
    assert shelf.plan_of(copy) == shelf.plan_of(old) != shelf.plan_of(new)


def test_of_two_years_boilerplate_each_copy_goes_to_its_own(shelf: Shelf) -> None:
    chance = random.Random(3)
    before = [copies.refigured(line.replace("2026年", "2025年"), chance) for line in LINES]
    first = shelf.put("bureau", "old", official("longyuan-2025", before), publisher="陇原市教育局").document
    second = put_original(shelf)
    assert shelf.plan_of(first) != shelf.plan_of(second)
    assert shelf.plan_of(put_copy(shelf, "a", copies.starred(before, chance))) == shelf.plan_of(first)
    assert shelf.plan_of(put_copy(shelf, "b", copies.starred(LINES, chance))) == shelf.plan_of(second)


def test_another_citys_plan_from_the_same_template_is_another_plan(shelf: Shelf) -> None:
    mine = put_original(shelf)
    town = [line.replace("陇原", "安岭").replace("云台", "平川") for line in LINES]
    page = page_of("安岭市教育局2026年工作要点", "\n".join(town), publisher="安岭市教育局", year=2026)
    theirs = shelf.put("town", "a", page, publisher="安岭市教育局").document
    assert shelf.plan_of(mine) != shelf.plan_of(theirs)


def test_a_reprint_stays_under_its_plan_when_it_changes(shelf: Shelf) -> None:
    put_original(shelf)
    copy = put_copy(shelf, "a", LINES)
    plan = shelf.plan_of(copy)
    put_copy(shelf, "a", list(PLANS["guiling-2026"].body))
    assert shelf.plan_of(copy) == plan


def test_without_an_official_document_the_earliest_dated_is_the_original(shelf: Shelf) -> None:
    late = put_copy(shelf, "late", LINES, published=dt.date(2026, 6, 1))
    early = put_copy(shelf, "early", LINES, source="other-mill", published=dt.date(2026, 3, 1))
    undated = put_copy(shelf, "undated", LINES, source="third-mill")
    roles = {key: shelf.document(key).role for key in (late, early, undated)}
    assert roles == {late: "reprint", early: "original", undated: "reprint"}


def test_a_collection_of_plans_glues_none(shelf: Shelf) -> None:
    names = ["longyuan-2026", "guiling-2026", "yuntai-2026", "qingxi-2026", "chuankou-2026"]
    originals = [put_original(shelf, name) for name in names]
    every = [line for name in names for line in PLANS[name].body]
    put_copy(shelf, "collection", every, title="最新范文五篇")
    assert len({shelf.plan_of(document) for document in originals}) == 5


# ── what a person decides ──


def test_split_and_merge_are_remembered(shelf: Shelf) -> None:
    original = put_original(shelf)
    copy = put_copy(shelf, "a", LINES)
    plan = shelf.plan_of(original)
    with shelf.database.write() as session:
        old, new = plandesk.split(session, plan, [copy], shelf.now)
        assert (old.id, len(old.documents), len(new.documents)) == (plan, 1, 1)
    put_copy(shelf, "a", [*LINES, "七、附则", "43.本要点由局办公室负责解释。"])
    put_original(shelf)
    other = put_copy(shelf, "b", LINES, source="other-mill")
    assert shelf.plan_of(copy) != shelf.plan_of(original)
    assert shelf.plan_of(other) in {shelf.plan_of(copy), shelf.plan_of(original)}
    with shelf.database.write() as session:
        merged = plandesk.merge(session, [shelf.plan_of(original), shelf.plan_of(copy)], shelf.now)
        assert {document.id for document in merged.documents} == {original, copy, other}
        assert [d.id for d in merged.documents if d.role == "original"] == [original]


def test_the_document_that_a_plan_is_named_for_can_leave_it(shelf: Shelf) -> None:
    copy = put_copy(shelf, "a", LINES)
    original = put_original(shelf)
    plan = shelf.plan_of(copy)
    with shelf.database.write() as session:
        plandesk.split(session, plan, [copy], shelf.now)
    assert shelf.plan_of(original) == plan != shelf.plan_of(copy)


def test_wrong_words_name_the_remedy(shelf: Shelf) -> None:
    original, other = put_original(shelf), put_original(shelf, "guiling-2026")
    plan = shelf.plan_of(original)
    with shelf.database.write() as session:
        with pytest.raises(UsageError, match="has no other documents"):
            plandesk.split(session, plan, [original], shelf.now)
        with pytest.raises(UsageError, match="is not under"):
            plandesk.split(session, plan, [other], shelf.now)
        with pytest.raises(UsageError, match="are one plan already"):
            plandesk.merge(session, [plan, original], shelf.now)
        with pytest.raises(UsageError, match="nothing has the id"):
            plandesk.plan(session, "paaaaaaaaaaaa")


# ── what would glue, or slow ──


def test_many_copies_of_one_page_leave_few_traces(shelf: Shelf) -> None:
    documents = [put_copy(shelf, f"{n}.html", LINES[:12]) for n in range(40)]
    assert len({shelf.plan_of(document) for document in documents}) == 1
    with shelf.database.read() as session:
        holders = session.scalar(select(func.count(rows.Fingerprint.document_id.distinct())))
    assert holders == 5


def test_what_everybody_writes_links_nobody(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alike, "COMMON", 15)
    privacy = "".join(
        f"我们依照第{chr(0x4E00 + n)}条规则收集您的{chr(0x5200 + n)}类个人信息并妥善保管。" for n in range(60)
    )
    chance = random.Random(11)
    keys = []
    for n in range(20):
        own = "，".join("".join(chr(chance.randrange(0x6000, 0x8000)) for _ in range(14)) for _ in range(90))
        keys.append(put_copy(shelf, f"{n}.html", [own, privacy], title=f"第{chr(0x7000 + n)}号计划"))
    assert len({shelf.plan_of(key) for key in keys}) == len(keys)
    with shelf.database.read() as session:
        most = session.scalar(
            select(func.count().label("n"))
            .select_from(rows.Fingerprint)
            .group_by(rows.Fingerprint.hash)
            .order_by(func.count().desc())
            .limit(1)
        )
    assert most == 15


@pytest.mark.parametrize("text", ["", "通知", "？！", "a" * 100, "2026"])
def test_what_has_no_words_stays_alone(shelf: Shelf, text: str) -> None:
    one, other = put_copy(shelf, "a", [text]), put_copy(shelf, "b", [text], source="other-mill")
    assert shelf.plan_of(one) != shelf.plan_of(other)


def test_a_document_of_two_megabytes_is_bounded() -> None:
    chance = random.Random(5)
    text = "，".join("".join(chr(chance.randrange(0x4E00, 0x9FA5)) for _ in range(15)) for _ in range(42_000))
    assert len(text.encode()) > 1_900_000
    assert len(sample(text).fingerprint) < 4000
    assert compare(sample(text), sample(text)).similarity == 1.0


# ── the program ──


def test_a_plan_shows_what_its_reprints_get_wrong(shelf: Shelf, yaodian: Run) -> None:
    put_original(shelf)
    damaged = [line.replace("陇原市", "*市").replace("“", "").replace("”", "") for line in LINES]
    damaged = ["下面是小编为大家整理的工作要点，供大家参考。", *damaged]
    wrong = [line.replace("1.26亿元", "1.62亿元") for line in damaged if not line.startswith("41.")]
    copy = put_copy(shelf, "a", wrong)
    plan = shelf.plan_of(copy)
    shape = json.loads(yaodian("plans", "show", plan, "--format", "json").stdout)
    (reprint,) = (document for document in shape["documents"] if document["role"] == "reprint")
    assert [(error["op"], error["old_path"]) for error in reprint["errors"]] == [
        ("edited", "二、/12."),
        ("removed", "七、/41."),
    ]
    assert reprint["copied_from_version"] == 1
    told = yaodian("plans", "show", plan).stdout
    assert "differs in 2 items from the original's version 1" in told
    assert "修改 二、/12." in told


def test_plans_are_split_and_merged_by_the_program(shelf: Shelf, yaodian: Run) -> None:
    original, copy = put_original(shelf), put_copy(shelf, "a", LINES)
    plan = shelf.plan_of(original)
    assert "1 documents" in yaodian("plans", "split", plan, copy).stdout
    former = shelf.plan_of(copy)
    assert former != plan
    assert "2 documents" in yaodian("plans", "merge", plan, former).stdout
    assert json.loads(yaodian("plans", "show", former, "--format", "json").stdout)["id"] == plan
    assert yaodian("show", former).stdout == yaodian("show", original).stdout
    assert yaodian("plans", "merge", plan).returncode == 2
    assert "nothing has the id" in yaodian("plans", "split", plan, "d" + "a" * 12).stderr


def test_a_plan_is_followed_from_year_to_year(archive: Database, yaodian: Run) -> None:
    every = json.loads(yaodian("plans", "--format", "json").stdout)
    plan = next(plan["id"] for plan in every if plan["title"] == "陇原市教育局2026年工作要点")
    shape = json.loads(yaodian("diff", "--series", plan, "--format", "json").stdout)
    assert set(shape) == {"plan", "previous", "continued", "new", "gone"}
    assert len(shape["continued"]) + len(shape["new"]) == 42
    assert "不再出现" in yaodian("diff", plan, "--series").stdout
    assert "<h2>延续" in yaodian("diff", plan, "--series", "--format", "html").stdout
    old = yaodian("diff", "--series", shape["previous"])
    assert old.returncode == 1
    assert "has no earlier plan of" in old.stderr
