"""育文范文网: a content mill that copies plans, with its lead, its advertisements and its damage to the words.

It prints the plan's body without the cover, as it read on the day it was copied, and never follows a change.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from demo.documents import (
    Document,
    Paragraph,
    article_paragraphs,
    at_office_hours,
    common_replies,
    newest_first,
    render,
    sheets,
)
from demo.noise import noise, pick
from demo.plans import Article, Plan
from demo.replies import Reply
from demo.timeline import Day, Event

SITE = "mirror"
NAME = "育文范文网"
COLUMN = "/gongzuoyaodian/"
SHEET = 5
FOOTERS = (
    "Copyright © 2012-2026 育文范文网 All Rights Reserved.",
    "Copyright © 育文范文网 版权所有",
    "Copyright (C) 2012-2026 www.yuwenfanwen.example 育文范文网",
    "育文范文网 版权所有 Copyright 2026",
)
ADVERTISEMENTS = (
    "【限时优惠】范文会员首月9.9元，海量文档任意下载",
    "写材料太慢？试试智能写作助手，三分钟出初稿",
    "公文写作速成班今晚8点开讲，点击领取听课名额",
    "教师资格证考前冲刺资料包免费领",
    "PPT模板大全，10万套精品任您选",
    "论文查重低至1元，支持多次修改",
)
HOT_WORDS = ("工作要点", "工作计划", "教育工作", "年度计划", "发展规划", "实施方案", "工作总结", "心得体会")
# Starred with one or two stars by where they stand, as such copies have them: 陇原市 → *市, **市
_PLACES = re.compile("陇原市|桂岭市")


def of_plan(event: Event, plan: Plan) -> Document:
    """A copy; `plan` is the text of the day it was copied."""
    date = event.date or plan.published
    title = f"【{plan.kind}】{damaged(plan.title)}"
    return Document(
        site=SITE,
        slug=plan.slug,
        path=f"{COLUMN}{event.id}.html",
        title=title,
        heading=title,
        published=at_office_hours(date, event.id),
        source="网友投稿",
        paragraphs=tuple(Paragraph(damaged(line)) for line in plan.body),
        plan=plan,
        is_reprint=True,
    )


def of_article(article: Article) -> Document:
    return Document(
        site=SITE,
        slug=article.slug,
        path=f"{COLUMN}{article.id}.html",
        title=article.title,
        heading=article.title,
        published=at_office_hours(article.published, article.id),
        source=article.source,
        paragraphs=article_paragraphs(article),
    )


def damaged(line: str) -> str:
    """A line with the mill's stars: 学习 → 学*, place names → *市 or **市."""
    starred = _PLACES.sub(lambda found: ("*市", "**市")[found.start() % 2], line)
    return starred.replace("学习", "学*")


def pages(documents: Sequence[Document], day: Day, first: dt.date) -> dict[str, Reply]:
    """Every path of the site on a day. `first` is the timeline's first date."""
    documents = newest_first(documents)
    replies = common_replies(SITE, first)
    replies["/"] = _page("home", "/", day, {"documents": documents})
    for place, document in enumerate(documents):
        context = {
            "document": document,
            "lead": lead(document),
            "newer": documents[place - 1] if place else None,
            "older": documents[place + 1] if place + 1 < len(documents) else None,
            "recommended": pick(SITE, document.path, day.number, documents, 5),
        }
        replies[document.path] = _page("article", document.path, day, context)
    found = sheets(documents, SHEET)
    for number, sheet in enumerate(found, start=1):
        path = f"{COLUMN}list_{number}.html"
        following = f"list_{number + 1}.html" if number < len(found) else None
        context = {"documents": sheet, "next": following, "number": number, "count": len(found)}
        replies[path] = _page("list", path, day, context)
    replies[COLUMN] = replies[f"{COLUMN}list_1.html"]
    return replies


def missing(day: Day) -> Reply:
    """The page for an address where nothing stands; the same bytes for every address of a day."""
    page = _page("missing", "/404.html", day, {})
    return Reply(page.body, page.content_type, page.modified, status=404)


def lead(document: Document) -> str:
    """The mill's summary: the title, the text's beginning cut anywhere, and its stock phrase."""
    title = document.heading
    beginning = "".join(document.text)[:90]
    return f"{title}{beginning}下面是小编为大家整理的{title}，供大家参考。"


def _page(template: str, path: str, day: Day, context: dict[str, object]) -> Reply:
    today = noise(SITE, path, day.number, day.date, FOOTERS)
    shown = {
        "site": NAME,
        "column": COLUMN,
        "noise": today,
        "advertisements": pick(SITE, path, day.number, ADVERTISEMENTS, 3),
        "hot_words": pick(SITE, path, day.number, HOT_WORDS, 4),
    }
    html = render(f"{SITE}/{template}.html.j2", {**shown, **context})
    return Reply(html.encode(), "text/html; charset=utf-8", today.modified)
