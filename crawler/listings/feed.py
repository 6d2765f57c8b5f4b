"""Listings as feeds: RSS 0.9–2.0 and Atom. What they call their parts is known, so a source need say nothing of them."""

from __future__ import annotations

from crawler import selectors
from crawler.listings import _addresses, _lines, _xml
from crawler.listings._text import plain
from crawler.sources.schema import ListingRules
from store.flow import Capture, Listing

ITEM = "//item | //entry"
LINK = './link[@href][not(@rel) or @rel="alternate"]/@href | ./link[not(@href)]/text() | ./guid[not(@isPermaLink="false")]/text()'
TITLE = "./title"
DATE = "./pubDate | ./published | ./date | ./issued | ./updated"
NEXT = '/*/link[@rel="next"]/@href | /*/channel/link[@rel="next"]/@href'


def check(rules: ListingRules) -> None:
    _lines.check_selectors(rules, "item", "link", "title", "date", "next")


def read(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    """The entries of one feed. Raises Unreadable for what is no XML."""
    feed = _xml.parse(capture, charset)
    lines: dict[str, _lines.Line] = {}
    addressless = 0
    for item in selectors.select(feed, rules.item or ITEM, _lines.MOST_ENTRIES):
        url = _addresses.absolute(capture.url, _lines.first(item, rules.link or LINK) or "")
        title = plain(_lines.first(item, rules.title or TITLE) or "")
        if url is None or not title:
            addressless += 1
        else:
            day = _xml.day(_lines.first(item, rules.date or DATE))
            lines.setdefault(url, _lines.Line(url, title, day))
    entries = _lines.dated(list(lines.values()), _lines.today(capture), rules)
    if rules.pages:
        following = _addresses.page(capture.url, rules.pages, number + 1)
    else:
        following = _addresses.absolute(capture.url, _lines.first(feed, rules.next or NEXT) or "")
    return _lines.with_next(Listing(tuple(entries), None, addressless), following)
