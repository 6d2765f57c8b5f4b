"""Search over many generated versions: how fast they are indexed, what the index weighs, how long a query takes.

python -m bench.search [VERSIONS] [--items 28] [--keep FILE]

Two versions a document on average, of 28 items with 4 000 characters, one of which is edited between versions.
They go into SQLite, or into the empty database that YAODIAN_DATABASE_URL names; with --keep a database is made there,
or used again when it is there. Times of a query are the whole answer: hits, snippets, count and facets.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.orm import Session

from store import models as rows
from store.database import Database
from store.flow import Metadata, Node, Page
from store.normal import content_hash
from store.search import index
from store.search.filters import Filters
from store.search.find import search
from store.shapes import page_to_json

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
AT_ONCE = 200
REGIONS = [
    f"{province}{city:02}00"
    for province in (11, 14, 15, 21, 32, 37, 41, 43, 50, 51, 62, 65)
    for city in range(1, 26)
]
KINDS = ("工作要点", "工作计划", "工作安排", "实施方案")
# What a clause is made of; the first words of a row are common, the last ones rare.
VERBS = [
    "推进",
    "落实",
    "加强",
    "完善",
    "深化",
    "规范",
    "健全",
    "优化",
    "做好",
    "推动",
    "建立",
    "扩大",
    "提升",
    "组织",
    "开展",
    "保障",
    "统筹",
    "严格",
    "巩固",
    "探索",
]
THINGS = [
    "义务教育优质均衡",
    "学前教育普惠资源",
    "普通高中特色发展",
    "职业教育产教融合",
    "教师队伍建设",
    "师德师风教育",
    "体育与美育",
    "劳动教育实践",
    "心理健康服务",
    "课后服务质量",
    "校外培训治理",
    "校园安全责任",
    "食品卫生管理",
    "教育经费投入",
    "控辍保学机制",
    "集团化办学",
    "数字教育平台",
    "语言文字推广",
    "特殊教育保障",
    "家校社协同育人",
    "国防教育",
    "科学实验课程",
    "县域教研体系",
    "石榴红宣讲活动",
    "鸿雁送教计划",
]
ENDS = [
    "明确责任分工并按季度报送进展",
    "年底前完成自查",
    "形成可复制的经验",
    "纳入年度考核",
    "做到底数清楚",
    "由分管负责同志具体抓",
    "及时公开结果",
    "坚持问题导向",
    "突出重点难点",
    "确保取得实效",
    "扎实减轻学生过重负担",
    "认真执行双减各项要求",
    "经费由本级财政安排",
    "接受社会监督",
    "分类指导各类学校",
]
QUERIES = {
    "2 characters": ["双减", "体育", "教师", "均衡", "鸿雁", "石榴", "保学", "财政"],
    "4 characters": [
        "义务教育",
        "课后服务",
        "控辍保学",
        "国防教育",
        "鸿雁送教",
        "语言文字",
        "校园安全",
        "教研体系",
    ],
    "phrase": [
        "“由分管负责同志具体抓”",
        "“认真执行双减各项要求”",
        "“石榴红宣讲活动”",
        "“推进学前教育普惠资源”",
        "“明确责任分工并按季度报送进展”",
        "云教发〔2024〕77号",
    ],
    "several words": [
        "双减 石榴红",
        "体育 -双减",
        "鸿雁 OR 石榴",
        "义务教育 4300个",
        "双减 内蒙古 2023",
        "教师 财政 考核",
    ],
}
NARROW = [
    Filters(region="150000"),
    Filters(region="150300"),
    Filters(year=2021),
    Filters(region="620700", year=2022),
    Filters(kind="实施方案"),
    Filters(source="s7"),
    Filters(since=dt.date(2023, 3, 1), until=dt.date(2023, 3, 2)),
    Filters(as_of=START + dt.timedelta(days=700)),
]


def main() -> int:
    given = argparse.ArgumentParser()
    given.add_argument("versions", type=int, nargs="?", default=100_000)
    given.add_argument("--items", type=int, default=28)
    given.add_argument("--keep", type=Path)
    given.add_argument("--repeat", type=int, default=3)
    asked = given.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = asked.keep or Path(folder) / "search.db"
        url = os.environ.get("YAODIAN_DATABASE_URL") or f"sqlite:///{path}"
        database = Database(url)
        database.upgrade()
        with database.read() as session:
            there = session.scalar(select(func.count()).select_from(rows.Version)) or 0
        if there < asked.versions:
            fill(database, there, asked.versions, asked.items)
        weigh(database)
        slow = [name for name, p95 in measure(database, asked.repeat) if p95 > 50]
        database.close()
    print(f"p95 above 50 ms: {', '.join(slow)}" if slow else "every p95 is below 50 ms")
    return 0


def fill(database: Database, there: int, wanted: int, items: int) -> None:
    """Composed documents, newest last; timed is what indexing costs, not making them."""
    chance = random.Random(there)
    indexing = 0.0
    characters = 0
    begun = time.monotonic()
    if not there:
        with database.write() as session:
            session.add_all(
                rows.Source(id=f"s{n}", name=f"第{n}站", publisher="某局", region="000000", kind="official")
                for n in range(50)
            )
    done, number = there, there
    while done < wanted:
        with database.write() as session:
            editions = _documents(session, chance, number, items)
            number += AT_ONCE
            started = time.process_time()
            before: rows.Version | None = None
            for version, page in editions:
                index.add(session, version, page, before if version.number > 1 else None)
                before = version
            session.flush()
            indexing += time.process_time() - started
            characters += sum(len(page.text) for _, page in editions)
            done += len(editions)
        if (done // AT_ONCE) % 20 == 0:
            print(
                f"\r{done} versions, {done / (time.monotonic() - begun):.0f} a second",
                end="",
                file=sys.stderr,
            )
    made = done - there
    print(
        f"\n{made} versions, {characters / made:.0f} characters each: indexed {made / indexing:.0f} a CPU second "
        f"({1000 * indexing / made:.2f} ms each), {made / (time.monotonic() - begun):.0f} a second with making and storing"
    )


def _documents(
    session: Session, chance: random.Random, number: int, count: int
) -> list[tuple[rows.Version, Page]]:
    """Documents with their plans, captures and versions, as rows that are flushed."""
    plans, documents, captures, versions = [], [], [], []
    for one in range(number, number + AT_ONCE):
        region, year = chance.choice(REGIONS), 2020 + one % 6
        title = f"云溪{one}市教育局{year}年{chance.choice(KINDS)}"
        at = START + dt.timedelta(minutes=20 * one)
        items = [_item(chance) for _ in range(count)]
        name = f"d{one:012}"
        plans.append(
            {
                "id": f"p{one:012}",
                "title": title,
                "publisher": f"云溪{one % 997}市教育局",
                "region": region,
                "kind": title[-4:],
                "period_start": year,
                "period_end": year,
            }
        )
        documents.append(
            {
                "id": name,
                "source_id": f"s{one % 50}",
                "url": f"https://example.org/{one}",
                "listed_title": title,
                "found_at": at,
                "state": "live",
                "plan_id": f"p{one:012}",
                "role": "original",
                "dated_on": at.date(),
            }
        )
        for edition in range(chance.choice((1, 1, 2, 2, 3, 3))):
            if edition:
                items[chance.randrange(count)] = _item(chance)
            page = _page(title, f"云教发〔{year}〕{one % 400}号", items)
            moment = at + dt.timedelta(days=9 * edition)
            captures.append(
                {
                    "document_id": name,
                    "url": f"https://example.org/{one}",
                    "fetched_at": moment,
                    "status": 200,
                    "digest": str(one),
                    "file": "f",
                    "offset": 0,
                    "length": 1,
                }
            )
            versions.append((name, edition + 1, moment, title, page))
    session.execute(insert(rows.Plan), plans)
    session.execute(insert(rows.Document), documents)
    ids = session.scalars(
        insert(rows.Capture).returning(rows.Capture.id, sort_by_parameter_order=True), captures
    ).all()
    made = [
        rows.Version(
            document_id=name,
            number=edition,
            capture_id=capture,
            captured_at=moment,
            title=title,
            content_hash=content_hash(page),
            page=page_to_json(page),
        )
        for capture, (name, edition, moment, title, page) in zip(ids, versions, strict=True)
    ]
    session.add_all(made)
    session.flush()
    newest = {version.document_id: version.id for version in made}
    session.execute(
        update(rows.Document), [{"id": name, "version_id": version} for name, version in newest.items()]
    )
    return [(version, page) for version, (*_, page) in zip(made, versions, strict=True)]


def _page(title: str, number: str, items: list[str]) -> Page:
    outline = tuple(Node(f"{n}.", 1, None, text) for n, text in enumerate(items, 1))
    metadata = Metadata(document_number=number)
    return Page("https://example.org/", title, "\n".join(items), metadata, outline, ())


def _item(chance: random.Random) -> str:
    """Some 145 characters of clauses; things and ends are chosen the rarer the later they stand in their row."""
    clauses = []
    for _ in range(7):
        thing = (
            THINGS[min(int(chance.paretovariate(0.6)) - 1, len(THINGS) - 1)]
            if chance.random() < 0.5
            else chance.choice(THINGS[:20])
        )
        if chance.random() < 0.97 and thing in THINGS[-2:]:
            thing = THINGS[0]
        end = chance.choice(ENDS)
        clauses.append(f"{chance.choice(VERBS)}{thing}，投入{chance.randrange(1, 9000)}个，{end}")
    return "；".join(clauses) + "。"


def weigh(database: Database) -> None:
    with database.read() as session:
        versions = session.scalar(select(func.count()).select_from(rows.Version)) or 1
        documents = session.scalar(select(func.count()).select_from(rows.Document)) or 1
        items = session.scalar(select(func.sum(rows.Indexed.count)))
        if database.engine.dialect.name == "sqlite":
            words = session.scalar(text("select sum(length(block)) from item_words_data"))
            others = session.scalar(text("select sum(length(rows)) + count(*) * 24 from indexed"))
            whole = session.scalar(
                text("select page_count * page_size from pragma_page_count, pragma_page_size")
            )
            pages = session.scalar(select(func.sum(func.length(text("page")))).select_from(rows.Version))
        else:
            words = session.scalar(text("select pg_total_relation_size('item_words')"))
            others = session.scalar(
                text("select pg_total_relation_size('indexed') + pg_total_relation_size('ended')")
            )
            whole = session.scalar(text("select pg_database_size(current_database())"))
            pages = session.scalar(text("select pg_total_relation_size('versions')"))
    print(
        f"{documents} documents, {versions} versions, {items} rows in the index: words {words / versions:.0f} bytes a version "
        f"({words / documents:.0f} a document), which rows a version has {others / versions:.0f}, stored pages "
        f"{pages / versions:.0f}; the database {whole / versions:.0f} bytes a version ({whole / 1e9:.2f} GB)"
    )


def measure(database: Database, repeat: int) -> Iterator[tuple[str, float]]:
    filtered = [(query, one) for query in ("双减", "义务教育", "石榴", "教师") for one in NARROW]
    kinds = {name: [(query, Filters()) for query in queries] for name, queries in QUERIES.items()} | {
        "filtered": filtered
    }
    print(f"{'':16}{'p50':>9}{'p95':>9}{'worst':>9}   ms of wall;{'p95':>7} of CPU   slowest")
    with database.read() as session:
        search(session, "双减", Filters())
    for name, asked in kinds.items():
        taken = []
        for _ in range(repeat):
            for query, filters in asked:
                with database.read() as session:
                    wall, cpu = time.perf_counter(), time.process_time()
                    answer = search(session, query, filters)
                    taken.append(
                        (
                            1000 * (time.perf_counter() - wall),
                            1000 * (time.process_time() - cpu),
                            query,
                            filters,
                            answer.total,
                        )
                    )
        walls = sorted(one[0] for one in taken)
        cpus = sorted(one[1] for one in taken)
        worst = max(taken, key=lambda one: one[0])
        narrowed = {key: value for key in worst[3].__slots__ if (value := getattr(worst[3], key)) is not None}
        at = int(len(walls) * 0.95)
        print(
            f"{name:16}{walls[len(walls) // 2]:9.1f}{walls[at]:9.1f}{walls[-1]:9.1f}{'':14}{cpus[at]:7.1f}{'':10}"
            f"{worst[2]} {narrowed or ''} ({worst[4]} hits)"
        )
        yield name, walls[at]


if __name__ == "__main__":
    sys.exit(main())
