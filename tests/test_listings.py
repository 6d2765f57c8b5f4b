"""Listings: each example folder is read by its rules as expected; bad input is refused or bounded.

A folder without expected.json gets one from what is read now, and fails once, to be looked at."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crawler import listings
from crawler.listings import _dates, _lines
from crawler.sources.schema import ListingRules
from store.errors import Unreadable
from store.flow import Capture, Listing

EXAMPLES = sorted(
    path.parent for path in (Path(__file__).parent / "examples" / "listings").glob("*/source.yaml")
)
FETCHED = dt.datetime(2026, 11, 25, 4, 0, tzinfo=dt.UTC)
URL = "https://site.example/zwgk/index.html"


def read(body: bytes, rules: ListingRules) -> Listing:
    capture = Capture(URL, 200, (), body, FETCHED)
    return listings.reader(rules.type).read(capture, rules, 1, None)


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_read_as_expected(folder: Path) -> None:
    rules = ListingRules(urls=(URL,), **yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8")))
    listing = read(next(folder.glob("listing.*")).read_bytes(), rules)
    got = json.loads(json.dumps(dataclasses.asdict(listing), default=str))
    expected = folder / "expected.json"
    if not expected.exists():
        expected.write_text(json.dumps(got, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        pytest.fail(f"{expected} is new; look at it")
    assert got == json.loads(expected.read_text(encoding="utf-8"))


FORMS = [
    form
    for forms in (
        _dates.ALONE,
        _dates.SPLIT,
        _dates.ENDING,
        _dates.YEARLESS,
        _dates.YEARLESS_SPLIT,
        _dates.ANYWHERE,
    )
    for form in forms
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.example)
def test_a_form_of_dates_reads_its_example(form: _dates.Form) -> None:
    assert form.pattern.search(form.example)
    assert _dates.find(form.example.split("\n"))


@pytest.mark.parametrize(
    "text", ["11:30", "3-4月", "（2026）5号", "2026-13-01", "02-30", "2026年", "第12-5期", ""]
)
def test_what_is_no_day_is_none(text: str) -> None:
    assert _dates.find([text]) is None


@given(st.lists(st.dates(dt.date(2020, 1, 1), dt.date(2026, 11, 25)), min_size=2, max_size=30, unique=True))
def test_years_are_inferred_where_no_line_is_a_year_apart(days: list[dt.date]) -> None:
    ordered = sorted(days, reverse=True)
    gaps = [a - b for a, b in zip([dt.date(2026, 11, 25), *ordered], ordered, strict=False)]
    if max(gaps) > dt.timedelta(days=300) or (gaps[0] + sum(gaps[1:3], dt.timedelta())) > dt.timedelta(
        days=300
    ):
        return
    printed = [_dates.Printed(None, day.month, day.day) for day in ordered]
    assert _dates.settle(printed, dt.date(2026, 11, 25)) == ordered


@pytest.mark.parametrize(
    ("rules", "remedy"),
    [
        ({"type": "html"}, "needs `item`"),
        ({"type": "html", "item": "ul li", "pages": "index.html"}, "needs {n}"),
        ({"type": "html", "item": "ul li["}, "item: 'ul li['"),
        ({"type": "json"}, "needs `item`"),
        ({"type": "json", "item": "data[", "link": "url"}, "item: 'data[' is no JMESPath"),
        ({"type": "jpage", "next": "a::attr(href)"}, "counts its pages; give `pages`"),
        ({"type": "sitemap", "next": "a::attr(href)"}, "name all its parts in `urls`"),
        ({"type": "feed", "item": "//item["}, "item: '//item['"),
    ],
)
def test_rules_that_do_not_suit_their_type_are_refused(rules: dict[str, str], remedy: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ListingRules(urls=(URL,), **rules)
    assert remedy in str(caught.value)


@pytest.mark.parametrize("kind", listings.types())
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00\xff\xfe" * 50,
        b"<" * 100_000,
        b"[" * 100_000,
        b"PK\x03\x04" + bytes(range(256)) * 20,
        b"{}",
        b"<a/>",
    ],
    ids=["empty", "nul", "angles", "brackets", "binary", "object", "element"],
)
def test_rubbish_gives_no_entries_and_no_crash(kind: str, body: bytes) -> None:
    rules = ListingRules(urls=(URL,), type=kind, item="rows" if kind == "json" else "//a")
    with suppress(Unreadable):
        assert read(body, rules).entries == ()


def test_an_index_of_sitemaps_says_what_to_do() -> None:
    body = b"<sitemapindex><sitemap><loc>https://site.example/1.xml</loc></sitemap></sitemapindex>"
    with pytest.raises(Unreadable, match="name its parts in `urls`"):
        read(body, ListingRules(urls=(URL,), type="sitemap"))


def test_no_entity_is_resolved() -> None:
    body = b"""<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b SYSTEM "file:///etc/hostname">]>
    <rss><item><title>x&b;&a;</title><link>https://site.example/1</link></item></rss>"""
    listing = read(body, ListingRules(urls=(URL,), type="feed"))
    assert not any(len(entry.title) > 8 for entry in listing.entries), listing


def test_a_listing_of_a_hundred_thousand_links_is_cut() -> None:
    body = b"<ul>" + b"".join(b"<li><a href=/a/%d.html>plan</a></li>" % n for n in range(100_000)) + b"</ul>"
    found = read(body, ListingRules(urls=(URL,), item="ul li"))
    assert 0 < len(found.entries) <= _lines.MOST_ENTRIES
