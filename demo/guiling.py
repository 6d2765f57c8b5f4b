"""桂岭市教育局: an old site in GB18030 that calls it gb2312: tables in tables, <font>, <br><br>, no metadata.

The plan stands under its own title; the number is a line below it, the date only in 发布时间.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from demo.documents import (
    Document,
    Paragraph,
    article_paragraphs,
    at_office_hours,
    common_replies,
    newest_first,
    printed_date,
    render,
    sheets,
)
from demo.noise import noise, pick
from demo.plans import Article, Plan
from demo.replies import Reply
from demo.timeline import Day, Event

SITE = "guiling"
NAME = "桂岭市教育局"
COLUMN = "/news/list_1.htm"
SHEET = 8
FOOTERS = (
    "版权所有：桂岭市教育局",
    "桂岭市教育局 版权所有 Copyright 2008-2026",
    "桂岭市教育局主办 桂岭市电化教育站维护",
    "Copyright 2008-2026 桂岭市教育局 技术支持：桂岭市电化教育站",
)


def of_plan(event: Event, plan: Plan) -> Document:
    path = f"/news/{event.id}.htm"
    return Document(
        site=SITE,
        slug=plan.slug,
        path=path,
        title=plan.title,
        heading=plan.title,
        published=at_office_hours(plan.published, event.id),
        source=plan.publisher,
        paragraphs=tuple(_sheet(plan)),
        plan=plan,
    )


def of_article(article: Article) -> Document:
    return Document(
        site=SITE,
        slug=article.slug,
        path=f"/news/{article.id}.htm",
        title=article.title,
        heading=article.title,
        published=at_office_hours(article.published, article.id),
        source=article.source,
        paragraphs=article_paragraphs(article),
    )


def pages(documents: Sequence[Document], day: Day, first: dt.date) -> dict[str, Reply]:
    """Every path of the site on a day. `first` is the timeline's first date."""
    documents = newest_first(documents)
    replies = common_replies(SITE, first)
    replies["/"] = _page("home", "/", day, {"documents": documents[:9]})
    for document in documents:
        related = pick(
            SITE, document.path, day.number, [other for other in documents if other != document], 4
        )
        context = {"document": document, "related": related}
        replies[document.path] = _page("article", document.path, day, context)
    found = sheets(documents, SHEET)
    for number, sheet in enumerate(found, start=1):
        path = f"/news/list_{number}.htm"
        links = {
            "number": number,
            "count": len(found),
            "total": len(documents),
            "previous": f"list_{number - 1}.htm" if number > 1 else None,
            "next": f"list_{number + 1}.htm" if number < len(found) else None,
        }
        replies[path] = _page("list", path, day, {"documents": sheet, **links})
    return replies


def missing(day: Day) -> Reply:
    """The page for an address where nothing stands; the same bytes for every address of a day."""
    page = _page("missing", "/404.htm", day, {})
    return Reply(page.body, page.content_type, page.modified, status=404)


def _page(template: str, path: str, day: Day, context: dict[str, object]) -> Reply:
    today = noise(SITE, path, day.number, day.date, FOOTERS)
    html = render(f"{SITE}/{template}.html.j2", {"site": NAME, "column": COLUMN, "noise": today, **context})
    # No charset in the header, and the page itself names the smaller set: what old servers send
    return Reply(html.encode("gb18030"), "text/html", today.modified)


def _sheet(plan: Plan) -> Iterator[Paragraph]:
    if plan.addressees:
        yield Paragraph(plan.addressees, "addressees")
    if plan.notice:
        yield Paragraph(plan.notice, "notice")
    for line in plan.body:
        yield Paragraph(line)
    yield Paragraph(plan.publisher, "signature")
    yield Paragraph(printed_date(plan.issued), "date")
