"""JSON replies as listings: which array holds the rows, and which of a row's values are title, address and day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol, cast
from urllib.parse import parse_qsl, urlsplit

from crawler import listings
from crawler.listings._addresses import absolute
from crawler.sources.detecting.blocks import likeness
from crawler.sources.schema import ListingRules
from store.errors import Unreadable
from store.flow import Capture
from store.said import said

DEEPEST = 8
_TITLE = re.compile(r"title|name|subject|bt$", re.I)
_LINK = re.compile(r"url|link|href|path|puburl", re.I)
_DATE = re.compile(r"date|time|day|rq$|sj$", re.I)
_PUBLISHED = re.compile(r"pub|publish|release|create|write|display|cw", re.I)
_COUNTS = frozenset("page p pn pageno pagenum pageindex currentpage curpage pageNo pageNum".lower().split())
_KEY = re.compile(r"[A-Za-z_]\w*")


class _Json(Protocol):
    def parse(self, capture: Capture, charset: str | None) -> Any: ...
    def printed_day(self, value: Any) -> Any: ...


def rules(capture: Capture) -> ListingRules | None:
    """The rules of a reply; None for what is no JSON, or holds no rows with titles and addresses."""
    if capture.body.lstrip()[:1] == b"<":
        return None
    reader = cast(_Json, listings.reader("json"))
    try:
        reply = reader.parse(capture, None)
    except Unreadable:
        return None
    best: tuple[float, str, dict[str, str]] | None = None
    for path, rows in _arrays(reply):
        found = _fields(rows, capture.url, reader)
        if found and (best is None or found[0] * len(rows) > best[0]):
            best = found[0] * len(rows), path, found[1]
    if best is None:
        raise Unreadable(
            said("no rows with a title and an address in this JSON; write the source by hand"), capture.url
        )
    parts = best[2]
    return ListingRules(
        type="json",
        urls=(capture.url,),
        item=best[1],
        link=parts["link"],
        title=parts["title"],
        date=parts.get("date"),
        pages=_pages(capture.url),
    )


def _arrays(value: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The arrays of objects in a reply, with their JMESPath."""
    waiting: list[tuple[str, Any, int]] = [("", value, 0)]
    while waiting:
        path, here, depth = waiting.pop()
        if isinstance(here, list) and here and all(isinstance(row, dict) for row in here[:50]):
            yield path or "@", here[:500]
        if isinstance(here, dict) and depth < DEEPEST:
            for key, inner in list(here.items())[:100]:
                step = (
                    key if _KEY.fullmatch(key) else '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'
                )
                waiting.append((f"{path}.{step}" if path else step, inner, depth + 1))


def _fields(rows: list[dict[str, Any]], url: str, reader: _Json) -> tuple[float, dict[str, str]] | None:
    """How well rows fit, and where their parts are."""
    sample = rows[:30]
    keys = [key for key in sample[0] if _KEY.fullmatch(key)]

    def share(key: str, test: Any) -> float:
        return sum(bool(test(row.get(key))) for row in sample) / len(sample)

    titles = {
        k: share(k, lambda v: isinstance(v, str) and likeness(v) > 0.2) + (0.5 if _TITLE.search(k) else 0)
        for k in keys
    }
    links = {
        k: share(k, lambda v: isinstance(v, str) and re.match(r"https?://|/|\.", v) and absolute(url, v))
        + (0.5 if _LINK.search(k) else 0)
        for k in keys
    }
    dates = {
        k: share(k, reader.printed_day)
        + (0.3 if _DATE.search(k) else 0)
        + (0.2 if _PUBLISHED.search(k) else 0)
        for k in keys
    }
    best = {
        name: max(found, key=lambda k: found[k], default="")
        for name, found in (("title", titles), ("link", links), ("date", dates))
    }
    if not keys or titles[best["title"]] < 0.7 or links[best["link"]] < 0.7 or best["title"] == best["link"]:
        return None
    if dates[best["date"]] < 0.7:
        del best["date"]
    return titles[best["title"]] + links[best["link"]], best


def _pages(url: str) -> str | None:
    """The address with {n} in the place of its page's number, where it counts from 1."""
    for key, value in parse_qsl(urlsplit(url).query):
        if key.lower() in _COUNTS and value in ("0", "1"):
            place = "{n}" if value == "1" else "{n-1}"
            return re.sub(rf"(?<=[?&]{re.escape(key)}=){value}(?=&|$)", place, url)
    return None
