"""Versions of plans as rows, and what a search finds among them page by page."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence

from sqlalchemy.orm import Session

from store import models as rows
from store.database import Database
from store.flow import Metadata, Node, Page
from store.normal import content_hash
from store.records import add_version
from store.search.filters import Filters
from store.search.find import Answer, Hit, search

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


def fill(database: Database) -> None:
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
