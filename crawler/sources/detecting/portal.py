"""Pages that lead to lists and are none themselves: front pages with many columns, and menus. Which columns they name, those
first where plans are likeliest to be published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from lxml import etree

from crawler.listings._addresses import absolute
from crawler.listings._text import pieces, squeeze, text_of
from crawler.sources.detecting.blocks import Block

Element = etree._Element

FEWEST = 3
"""Columns with a 更多 of their own that make a front page; a list's page has one or two boxes beside its list."""
MOST_TOLD = 8
MOST_LINKS = 4000
_MORE = re.compile(r"(?:查看|阅读)?(?:更多|more)\W*", re.I)
_FRONT = re.compile(r"/?(?:(?:index|default|main|home)\.\w{2,5})?", re.I)
_NAME = re.compile(r"[\u4e00-\u9fff（）()、]{2,14}")
_LIKELY = (
    re.compile(r"规划|计划|工作要点|重点工作"),
    re.compile(r"文件|政策|公开|通知|公告|公示|工作动态"),
)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    url: str

    def __str__(self) -> str:
        return f"{self.name} {self.url}"


def is_front(url: str) -> bool:
    """Whether an address is a site's own, and no column's."""
    return _FRONT.fullmatch(urlsplit(url).path) is not None


def columns(root: Element, base: str, url: str) -> list[Column]:
    """The columns of which the page shows the newest, each with a link to more; the likeliest first."""
    found = [
        Column(name, target)
        for anchor, target in _links(root, base)
        if _MORE.fullmatch(text_of(anchor)) and (name := _heading(anchor))
    ]
    return _ordered(found, url)


def shows_only_newest(block: Block, base: str, url: str) -> bool:
    """Whether a list has a 更多 of its own, which leads to the whole of it, or is made of boxes that have."""
    own = {url.rstrip("/"), *(link.url for link in block.links)}
    for box in (block.container, *list(block.container.iterancestors())[:2]):
        more = {target for anchor, target in _links(box, base) if _MORE.fullmatch(text_of(anchor))} - own
        if more:
            return len(more) == 1 or box is block.container
    return False


def menu(root: Element, base: str, url: str) -> list[Column]:
    """Links that are named like a column in which plans may be published."""
    found = [
        Column(name, target)
        for anchor, target in _links(root, base)
        if _NAME.fullmatch(name := text_of(anchor)) and any(words.search(name) for words in _LIKELY)
    ]
    return _ordered([one for one in found if urlsplit(one.url).netloc == urlsplit(url).netloc], url)


def told(found: Iterable[Column]) -> str:
    """For the operator: what to give instead."""
    return "; ".join(str(column) for column in list(found)[:MOST_TOLD])


def _links(root: Element, base: str) -> Iterator[tuple[Element, str]]:
    for number, anchor in enumerate(root.iter("a")):
        if number == MOST_LINKS:
            return
        if target := absolute(base, anchor.get("href") or ""):
            yield anchor, target


def _heading(anchor: Element) -> str | None:
    """The name that stands beside a 更多: the first text of the smallest box that says anything else."""
    for box in (anchor, *list(anchor.iterancestors())[:3]):
        for text in (squeeze(anchor.get("title") or ""), *pieces(box)[:3]):
            if _NAME.fullmatch(text) and not _MORE.fullmatch(text):
                return text
    return None


def _ordered(found: Iterable[Column], url: str) -> list[Column]:
    here = url.rstrip("/")
    others = {column.url: column for column in found if column.url.rstrip("/") != here}
    return sorted(others.values(), key=_unlikeliness)


def _unlikeliness(column: Column) -> int:
    return next((rank for rank, words in enumerate(_LIKELY) if words.search(column.name)), len(_LIKELY))
