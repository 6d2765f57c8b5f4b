"""Listings as web pages: lines of a list or a table, the next page by a link or by a numbered address."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urljoin

from parsel import Selector

from crawler import selectors
from crawler.extraction.charset import decode, header_charset
from crawler.sources.schema import ListingRules
from store.flow import Capture, Entry, Listing
from store.identity import is_web_address

# 2026-02-13, 2026/2/3, [2026年2月3日], 2026.02.13
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})(?!\d)")
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_CUT = re.compile(r"(…|\.{2,})\s*$")
_PAGE_NUMBER = re.compile(r"\{n(?:([+-])(\d+))?\}")
# A page that names more is no listing; the rest is left out rather than held in memory.
MOST_ENTRIES = 2000


def check(rules: ListingRules) -> None:
    if rules.item is None:
        raise ValueError("an html listing needs `item`: the selector of one line of the list")
    for name in ("item", "link", "title", "date", "next"):
        if (selector := getattr(rules, name)) is not None:
            try:
                selectors.check(selector)
            except ValueError as error:
                raise ValueError(f"{name}: {error}") from error
    if rules.pages is not None and not _PAGE_NUMBER.search(rules.pages):
        raise ValueError(
            "pages: needs {n} where the page's number stands, such as index_{n}.html or index_{n-1}.html"
        )


def read(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    """The entries of one page, each URL once, in the page's order."""
    html, _ = decode(capture.body, header_charset(capture.header("Content-Type")), charset)
    page = Selector(text=html or " ", type="html")
    entries: dict[str, Entry] = {}
    assert rules.item is not None
    items = selectors.select(page, rules.item)[:MOST_ENTRIES]
    addressless = 0
    for item in items:
        entry = _entry(item, capture.url, rules)
        if entry is not None:
            entries.setdefault(entry.url, entry)
        else:
            addressless += 1
    following = _next(page, capture.url, rules, number) if entries else None
    return Listing(tuple(entries.values()), following, addressless)


def _entry(item: Selector, base: str, rules: ListingRules) -> Entry | None:
    link = _first(item, rules.link)
    url = _absolute(base, link) if link else None
    if url is None:
        return None
    title = _title(item, rules)
    text = _first(item, rules.date) if rules.date else _text(item)
    return Entry(url, title, _date(text)) if title else None


def _title(item: Selector, rules: ListingRules) -> str:
    """What the rule gives; else the link's title attribute (the text is often cut), else the link's text."""
    if rules.title is not None:
        found = _first(item, rules.title) or ""
        if not _CUT.search(found):
            return found
    anchors = item.xpath("descendant-or-self::a[@href]")
    whole = (_squeeze(anchor.attrib.get("title", "")) for anchor in anchors)
    # `<a href=x><a href=x>title</a>` is read as an empty anchor and a full one; some systems write every line so.
    return next(filter(None, whole), None) or next(filter(None, map(_text, anchors)), "")


def _next(page: Selector, url: str, rules: ListingRules, number: int) -> str | None:
    if rules.next is not None:
        link = _first(page, rules.next)
        following = _absolute(url, link) if link else None
    elif rules.pages is not None:
        following = urljoin(url, _PAGE_NUMBER.sub(lambda m: _page_number(m, number + 1), rules.pages))
    else:
        following = None
    return None if following == url else following


def _page_number(match: re.Match[str], number: int) -> str:
    step = int(match[2] or 0)
    return str(number - step if match[1] == "-" else number + step)


def _absolute(base: str, link: str) -> str | None:
    try:
        url = urljoin(base, link.strip())
    except ValueError:
        return None
    return url if is_web_address(url) else None


def _first(node: Selector, selector: str) -> str | None:
    """The first match's text: of an attribute or text selector its value, of an element all its text."""
    for found in selectors.select(node, selector):
        text = found.root if isinstance(found.root, str) else _text(found)
        if text.strip():
            return _squeeze(text)
    return None


def _text(node: Selector) -> str:
    return _squeeze("".join(node.xpath(".//text()").getall()))


def _squeeze(text: str) -> str:
    """One blank for any white space, and nothing that a terminal would obey."""
    return re.sub(r"\s+", " ", _UNSEEN.sub("", text)).strip()


def _date(text: str | None) -> dt.date | None:
    match = _DATE.search(text or "")
    if match is None:
        return None
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
