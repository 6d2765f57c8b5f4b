"""Search finds every version's items, exactly those that the query means, alike on both databases."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from conftest import Run
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import models as rows
from store.database import Database
from store.errors import WrongUse
from store.flow import Metadata, Node, Page
from store.normal import content_hash
from store.records import add_version
from store.search import find, index, scan
from store.search.filters import Filters
from store.search.find import Answer, Hit, search
from store.search.passages import passages
from store.search.syntax import matches, parse
from store.shapes import page_from_json

DAY = dt.timedelta(days=1)
ALL = Filters()
START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
CLAUSES = (
    "落实“双减”政策",
    "做好课后服务",
    "新增学位1200个",
    "推进 STEM 教育",
    "培养“双师型”教师36名",
    "十。四五月完成",
    "执行云教发〔2026〕18号文件",
    "减轻负担，双向选择",
    "比例达到4.5%",
    "面积10²平方米",
    "𬭎字辈学校",
)
QUERIES = (
    "双减",
    "双",
    "课后服务 学位",
    "双减 OR 学位",
    "-双减 课后",
    "双减 -课后 OR 学位",
    "双师型教师",
    "十四五",
    "“四五月” 双减",
    "云教发[2026]18号",
    "steam OR stem",
    "4.5%",
    "10",
    "𬭎",
    "1200个 双减 -36",
    "政策。做好",
    "没有的词",
)


def page(title: str, items: Sequence[str]) -> Page:
    outline = tuple(Node(f"{n}.", 1, None, text) for n, text in enumerate(items, 1))
    return Page("https://example.org/", title, "\n".join(items), Metadata(), outline, ())


def kept(
    session: Session,
    name: str,
    at: dt.datetime,
    read: Page,
    *,
    region: str = "620400",
    year: int = 2026,
    kind: str = "工作要点",
    role: str = "original",
) -> rows.Version:
    """A further version of a document that is made when it is not there."""
    document = session.get(rows.Document, name)
    if document is None:
        source_id = f"s-{region}"
        if session.get(rows.Source, source_id) is None:
            session.add(
                rows.Source(id=source_id, name="某站", publisher="某局", region=region, kind="official")
            )
        session.add(
            rows.Plan(
                id="p" + name,
                title=read.title or "",
                publisher=f"{region}教育局",
                region=region,
                kind=kind,
                period_start=year,
                period_end=year + 1,
            )
        )
        session.flush()
        document = rows.Document(
            id=name,
            source_id=source_id,
            url=f"https://example.org/{name}",
            listed_title=read.title or "",
            found_at=at,
            state="live",
            plan_id="p" + name,
            role=role,
            dated_on=dt.date(year, 1, 15),
        )
        session.add(document)
        session.flush()
    capture = rows.Capture(
        document_id=name,
        url=document.url,
        fetched_at=at,
        status=200,
        digest="0",
        file="f",
        offset=0,
        length=1,
    )
    session.add(capture)
    session.flush()
    return add_version(session, document, capture.id, at, read, content_hash(read))


def all_pages(session: Session, query: str, filters: Filters = ALL, limit: int = 15) -> list[Answer]:
    answers = [search(session, query, filters, limit=limit)]
    while answers[-1].cursor is not None:
        answers.append(search(session, query, filters, limit=limit, cursor=answers[-1].cursor))
    return answers


def all_hits(session: Session, query: str, filters: Filters = ALL, limit: int = 15) -> list[Hit]:
    return [hit for answer in all_pages(session, query, filters, limit) for hit in answer.hits]


@pytest.fixture
def library(database: Database) -> Database:
    """Twenty documents of up to four versions, of random clauses."""
    chance = random.Random(7)
    with database.write() as session:
        for number in range(20):
            items = [
                "，".join(chance.sample(CLAUSES, chance.randint(1, 3))) for _ in range(chance.randint(1, 6))
            ]
            at = START + number * DAY
            region = chance.choice(("620400", "620421", "150100", "000000"))
            title = f"第{number}号{chance.choice(('工作要点', '双减方案'))}"
            for edition in range(chance.randint(1, 4)):
                kept(
                    session,
                    f"d{number:012}",
                    at + edition * 10 * DAY,
                    page(title, items),
                    region=region,
                    year=2020 + number % 5,
                )
                items[chance.randrange(len(items))] = chance.choice(CLAUSES)
                if chance.random() < 0.3:
                    items.insert(0, chance.choice(CLAUSES))
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


def test_search_finds_what_is_meant_and_nothing_else(
    library: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
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
            monkeypatch.setattr(find, "MANY", 5)  # now it is many: newest first, by the index's own order
            newest = [(hit.document.id, hit.passage.text) for hit in all_hits(session, query)]
            assert sorted(newest) == sorted(found), query
            monkeypatch.undo()
        with_all = all_hits(session, "双减 OR 学位", limit=100)
        assert all(hit.snippet.marks for hit in with_all)


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


def test_an_item_that_stays_is_indexed_once(database: Database) -> None:
    items = [f"{CLAUSES[n % 11]}之{n}" for n in range(50)]
    with database.write() as session:
        kept(session, "d1", START, page("要点", items))
        for edition in range(1, 5):
            items[edition] += "（修改）"
            kept(session, "d1", START + edition * DAY, page("要点", items))
    with database.read() as session:
        assert session.scalar(select(func.sum(rows.Indexed.count))) == 51 + 4
        (hit,) = all_hits(session, "“修改” 双师型")
        assert (hit.first, hit.last, hit.shown.number) == (5, None, 5)


def test_a_renumbered_item_is_shown_where_it_stands_now(database: Database) -> None:
    with database.write() as session:
        kept(session, "d1", START, page("要点", ["甲类事项"]))
        first = Node("1.", 1, None, "新增的")
        moved = replace(
            page("要点", []),
            outline=(Node("一、", 1, None, "总则", (first, Node(None, 2, None, "1.甲类事项"))),),
        )
        kept(session, "d1", START + DAY, moved)
    with database.read() as session:
        (hit,) = all_hits(session, "甲类事项")
        assert (hit.passage.path, hit.first, hit.last) == ("一、/¶1", 1, None)


def answers(session: Session) -> list[list[tuple[str, str, int, int | None]]]:
    return [
        sorted(
            (hit.document.id, hit.passage.text, hit.first, hit.last or 0) for hit in all_hits(session, query)
        )
        for query in QUERIES
    ]


def test_the_index_is_made_anew_from_what_is_stored(
    library: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library.read() as session:
        before = answers(session)
    monkeypatch.setattr(index, "AT_ONCE", 10)
    index.empty(library)
    with library.read() as session:
        assert not all_hits(session, "双减")
    waiting = index.pending(library)
    stepwise: Iterator[int] = index.catch_up(library, waiting)
    assert next(stepwise) == 10
    library.upgrade()  # goes on where the other was cut
    assert not index.pending(library)
    with library.read() as session:
        assert answers(session) == before
    with library.write() as session:
        index.renew(session, "d000000000003")
    with library.read() as session:
        assert answers(session) == before


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
