"""Listings as sitemaps (sitemaps.org 0.9): addresses with the day of their last change, and mostly without titles.

An entry without a title is matched when its document has been read; so `item` should name the folder that is watched,
such as //url[contains(loc, "/zfxxgk/ghjh/")]."""

from __future__ import annotations

from crawler import selectors
from crawler.listings import _addresses, _lines, _xml
from crawler.sources.schema import ListingRules
from store.errors import Unreadable
from store.flow import Capture, Listing
from store.said import said

ITEM, LINK, TITLE, DATE = "//url", "./loc", "./news/title", "./lastmod | ./news/publication_date"

# Of one sitemap, and of an index (https://www.sitemaps.org/protocol.html).
MOST_URLS = 50_000


def check(rules: ListingRules) -> None:
    _lines.check_selectors(rules, "item", "link", "title", "date")
    if rules.next is not None:
        raise ValueError("next: a sitemap has no following page; name all its parts in `urls`")


def read(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    """The entries of one sitemap, the last changed first. Raises Unreadable for what is no sitemap, and for an
    index of sitemaps, whose parts a source names in `urls`."""
    tree = _xml.parse(capture, charset)
    if tree.root.tag == "sitemapindex":
        raise Unreadable(said("this is an index of sitemaps; name its parts in `urls`"), capture.url)
    lines: dict[str, _lines.Line] = {}
    for item in selectors.select(tree, rules.item or ITEM, MOST_URLS):
        url = _addresses.absolute(capture.url, _lines.first(item, rules.link or LINK) or "")
        if url is not None:
            title = _lines.first(item, rules.title or TITLE) or ""
            lines.setdefault(url, _lines.Line(url, title, _xml.day(_lines.first(item, rules.date or DATE))))
    newest = sorted(lines.values(), key=_age, reverse=True)[: _lines.MOST_ENTRIES]
    entries = _lines.dated(newest, _lines.today(capture), rules)
    return Listing(tuple(entries), _following(capture, rules, number) if entries else None)


def parts(capture: Capture) -> list[str]:
    """The sitemaps that an index names, the last changed first; empty where it is none. Raises Unreadable."""
    tree = _xml.parse(capture, None)
    dated = [
        (
            _lines.first(part, "./lastmod") or "",
            _addresses.absolute(capture.url, _lines.first(part, "./loc") or ""),
        )
        for part in selectors.select(tree, "/sitemapindex/sitemap", MOST_URLS)
    ]
    return [url for _, url in sorted(dated, key=lambda pair: pair[0], reverse=True) if url]


def _age(line: _lines.Line) -> tuple[int, int, int]:
    day = line.printed
    return (day.year or 0, day.month, day.day) if day else (0, 0, 0)


def _following(capture: Capture, rules: ListingRules, number: int) -> str | None:
    return _addresses.page(capture.url, rules.pages, number + 1) if rules.pages else None
