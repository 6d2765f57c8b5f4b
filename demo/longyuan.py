"""陇原市教育局: a bureau's site of the TRS make, UTF-8, with meta tags and a metadata table; redesigned on day 4.

The text of a document is the same in both designs; list.html.j2 and article.html.j2 stand in two folders.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from demo.documents import (
    Document,
    File,
    Paragraph,
    article_paragraphs,
    at_office_hours,
    common_replies,
    cut,
    newest_first,
    printed_date,
    render,
    sheets,
)
from demo.docx import MEDIA_TYPE, table_document
from demo.noise import noise, pick
from demo.numbering import is_numbered, read_lines
from demo.plans import Article, Plan
from demo.replies import Reply
from demo.timeline import Day, Event

SITE = "longyuan"
NAME = "陇原市教育局"
COLUMN = "/zwgk/jyjh/"
SHEET = 6
REDESIGN = 4
FOOTERS = (
    "版权所有：陇原市教育局　主办单位：陇原市教育局",
    "Copyright © 2026 陇原市教育局 All Rights Reserved　主办：陇原市教育局",
    "版权所有：陇原市教育局　承办单位：陇原市教育信息中心",
    "陇原市教育局主办　陇原市教育信息中心维护　版权所有",
)
OFFICES = (
    "基础教育科",
    "职业教育与成人教育科",
    "教师工作科",
    "学校安全与后勤管理科",
    "规划财务科",
    "政策法规科",
)


def of_plan(event: Event, plan: Plan) -> Document:
    """A plan as the bureau publishes it: the cover of the 公文 first, then the plan under its own title."""
    heading = f"{plan.publisher}关于印发《{plan.title}》的通知"
    path = _path(plan.published, event.id)
    files = tuple(_attachment(event, plan, path))
    return Document(
        site=SITE,
        slug=plan.slug,
        path=path,
        title=plan.title,
        heading=heading,
        published=at_office_hours(plan.published, event.id),
        source=plan.publisher,
        paragraphs=tuple(_official(plan, heading, files)),
        plan=plan,
        files=files,
    )


def of_article(article: Article) -> Document:
    return Document(
        site=SITE,
        slug=article.slug,
        path=_path(article.published, article.id),
        title=article.title,
        heading=article.title,
        published=at_office_hours(article.published, article.id),
        source=article.source,
        paragraphs=article_paragraphs(article),
    )


def pages(documents: Sequence[Document], day: Day, first: dt.date) -> dict[str, Reply]:
    """Every path of the site on a day. `first` is the timeline's first date."""
    documents = newest_first(documents)
    design = _design(day)
    replies = common_replies(design, first if design == "longyuan" else day.date)
    replies["/"] = _page(f"{design}/home.html.j2", "/", day, {"documents": documents[:8]})
    for document in documents:
        related = pick(
            SITE, document.path, day.number, [other for other in documents if other != document], 5
        )
        context = {"document": document, "related": related}
        replies[document.path] = _page(f"{design}/article.html.j2", document.path, day, context)
        for file in document.files:
            replies[file.path] = Reply(file.body, MEDIA_TYPE, document.published.astimezone(dt.UTC))
    found = sheets(documents, SHEET)
    for number, sheet in enumerate(found):
        path = COLUMN + _sheet_name(number)
        following = _sheet_name(number + 1) if number + 1 < len(found) else None
        names = [_sheet_name(other) for other in range(len(found))]
        popular = pick(SITE, path, day.number, documents, 4)
        context = {
            "documents": sheet,
            "next": following,
            "names": names,
            "number": number,
            "popular": popular,
        }
        replies[path] = _page(f"{design}/list.html.j2", path, day, context)
    replies[COLUMN] = replies[COLUMN + _sheet_name(0)]
    return replies


def missing(day: Day) -> Reply:
    """The page for an address where nothing stands; the same bytes for every address of a day."""
    page = _page(f"{_design(day)}/missing.html.j2", "/404.html", day, {})
    return Reply(page.body, page.content_type, page.modified, status=404)


def _design(day: Day) -> str:
    return "longyuan" if day.number < REDESIGN else "longyuan_v2"


def _page(template: str, path: str, day: Day, context: dict[str, object]) -> Reply:
    today = noise(SITE, path, day.number, day.date, FOOTERS)
    shown = {"site": NAME, "column": COLUMN, "noise": today, "cut": cut, "is_numbered": is_numbered}
    html = render(template, {**shown, **context})
    return Reply(html.encode(), "text/html; charset=utf-8", today.modified)


def _official(plan: Plan, heading: str, files: Sequence[File]) -> Iterator[Paragraph]:
    """The sheet in the order of GB/T 9704: cover, 落款, then what the cover issues."""
    if plan.number:
        yield Paragraph(plan.number, "number")
    yield Paragraph(heading, "heading")
    if plan.addressees:
        yield Paragraph(plan.addressees, "addressees")
    if plan.notice:
        yield Paragraph(plan.notice, "notice")
    for file in files:
        yield Paragraph(f"附件：{file.name.removesuffix('.docx')}", "notice")
    yield Paragraph(plan.publisher, "signature")
    yield Paragraph(printed_date(plan.issued), "date")
    yield Paragraph("（此件公开发布）", "release")
    yield Paragraph(plan.title, "title")
    for line in plan.body:
        yield Paragraph(line)
    for file in files:
        yield Paragraph(f"附件：{file.name}", "attachment")


def _attachment(event: Event, plan: Plan, path: str) -> Iterator[File]:
    """The table of who does what: an item's heading a row."""
    if not event.attachment:
        return
    headings = [line.heading for line in read_lines(plan.body) if "。" in line.text and line.level]
    rows = [("序号", "重点任务", "牵头科室", "完成时限")]
    for number, heading in enumerate(headings, start=1):
        rows.append((str(number), heading, OFFICES[number % len(OFFICES)], f"{3 + number % 4 * 3}月底前"))
    folder, _, _ = path.rpartition("/")
    serial = f"W0{plan.published:%Y%m%d}{event.id * 7919:012d}"
    yield File(f"{folder}/{serial}.docx", event.attachment, table_document(event.attachment, rows))


def _path(published: dt.date, number: int) -> str:
    return f"{COLUMN}{published:%Y%m}/t{published:%Y%m%d}_{number}.html"


def _sheet_name(number: int) -> str:
    """TRS counts from 0 and leaves the 0 away: index_1.html is the second page."""
    return f"index_{number}.html" if number else "index.html"
