"""The lines of a listing in a tree, HTML or XML, as entries: shared by the types that find them by selectors."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from lxml import etree
from parsel import Selector

from crawler import selectors
from crawler.listings import _dates
from crawler.listings._addresses import absolute
from crawler.listings._text import is_cut, pieces, squeeze, text_of
from crawler.sources.schema import ListingRules
from store.flow import Capture, Entry, Listing

# A page that names more is no listing; the rest is left out rather than held in memory.
MOST_ENTRIES = 2000
LINK = "a::attr(href)"
CHINA = ZoneInfo("Asia/Shanghai")
_BULLET = re.compile(r"^(?:[·•・●■◆▪►▶>»\-\s]+|[\[【](?:图|组图|图文|视频|置顶)[\]】])+(?=\S)")
_ATTRIBUTE = re.compile(r"(?:::(?:attr\([\w-]+\)|text)|/(?:@[\w:-]+|text\(\)))\s*$")


@dataclass(frozen=True, slots=True)
class Line:
    """What a line says, before the years of its day and of those around it are known."""

    url: str
    title: str
    printed: _dates.Printed | None


def check_selectors(rules: ListingRules, *names: str) -> None:
    """Raises ValueError, naming the first that is no selector."""
    for name in names:
        if (selector := getattr(rules, name)) is not None:
            try:
                selectors.check(selector)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error


def today(capture: Capture) -> dt.date:
    """The day of the fetch where the sites are."""
    return capture.fetched_at.astimezone(CHINA).date()


def read_lines(items: Iterable[Selector], base: str, rules: ListingRules, day: dt.date) -> Listing:
    """The entries of these items, each address once, in their order."""
    lines: dict[str, Line] = {}
    addressless = 0
    for item in items:
        line = read_line(item, base, rules)
        if line is None:
            addressless += 1
        else:
            lines.setdefault(line.url, line)
    return Listing(tuple(dated(list(lines.values()), day, rules)), None, addressless)


def dated(lines: Sequence[Line], day: dt.date, rules: ListingRules) -> list[Entry]:
    """Entries with whole dates. Where the source names no `date`, an address may tell what the line doesn't."""
    days = _dates.settle([line.printed for line in lines], day)
    return [
        Entry(line.url, line.title, found or (None if rules.date else _dates.in_address(line.url)))
        for line, found in zip(lines, days, strict=True)
    ]


def read_line(item: Selector, base: str, rules: ListingRules) -> Line | None:
    """None for a line that has no title or leads nowhere on the web."""
    found = _link(item, base, rules.link or LINK)
    if found is None:
        return None
    url, anchors = found
    title = _title(item, anchors, rules)
    if not title:
        return None
    if rules.date is not None:
        printed = _dates.find(texts(item, rules.date))
    else:
        inside = {text for anchor in anchors for text in pieces(anchor)}
        around = [text for text in pieces(item.root) if text not in inside]
        printed = _dates.find(around, [text for anchor in anchors for text in pieces(anchor)])
    return Line(url, _clean(title), printed)


def texts(node: Selector, selector: str) -> list[str]:
    """All texts that a selector finds, one a tag."""
    found: list[str] = []
    for match in selectors.select(node, selector):
        found += [squeeze(match.root)] if isinstance(match.root, str) else pieces(match.root)
    return [text for text in found if text]


def first(node: Selector, selector: str) -> str | None:
    """The first match's text: of an attribute or text selector its value, of an element all its text."""
    for found in selectors.select(node, selector):
        text = squeeze(found.root) if isinstance(found.root, str) else text_of(found.root)
        if text:
            return text
    return None


def _link(item: Selector, base: str, selector: str) -> tuple[str, list[etree._Element]] | None:
    """Where the line leads, and the elements that lead there. A dead link's script may say it in its onclick."""
    for found in selectors.select(item, selector):
        link = found.root if isinstance(found.root, str) else text_of(found.root)
        if url := absolute(base, link):
            owners = [
                o.root for o in selectors.select(item, _owner(selector)) if isinstance(o.root, etree._Element)
            ]
            return url, [owner for owner in owners if link in owner.attrib.values()] or owners[:1]
    for element in item.xpath("descendant-or-self::*[@onclick]"):
        if url := absolute(base, element.attrib["onclick"]):
            return url, [element.root]
    return None


def _owner(selector: str) -> str:
    """The selector of the element whose attribute a link selector takes."""
    owner = _ATTRIBUTE.sub("", selector)
    return "./self::*" if owner in ("", ".") else owner


def _title(item: Selector, anchors: Sequence[etree._Element], rules: ListingRules) -> str:
    """What the rule gives; else the link's title attribute (the text is often cut), else the link's text."""
    if rules.title is not None:
        found = first(item, rules.title) or ""
        if not is_cut(found):
            return found
    whole = (squeeze(anchor.get("title") or "") for anchor in anchors)
    printed = (text_of(anchor) for anchor in anchors)
    # `<a href=x><a href=x>title</a>` is read as an empty anchor and a full one; some systems write every line so.
    told = [next(filter(None, whole), ""), next(filter(None, printed), "")]
    if told[1] and not is_cut(told[1]) and len(told[0]) < len(told[1]) and told[0] not in told[1]:
        told.reverse()  # title="点击查看" over a whole title
    if rules.title is not None:
        return told[0] if len(told[0]) > len(found.rstrip("….")) and not is_cut(told[0]) else found
    return next(filter(None, told), "")


def _clean(title: str) -> str:
    return _dates.without(_BULLET.sub("", title))


def with_next(listing: Listing, following: str | None) -> Listing:
    """A page without entries is followed by none."""
    return replace(listing, next=following) if listing.entries else listing
