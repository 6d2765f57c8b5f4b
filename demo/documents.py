"""What stands on a sample site: a document with its printed paragraphs, and the pieces all three sites share.

How a document becomes a page is each site's own matter: longyuan.py, guiling.py, mirror.py.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.noise import BEIJING
from demo.plans import Article, Plan
from demo.replies import Reply
from demo.timeline import Event, Timeline

PROMISE = "示例站点，文字均为编写"
PAGES = Path(__file__).parent / "pages"
ROBOTS = "User-agent: *\nDisallow: /admin/\nAllow: /\n"

Role = Literal[
    "number", "heading", "addressees", "notice", "signature", "date", "release", "title", "body", "attachment"
]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One printed paragraph; `role` tells the markup where it stands on the sheet."""

    text: str
    role: Role = "body"


@dataclass(frozen=True, slots=True)
class File:
    """Something to download beside a document."""

    path: str
    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Document:
    """A page's document on a day. `title` is the plan's own, `heading` what is printed above the text and in
    lists (an official site prints 关于印发…的通知), `published` in Beijing time, `source` the 来源."""

    site: str
    slug: str
    path: str
    title: str
    heading: str
    published: dt.datetime
    source: str
    paragraphs: tuple[Paragraph, ...]
    plan: Plan | None = None
    is_reprint: bool = False
    files: tuple[File, ...] = ()

    @property
    def text(self) -> tuple[str, ...]:
        """The paragraphs as a reader sees them: what must be read out of the page."""
        return tuple(paragraph.text for paragraph in self.paragraphs)


def standing(timeline: Timeline, site: str, day: int) -> tuple[Event, ...]:
    """The publications of a site that can be read on a day: published by then and not withdrawn."""
    here: dict[str, Event] = {}
    for _, event in timeline.until(day):
        if event.site != site:
            continue
        if event.op in {"publish", "reprint"}:
            here[event.plan] = event
        elif event.op == "withdraw":
            here.pop(event.plan, None)
    return tuple(here.values())


def newest_first(documents: Iterable[Document]) -> tuple[Document, ...]:
    return tuple(sorted(documents, key=lambda document: (document.published, document.path), reverse=True))


def article_paragraphs(article: Article) -> tuple[Paragraph, ...]:
    return tuple(Paragraph(line) for line in article.body)


def at_office_hours(date: dt.date, number: int) -> dt.datetime:
    """A time between 8 and 18 o'clock on a day, always the same for a page's number."""
    return dt.datetime(date.year, date.month, date.day, 8 + number % 10, number * 7 % 60, tzinfo=BEIJING)


def printed_date(date: dt.date) -> str:
    return f"{date.year}年{date.month}月{date.day}日"


def sheets(documents: Sequence[Document], size: int) -> tuple[tuple[Document, ...], ...]:
    """The pages of a list."""
    return tuple(tuple(documents[start : start + size]) for start in range(0, len(documents), size)) or ((),)


def cut(title: str, length: int) -> str:
    """A title as a list column prints it when it is too long."""
    return title if len(title) <= length else title[:length] + "…"


def render(template: str, context: Mapping[str, object]) -> str:
    return _environment().get_template(template).render(promise=PROMISE, **context)


def common_replies(site: str, since: dt.date) -> dict[str, Reply]:
    """What every site has beside its pages, unchanged since the site was built."""
    built = dt.datetime(since.year, since.month, since.day, 2, tzinfo=dt.UTC)
    css = (PAGES / site / "style.css").read_bytes()
    return {
        "/robots.txt": Reply(ROBOTS.encode(), "text/plain", built),
        "/css/style.css": Reply(css, "text/css", built),
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
