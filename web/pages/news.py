"""What is new: every change by the day on which it was found, the latest first."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request, Response

from store import browse
from store import models as rows
from store.shapes import difference_from_json
from web.look import page
from web.narrow import Narrowed, wanted
from web.sheet import Marked, marked
from web.terms import Given

router = APIRouter()

SHOWN = 2
"""Changed items that a line of the timeline shows; the rest is on the page it leads to."""


@dataclass(frozen=True, slots=True)
class News:
    """A change as one entry of the timeline: `items` are the first of `count` changed ones."""

    change: rows.Change
    items: tuple[Marked, ...]
    count: int


@router.get("/")
def news(request: Request, terms: Given, narrowing: Narrowed, cursor: str | None = None) -> Response:
    zone = ZoneInfo(terms.timezone)

    def day(entry: News) -> dt.date:
        return entry.change.detected_at.astimezone(zone).date()

    with terms.database.read() as session:
        leaf = browse.changes(session, narrowing, cursor=cursor)
        days = [(date, list(found)) for date, found in groupby(map(_news, leaf.rows), day)]
        kinds = browse.kinds(session)
        return page(
            request,
            "news.html.j2",
            days=days,
            leaf=leaf,
            narrowing=narrowing,
            wanted=wanted(narrowing),
            kinds=kinds,
        )


def _news(change: rows.Change) -> News:
    items = marked(difference_from_json(change.difference).items) if change.type == "changed" else []
    return News(change, tuple(items[:SHOWN]), len(items))
