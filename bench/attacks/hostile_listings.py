"""Listings made to be slow or large: HTML, feeds, sitemaps, JSON and jpage, read as a crawl reads them, in bounded time."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from bench import hostile_pages
from bench.attacks import Attempt, Ground
from bench.reading_costs import measure_reading
from crawler import safe_reading
from crawler.sources.schema import ListingRules
from store.flow import Capture

TITLE = "listings that are slow or large to read"
BOTH_DATABASES = False

URL = "http://jyj.example.gov.cn/list/"
WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SIZES, SHORT = (20_000, 50_000, 250_000, 2_000_000), (20_000, 50_000)

# Selectors of operators: common ones, and ones that cost more than the page is long.
SELECTORS = (
    "ul.list li", "div div", "li", "//ul//li", "div ul li a", "tr:nth-child(2n)", "li ~ li", "//li[.//a]",
    "//*[count(//*) > 1]", "//li[count(preceding::*) > 1]", "ul li, ol li, div li",
)  # fmt: skip
LISTS: Mapping[str, tuple[str, str]] = {
    "lines": ("<ul class=list><li><a href=/{i}.html>关于印发通知</a><span>2026-01-02</span></ul>", ""),
    "lines in lines": ("<ul class=list><li><a href=/{i}.html>关于印发通知</a>", ""),
    "lines in few lines": ("<ul class=list><li><a href=/{i}.html>a</a><p>b</p>" + "<i>c</i>" * 20, ""),
    "boxes": ("<div>", "<ul class=list><li><a href=/1.html>通知</a>"),
    "boxes with lines": ("<div><li><a href=/{i}.html>通知</a>", ""),
    "one line of links": ("<a href=/{i}.html>通知</a>", ""),
    "scripts": ("<li onclick=\"open('/{i}.html')\">通知", ""),
    "long onclick": ("<li onclick=\"" + "open(" * 50 + "\">通知", ""),
    "dates": ("<li><a href=/{i}.html>通知</a>" + "2026-01-02 " * 30, ""),
    "digits": ("<li><a href=/{i}.html>通知</a>" + "1" * 500, ""),
    "bases": ("<base href=/{i}/><li><a href={i}.html>通知</a>", ""),
    "attributes": ("a{i}=1 ", ""),
}  # fmt: skip
ITEM = "<item><title>关于印发通知{i}</title><link>http://a.example/{i}</link><pubDate>2026-01-02</pubDate></item>"
FEEDS: Mapping[str, str] = {
    "items": ITEM,
    "items in items": "<item><title>关于印发通知{i}</title>",
    "titles": "<title>a{i}</title>",
    "titles of markup": "<item><title>&lt;b&gt;&lt;b&gt;加{i}</title><link>http://a.example/{i}</link></item>",
    "CDATA": "<item><title><![CDATA[<b>加{i}]]></title><link>http://a.example/{i}</link></item>",
    "namespaces": '<a:b xmlns:a="http://{i}.example">',
    "entities": "<item><title>&a;&b;&c;&lol9;</title><link>&lol9;</link></item>",
    "dates": "<item><title>a</title><link>http://a.example/{i}</link><pubDate>" + "1" * 4000 + "</pubDate></item>",
    "nothing that closes": "<a>",
    "comments": "<!-- a -->",
    "instructions": "<?a b?>",
    "angle brackets": "<",
}  # fmt: skip
BOMB = (
    "<!DOCTYPE r [<!ENTITY lol0 'lol'>"
    + "".join(f"<!ENTITY lol{n} '{f'&lol{n - 1};' * 10}'>" for n in range(1, 10))
    + "<!ENTITY a SYSTEM 'file:///etc/passwd'><!ENTITY % p SYSTEM 'http://127.0.0.1:9/'> %p; <!ATTLIST item b CDATA '&lol9;'>]>"
)
REPLIES: Mapping[str, tuple[str, str, str]] = {
    "deep lists": ("[", "", ""),
    "deep objects": ('{"a":', "", ""),
    "rows": ('{"url":"/a.html","title":"通知"},', '{"rows":[', "{}]}"),
    "rows of markup": ('{"url":"/a.html","title":"<b><b>"},', '{"rows":[', "{}]}"),
    "long titles": ("通知", '{"rows":[{"url":"/a.html","title":"', '"}]}'),
    "titles of angle brackets": ("<b", '{"rows":[{"url":"/a.html","title":"', '"}]}'),
    "digits": ("1", '{"rows":[{"url":"/a.html","title":"a","date":', "}]}"),
    "digits in quotes": ("1", '{"rows":[{"url":"/a.html","title":"a","date":"', '"}]}'),
    "calls": ("a(", "", ""),
    "spaces": (" ", "a(", ""),
    "escapes": ("\\ud800", '{"rows":[{"url":"/a.html","title":"', '"}]}'),
    "not numbers": ("NaN,", '{"rows":[', "1e999]}"),
}
EXPRESSIONS = (
    "rows",
    "rows[]",
    "*.*.*.*",
    "rows[?contains(title, `通`)]",
    "rows[*].[*,*,*][*][*]",
    "sort_by(rows, &title)",
)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Read every list, in the short form a sample of the smaller ones."""
    listings = list(_listings(SHORT if ground.is_short else SIZES))
    for name, body, rules in random.Random(1).sample(listings, 60) if ground.is_short else listings:
        yield judge(name, body, rules)


def _listings(sizes: Sequence[int]) -> Iterator[tuple[str, bytes, ListingRules]]:
    """Yield HTML lists of every kind with every selector, then listings of the other types."""
    for size in sizes:
        for name, (piece, tail) in LISTS.items():
            body = hostile_pages.repeat(piece, "<p " if name == "attributes" else "", tail)(size)
            for item in SELECTORS:
                yield (f"html, {name}, {item}, {size:,} bytes", body, ListingRules(urls=(URL,), item=item))
        for name, piece in FEEDS.items():
            for head in ("", BOMB):
                text = (
                    head
                    + "<rss><channel>"
                    + "".join(piece.replace("{i}", str(n)) for n in range(size // len(piece)))
                )
                for kind in ("feed", "sitemap"):
                    yield (
                        f"{kind}, {name}, {'bomb, ' * bool(head)}{size:,} bytes",
                        text.encode(),
                        ListingRules(type=kind, urls=(URL,)),
                    )
        for name, (piece, head, tail) in REPLIES.items():
            body = (head + piece * (size // len(piece)) + tail).encode()
            for item in EXPRESSIONS:
                rules = ListingRules(type="json", urls=(URL,), item=item, date="date")
                yield (f"json, {name}, {item}, {size:,} bytes", body, rules)
        for piece in (
            "<record><![CDATA[<li><a href=/a>a</a>]]></record>",
            "<record><![CDATA[",
            "<record>",
            "<recordset",
        ):
            body = ("<recordset>" + piece * (size // len(piece))).encode()
            yield (f"jpage, {piece}, {size:,} bytes", body, ListingRules(type="jpage", urls=(URL,)))


def judge(name: str, body: bytes, rules: ListingRules) -> Attempt:
    """Read a listing; a breach says what it cost, or what it raised or gave away."""
    capture = Capture(URL, 200, (), body, WHEN)
    cost = measure_reading(partial(safe_reading.read_listing, capture, rules, 1, None))
    given = "gives away a file" if "root:" in repr(cost.result) else ""
    return Attempt(name, cost.breach or given)
