"""Search over many generated versions: how fast they are indexed, what the index weighs, how long a query takes.

python -m bench.search [VERSIONS] [--items 28] [--keep FILE]

Two versions a document on average, of 28 items with 4 000 characters, one of which is edited between versions.
They go into SQLite, or into the empty database that YAODIAN_DATABASE_URL names; with --keep a database is made there,
or used again when it is there. Times of a query are the whole answer: hits, snippets, count and facets.
"""

from __future__ import annotations

import argparse
import datetime as dt
import gc
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, select, text

from bench.corpus import START, editions, keep
from bench.table import beside
from store import models as rows
from store.database import Database
from store.search import index
from store.search.filters import Filters
from store.search.find import search
from store.shapes import page_from_json

AT_ONCE = 200
# So many are also put into a table of texts, for the sake of comparison.
FEW = 20_000
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
PLAIN = [*QUERIES["2 characters"], *QUERIES["4 characters"], *QUERIES["phrase"]]
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
        if asked.versions <= FEW:
            ours = statistics.mean(cpu_ms(database, query) for query in PLAIN)
            beside(
                f"a search over {asked.versions} versions",
                "CPU ms",
                ours,
                {"LIKE over the texts": like_ms(database)},
            )
        database.close()
    print(f"p95 above 50 ms: {', '.join(slow)}" if slow else "every p95 is below 50 ms")
    return 0


def fill(database: Database, there: int, wanted: int, items: int) -> None:
    """Composed versions in the order in which a service would have come by them; timed is what indexing costs, not
    making them."""
    indexing = 0.0
    characters = 0
    begun = time.monotonic()
    if not there:
        with database.write() as session:
            session.add_all(
                rows.Source(id=f"s{n}", name=f"第{n}站", publisher="某局", region="000000", kind="official")
                for n in range(50)
            )
    coming = editions(there, items)
    known: dict[str, rows.Version] = {}
    done = there
    while done < wanted:
        batch = [next(coming) for _ in range(AT_ONCE)]
        with database.write() as session:
            made = keep(session, batch)
            started = time.process_time()
            for version, edition in zip(made, batch, strict=True):
                index.add(session, version, edition.page, known.pop(edition.document, None))
                if not edition.is_last:
                    known[edition.document] = version
            session.flush()
            indexing += time.process_time() - started
            session.expunge_all()
        characters += sum(len(edition.page.text) for edition in batch)
        done += len(batch)
        if (done // AT_ONCE) % 20 == 0:
            rate = (done - there) / (time.monotonic() - begun)
            print(f"\r{done} versions, {rate:.0f} a second", end="", file=sys.stderr)
    made_in_all = done - there
    print(
        f"\n{made_in_all} versions, {characters / made_in_all:.0f} characters each: indexed "
        f"{made_in_all / indexing:.0f} a CPU second ({1000 * indexing / made_in_all:.2f} ms each), "
        f"{made_in_all / (time.monotonic() - begun):.0f} a second with making and storing"
    )


def cpu_ms(database: Database, query: str) -> float:
    with database.read() as session:
        begun = time.process_time()
        search(session, query, Filters())
        return 1000 * (time.process_time() - begun)


def like_ms(database: Database) -> float:
    """What the same words take as patterns over all texts in a table: an unordered first thousand, without snippets."""
    texts = sqlite3.connect(":memory:")
    texts.execute("create table texts (text text)")
    with database.read() as session:
        pages = session.scalars(select(rows.Version.page))
        texts.executemany("insert into texts values (?)", ([page_from_json(page).text] for page in pages))
    taken = []
    for query in PLAIN:
        begun = time.process_time()
        texts.execute(
            "select rowid from texts where text like ? limit 1000", [f"%{query.strip('“”')}%"]
        ).fetchall()
        taken.append(1000 * (time.process_time() - begun))
    return statistics.mean(taken)


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
    gc.collect()
    gc.freeze()  # what filling left is not gone through again while a query is timed
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
