"""Listings of 大汉 (hanweb) jpage: the XML of its dataproxy, or a page that carries its rows in such XML.

Each row is HTML within CDATA, `<record><![CDATA[<li>…</li>]]></record>`; `item` may name a line within a row."""

from __future__ import annotations

import re

from parsel import Selector

from crawler import selectors
from crawler.extraction.charset import decode, header_charset
from crawler.extraction.limits import check_markup
from crawler.extraction.tree import parse
from crawler.listings import _addresses, _lines
from crawler.sources.schema import ListingRules
from store.errors import Unreadable
from store.flow import Capture, Listing
from store.said import said

_RECORD = re.compile(r"<record>\s*<!\[CDATA\[(.*?)\]\]>\s*</record>", re.S | re.I)
_MARK = "<recordset"


def check(rules: ListingRules) -> None:
    _lines.check_selectors(rules, "item", "link", "title", "date")
    if rules.next is not None:
        raise ValueError(
            "next: a jpage listing counts its pages; give `pages`, such as ?startrecord={n*75-74}&endrecord={n*75}"
        )


def read(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    """The entries of one reply. Raises Unreadable for what holds no such rows."""
    text, _ = decode(capture.body, header_charset(capture.header("Content-Type")), charset)
    if _MARK not in text.lower():
        raise Unreadable(
            said("there is no <recordset> of jpage here; see `type` in the source file"), capture.url
        )
    check_markup(capture.url, text)
    found = rows(text)
    items = selectors.select(found, rules.item or "body > div", _lines.MOST_ENTRIES)
    listing = _lines.read_lines(items, capture.url, rules, _lines.today(capture))
    following = _addresses.page(capture.url, rules.pages, number + 1) if rules.pages else None
    return _lines.with_next(listing, following)


def rows(text: str) -> Selector:
    """The rows of a reply as a page of one <div> a row."""
    records = _RECORD.findall(text)[: _lines.MOST_ENTRIES]
    page = "".join(f"<div>{record}</div>" for record in records)
    return Selector(root=parse(f"<html><body>{page}</body></html>"), type="html")
