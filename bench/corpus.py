"""A corpus of any size, edition by edition in the order in which a service would have come by them; and its rows."""

from __future__ import annotations

import datetime as dt
import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from store import models as rows
from store.flow import Metadata, Node, Page
from store.normal import content_hash
from store.shapes import page_to_json

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
EDITED_AFTER = dt.timedelta(days=9)
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


@dataclass(frozen=True, slots=True)
class Edition:
    """What a site says of a document from a moment on."""

    document: str
    number: int
    at: dt.datetime
    page: Page
    region: str
    year: int
    is_last: bool


def editions(first: int, items: int) -> Iterator[Edition]:
    """Documents, one every twenty minutes, each edited up to twice, nine days after it came: all in time's order."""
    chance = random.Random(first)
    waiting: deque[tuple[dt.datetime, int, Edition, list[str]]] = deque()
    for one in count(first):
        at = START + dt.timedelta(minutes=20 * one)
        while waiting and waiting[0][0] <= at:
            due, left, before, texts = waiting.popleft()
            texts[chance.randrange(items)] = _item(chance)
            page = _page(str(before.page.title), str(before.page.metadata.document_number), texts)
            edition = replace(before, number=before.number + 1, at=due, page=page, is_last=left == 1)
            yield edition
            if left > 1:
                waiting.append((due + EDITED_AFTER, left - 1, edition, texts))
        region, year = chance.choice(REGIONS), 2020 + one % 6
        texts = [_item(chance) for _ in range(items)]
        page = _page(
            f"云溪{one}市教育局{year}年{chance.choice(KINDS)}", f"云教发〔{year}〕{one % 400}号", texts
        )
        left = chance.choice((0, 0, 1, 1, 2, 2))
        edition = Edition(f"d{one:012}", 1, at, page, region, year, is_last=not left)
        yield edition
        if left:
            waiting.append((at + EDITED_AFTER, left, edition, texts))


def keep(session: Session, batch: Sequence[Edition]) -> list[rows.Version]:
    """The rows of these editions, flushed; those of a new document with its plan."""
    new = [edition for edition in batch if edition.number == 1]
    session.execute(insert(rows.Plan), [_plan(edition) for edition in new])
    session.execute(insert(rows.Document), [_document(edition) for edition in new])
    captures = [
        {
            "document_id": edition.document,
            "url": edition.page.url,
            "fetched_at": edition.at,
            "status": 200,
            "digest": edition.document,
            "file": "f",
            "offset": 0,
            "length": 1,
        }
        for edition in batch
    ]
    ids = session.scalars(
        insert(rows.Capture).returning(rows.Capture.id, sort_by_parameter_order=True), captures
    ).all()
    made = [
        rows.Version(
            document_id=edition.document,
            number=edition.number,
            capture_id=capture,
            captured_at=edition.at,
            title=edition.page.title,
            content_hash=content_hash(edition.page),
            page=page_to_json(edition.page),
        )
        for capture, edition in zip(ids, batch, strict=True)
    ]
    session.add_all(made)
    session.flush()
    newest = [{"id": version.document_id, "version_id": version.id} for version in made]
    session.execute(update(rows.Document), newest)
    return made


def _plan(edition: Edition) -> dict[str, object]:
    title = str(edition.page.title)
    return {
        "id": f"p{edition.document}",
        "title": title,
        "publisher": title.partition("年")[0][:-4],
        "region": edition.region,
        "kind": title[-4:],
        "period_start": edition.year,
        "period_end": edition.year,
    }


def _document(edition: Edition) -> dict[str, object]:
    return {
        "id": edition.document,
        "source_id": f"s{int(edition.document[1:]) % 50}",
        "url": f"{edition.page.url}{edition.document}",
        "listed_title": edition.page.title,
        "found_at": edition.at,
        "state": "live",
        "plan_id": f"p{edition.document}",
        "role": "original",
        "dated_on": edition.at.date(),
    }


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
