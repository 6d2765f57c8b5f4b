"""Search finds every version's items, exactly those that the query means, alike on both databases."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter

import pytest
from conftest import Run
from hypothesis import given
from hypothesis import strategies as st
from library import ALL, DAY, QUERIES, START, all_hits, all_pages, fill, kept, page
from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models as rows
from store.database import Database
from store.errors import WrongUse
from store.search import find, index, scan, trends, windows
from store.search.filters import Filters
from store.search.find import search
from store.search.passages import passages
from store.search.syntax import matches, parse
from store.shapes import page_from_json


@pytest.fixture
def library(database: Database) -> Database:
    fill(database)
    return database


def meant(session: Session, query: str, as_of: dt.datetime | None = None) -> set[tuple[str, str]]:
    """Documents and passages that a query means, by reading all of them."""
    tree = parse(query)
    found = set()
    for document in session.scalars(select(rows.Document)):
        versions = session.scalars(
            select(rows.Version)
            .where(rows.Version.document_id == document.id)
            .order_by(rows.Version.captured_at)
        ).all()
        if as_of is not None:
            versions = [version for version in versions if version.captured_at <= as_of][-1:]
        for version in versions:
            for passage in passages(page_from_json(version.page), version.title):
                if matches(tree, passage.text):
                    found.add((document.id, passage.text))
    return found


@pytest.mark.parametrize("stretch", [windows.FIRST, 7])
def test_search_finds_what_is_meant_and_nothing_else(
    library: Database, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    """Also where the rows are gone through in stretches."""
    monkeypatch.setattr(windows, "FIRST", stretch)
    with library.read() as session:
        for query in QUERIES:
            wanted = meant(session, query)
            answers = all_pages(session, query)
            found = [(hit.document.id, hit.passage.text) for answer in answers for hit in answer.hits]
            assert set(found) == wanted, query
            assert answers[0].total == len(found), query
            assert answers[0].is_exact
            # What was edited away and came back is another row: the same words, of other versions.
            assert len(found) - len(wanted) <= 12
            with monkeypatch.context() as many:
                many.setattr(find, "MANY", 5)  # now it is many: newest first, by the index's own order
                newest = [(hit.document.id, hit.passage.text) for hit in all_hits(session, query)]
            assert sorted(newest) == sorted(found), query
        with_all = all_hits(session, "双减 OR 学位", limit=100)
        assert all(hit.snippet.marks for hit in with_all)


@pytest.mark.parametrize("stretch", [windows.FIRST, 7])
def test_a_trend_counts_the_plans_that_speak_of_it_today(
    library: Database, monkeypatch: pytest.MonkeyPatch, stretch: int
) -> None:
    monkeypatch.setattr(windows, "FIRST", stretch)
    with library.read() as session:
        originals = session.scalars(select(rows.Document).where(rows.Document.role == "original")).all()
        for query in ("双减", "双减 OR 学位", "“课后服务”", "从未有过"):
            tree = parse(query)
            speaking = [
                document.plan
                for document in originals
                if document.plan
                and document.version
                and any(
                    matches(tree, one.text)
                    for one in passages(page_from_json(document.version.page), document.version.title)
                )
            ]
            told = trends.trend(session, query)
            assert told is not None
            assert told.is_all
            assert {share.key: share.named for share in told.years if share.named} == Counter(
                str(plan.period_start) for plan in speaking if plan.period_start
            ), query


@given(st.integers(1, 10**7), st.floats(0, 1), st.integers(1, 2000))
def test_the_windows_of_a_search_leave_no_row_out(newest: int, density: float, wanted: int) -> None:
    """Each begins where the one before ended, until there is enough, or down to the first row; what has none of the
    words is left to the index."""
    before, hits = newest + 1, 0
    for number in range(60):
        at = windows.window(newest, before, hits, wanted)
        assert at.before == before
        if at.floor is None:
            assert at.way == "in order" or number
            assert at.way == "by index" or hits or before <= windows.FIRST
            return
        assert 0 < at.floor < before
        hits += round(density * (before - at.floor))
        before = at.floor
        if hits >= wanted:
            return
    pytest.fail("no end of windows")


@pytest.mark.parametrize("many", [1000, 5])
@pytest.mark.parametrize("is_renewed", [False, True])
def test_a_day_shows_what_could_be_read_then(
    library: Database, monkeypatch: pytest.MonkeyPatch, many: int, is_renewed: bool
) -> None:
    """Also of few at a time, the newest first, and of documents that were indexed anew long after."""
    monkeypatch.setattr(find, "MANY", many)
    if is_renewed:
        with library.write() as session:
            for number in (3, 7):
                index.renew(session, f"d{number:012}")
    with library.read() as session:
        for days in (-1, 0, 15, 33, 47, 100):
            as_of = START + days * DAY
            hits = all_hits(session, "双减 OR 学位 OR 课后", Filters(as_of=as_of))
            found = [(hit.document.id, hit.passage.text) for hit in hits]
            assert set(found) == meant(session, "双减 OR 学位 OR 课后", as_of), days
            for hit in hits:
                assert hit.shown.captured_at <= as_of
                texts = [one.text for one in passages(page_from_json(hit.shown.page), hit.shown.title)]
                assert hit.passage.text in texts


@pytest.mark.parametrize(("most_scanned", "few"), [(0, 0), (0, 100), (2_000, 100)])
def test_filters_narrow_whether_words_or_filters_drive(
    library: Database, monkeypatch: pytest.MonkeyPatch, most_scanned: int, few: int
) -> None:
    monkeypatch.setattr(scan, "MOST_SCANNED", most_scanned)
    monkeypatch.setattr(scan, "FEW_DOCUMENTS", few)
    monkeypatch.setattr(scan, "VERSIONS_AT_ONCE", 3)
    with library.read() as session:
        plans = {plan.id: plan for plan in session.scalars(select(rows.Plan))}
        everything = [(hit.document, hit.passage.text) for hit in all_hits(session, "双减 OR 学位")]

        def found(filters: Filters, query: str = "双减 OR 学位") -> list[tuple[str, str]]:
            return sorted((hit.document.id, hit.passage.text) for hit in all_hits(session, query, filters))

        def expected(fits: object) -> list[tuple[str, str]]:
            return sorted(
                (document.id, text) for document, text in everything if fits(plans[document.plan_id])
            )

        assert found(Filters(region="620000")) == expected(lambda p: p.region.startswith("62"))
        assert found(Filters(region="620421")) == expected(lambda p: p.region == "620421")
        assert found(Filters(region="000000")) == expected(lambda p: True)
        assert found(Filters(year=2023)) == expected(lambda p: p.period_start in (2022, 2023))
        assert found(Filters(publisher="1501")) == expected(lambda p: p.region == "150100")
        assert found(Filters(publisher="%")) == []
        assert found(Filters(source="s-150100")) == expected(lambda p: p.region == "150100")
        assert found(Filters(kind="规划")) == []
        assert found(Filters(role="reprint")) == []
        assert found(Filters(since=dt.date(2023, 1, 15))) == expected(lambda p: p.period_start >= 2023)
        assert found(Filters(until=dt.date(2023, 1, 14))) == expected(lambda p: p.period_start < 2023)
        titles = found(Filters(region="150000"), "-双减")
        assert titles == sorted(
            (plan.id[1:], plan.title)
            for plan in plans.values()
            if plan.region == "150100" and "双减" not in plan.title
        )
        assert len(found(Filters(region="150000"), "")) == sum(p.region == "150100" for p in plans.values())


def test_a_place_and_a_year_may_be_the_plans(library: Database) -> None:
    with library.read() as session:
        hits = all_hits(session, "双减 内蒙古 2021")
        assert hits
        assert {hit.document.plan.region for hit in hits} == {"150100"}
        assert {hit.document.plan.period_start for hit in hits} <= {2020, 2021}
        assert all("双减" in hit.passage.text.replace("“", "").replace("”", "") for hit in hits)
        assert not all_hits(session, "双减 “内蒙古”")
        by_title = all_hits(session, "学位 工作要点")
        assert by_title
        assert len(by_title) == len(all_hits(session, "学位"))


def test_facets_count_the_hits(library: Database) -> None:
    with library.read() as session:
        answer = search(session, "双减", Filters())
        provinces = {facet.value: facet.count for facet in answer.facets["region"]}
        assert set(provinces) == {"620000", "150000", "000000"}
        assert sum(provinces.values()) == answer.total
        inner = search(session, "双减", Filters(region="620000")).facets["region"]
        assert {facet.value for facet in inner} == {"620400"}
        assert {facet.value for facet in answer.facets["kind"]} == {"工作要点"}


def test_titles_and_what_holds_today_come_first(database: Database) -> None:
    with database.write() as session:
        kept(session, "d1", START, page("双减方案", ["其他"]))
        kept(session, "d2", START, page("要点", ["双减一", "双减二"]))
        kept(session, "d2", START + DAY, page("要点", ["双减一", "双减改"]))
        kept(session, "d3", START, page("转载", ["双减三"]), role="reprint")
    with database.read() as session:
        hits = all_hits(session, "双减")
        told = [(hit.passage.text, hit.first, hit.last, hit.is_current) for hit in hits]
        assert told == [
            ("双减方案", 1, None, True),
            ("2.双减改", 2, None, True),
            ("1.双减一", 1, None, True),
            ("1.双减三", 1, None, True),
            ("2.双减二", 1, 1, False),
        ]
        assert [hit.shown.number for hit in hits] == [1, 2, 2, 1, 1]
        assert [hit.passage.path for hit in hits] == ["", "2.", "1.", "1.", "2."]


def test_what_was_withdrawn_could_not_be_read_then(database: Database) -> None:
    with database.write() as session:
        version = kept(session, "d1", START, page("要点", ["双减"]))
        for kind, day in (("withdrawn", 5), ("restored", 9)):
            session.add(
                rows.Change(
                    document_id="d1",
                    type=kind,
                    detected_at=START + day * DAY,
                    from_version_id=version.id,
                    difference={"items": [], "metadata": [], "attachments": []},
                )
            )
    with database.read() as session:
        seen = [len(all_hits(session, "双减", Filters(as_of=START + day * DAY))) for day in (1, 5, 7, 9, 12)]
        assert seen == [1, 0, 0, 1, 1]


HOSTILE = (
    "双减 " * 25_000,
    "(" * 3000 + "双减",
    ".*(双减)+?[^a]{1,99}$",
    "-双减 -学位",
    "，。！？——……",
    "\x00双减\x00",
    "\ud800双减\udfff",
    "双减' OR 1=1 --",
    'NEAR(双 减, 5) "',
    "words:双减 ^双 双*",
    "双 <-> 减 & !学位:*A",
    "\\'双\\",
    "x" * 100_000,
    "😀👨‍👩‍👧 双减",
    "\u202e双减\ufeff",
    " ".join(f"a{n}" for n in range(500)),
    "OR OR AND NOT - -- “”",
    "１２００个",
)


def test_no_query_is_an_error_or_finds_what_it_does_not_mean(library: Database) -> None:
    with library.read() as session:
        for query in HOSTILE:
            for hit in search(session, query, ALL, limit=100).hits:
                assert matches(parse(query), hit.passage.text), query[:20]


def test_a_cursor_that_is_none_is_told(database: Database) -> None:
    with database.read() as session:
        for cursor in ("", "n", "n0", "n-1", "x5", "n" + "9" * 30, "r5; drop table", "n5\n"):
            with pytest.raises(WrongUse, match="leave it out to begin anew"):
                search(session, "双减", ALL, cursor=cursor)
        assert not search(session, "双减", ALL, cursor="n" + "9" * 18).hits


def test_the_program_searches_what_was_crawled(archive: Database, yaodian: Run) -> None:
    found = json.loads(yaodian("search", "教师", "甘肃", "--format", "json").stdout)
    assert found
    assert {item["region"][:2] for item in found} == {"62"}
    item = found[0]
    assert item["snippet"][slice(*item["marks"][0])] == "教师"
    shown = json.loads(yaodian("show", f"{item['document']}@{item['version']}", "--format", "json").stdout)
    assert shown["title"] == item["title"]
    table = yaodian("search", "教师", "--role", "reprint").stdout
    assert "[教师]" in table
    assert "items" in table.splitlines()[-1]
    assert "nothing has these words" in yaodian("search", "没有的词").stdout
    before = yaodian("search", "教师", "--format", "jsonl").stdout
    assert yaodian("reindex").stdout.endswith("versions indexed\n")
    assert sorted(yaodian("search", "教师", "--format", "jsonl").stdout.splitlines()) == sorted(
        before.splitlines()
    )
    assert yaodian("search", "教师", "--as-of", "2001-01-01", "--format", "json").stdout == "[]\n"
    bad = yaodian("search", "教师", "--region", "99")
    assert bad.returncode == 2
