"""Listings as JSON replies: item, link, title and date are JMESPath, the page's number stands in `pages`."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from crawler import selectors
from crawler.extraction.charset import decode, header_charset
from crawler.listings import _addresses, _dates, _lines
from crawler.listings._text import plain
from crawler.sources.schema import ListingRules
from store.errors import Unreadable
from store.flow import Capture, Listing
from store.said import said

LINK, TITLE = "url", "title"
_WRAPPED = re.compile(r"^\s*[\w$.]{1,100}\s*\((.*)\)\s*;?\s*$", re.S)
_DEEPEST = 200
# Seconds and milliseconds since 1970, from 1990 to 2100.
_SECONDS, _MILLISECONDS = range(631152000, 4102444800), range(631152000_000, 4102444800_000)


def check(rules: ListingRules) -> None:
    if rules.item is None:
        raise ValueError("a json listing needs `item`: the JMESPath of its rows, such as data.rows")
    for name in ("item", "link", "title", "date", "next"):
        if (expression := getattr(rules, name)) is not None:
            if len(expression) > selectors.MOST_CHARACTERS:
                raise ValueError(
                    f"{name}: has {len(expression)} characters; a JMESPath has at most {selectors.MOST_CHARACTERS}"
                )
            try:
                jmespath.compile(expression)
            except (JMESPathError, ValueError, RecursionError) as error:
                told = " ".join(str(error).split())
                raise ValueError(f"{name}: {expression!r} is no JMESPath ({told})") from error


def read(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    """The entries of one reply. Raises Unreadable for what is no JSON."""
    reply = parse(capture, charset)
    lines: dict[str, _lines.Line] = {}
    addressless = 0
    rows = _search(rules.item or "@", reply)
    for row in rows[: _lines.MOST_ENTRIES] if isinstance(rows, list) else []:
        link, title = (_words(_search(e, row)) for e in (rules.link or LINK, rules.title or TITLE))
        url = _addresses.absolute(capture.url, link)
        if url is None or not title:
            addressless += 1
        else:
            printed = printed_day(_search(rules.date, row)) if rules.date else None
            lines.setdefault(url, _lines.Line(url, plain(title), printed))
    entries = _lines.dated(list(lines.values()), _lines.today(capture), rules)
    listing = Listing(tuple(entries), None, addressless)
    if rules.next:
        return _lines.with_next(listing, _addresses.absolute(capture.url, _words(_search(rules.next, reply))))
    following = _addresses.page(capture.url, rules.pages, number + 1) if rules.pages else None
    return _lines.with_next(listing, following)


def parse(capture: Capture, charset: str | None) -> Any:
    """The reply's value, also where it is wrapped in a call, as callback({…}). Raises Unreadable."""
    text, _ = decode(capture.body, header_charset(capture.header("Content-Type")), charset)
    wrapped = _WRAPPED.match(text)
    try:
        return json.loads(wrapped[1] if wrapped else text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            said("this is no JSON ({error}); see `type` in the source file", error=error), capture.url
        ) from error


def printed_day(value: Any) -> _dates.Printed | None:
    """The day of a text or of a moment in (milli)seconds since 1970."""
    number = int(value) if isinstance(value, str) and value.isdigit() and len(value) in (10, 13) else value
    if isinstance(number, int | float) and not isinstance(number, bool):
        whole = int(number) if abs(number) < 1e15 else 0
        seconds = whole // 1000 if whole in _MILLISECONDS else whole
        if seconds in _SECONDS:
            there = dt.datetime.fromtimestamp(seconds, _lines.CHINA)
            return _dates.Printed(there.year, there.month, there.day)
    return _dates.find([_words(value)])


def _search(expression: str, value: Any) -> Any:
    """What a JMESPath finds; None where the reply's values are not what its functions take."""
    try:
        return jmespath.search(expression, value)
    except JMESPathError:
        return None


def _words(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)
