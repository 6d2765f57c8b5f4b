"""Listings as web pages: lines of a list or a table, the next page by a link or by a numbered address."""

from __future__ import annotations

from parsel import Selector

from crawler import selectors
from crawler.extraction.charset import decode, header_charset
from crawler.extraction.limits import check_markup
from crawler.extraction.tree import parse
from crawler.listings import _addresses, _lines
from crawler.sources.schema import ListingRules
from store.flow import Capture, Listing


def check(rules: ListingRules) -> None:
    if rules.item is None:
        raise ValueError("an html listing needs `item`: the selector of one line of the list")
    _lines.check_selectors(rules, "item", "link", "title", "date", "next")


def read(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    """The entries of one page, each URL once, in the page's order. Raises Unreadable for one that is too large."""
    html, _ = decode(capture.body, header_charset(capture.header("Content-Type")), charset)
    check_markup(capture.url, html)
    page = Selector(root=parse(html), type="html")
    base = base_of(page, capture.url)
    assert rules.item is not None
    items = selectors.select(page, rules.item, _lines.MOST_ENTRIES)
    listing = _lines.read_lines(items, base, rules, _lines.today(capture))
    return _lines.with_next(listing, _next(page, base, capture.url, rules, number))


def base_of(page: Selector, url: str) -> str:
    """What relative links are read against: the page's <base>, else its address."""
    declared = page.xpath("string((//base/@href)[1])").get() or ""
    return _addresses.absolute(url, declared) or url


def _next(page: Selector, base: str, url: str, rules: ListingRules, number: int) -> str | None:
    if rules.next is not None:
        link = _lines.first(page, rules.next)
        following = _addresses.absolute(base, link) if link else None
    elif rules.pages is not None:
        following = _addresses.page(url, rules.pages, number + 1)
    else:
        following = None
    return None if following == url else following
