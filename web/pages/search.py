"""Searching every version ever stored: items with their hits marked, and what the answer can be narrowed by."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response

from store.errors import WrongUse
from store.flow import Span
from store.marks import Piece
from store.search.filters import Filters
from store.search.find import MANY, search
from store.search.snippets import Snippet
from web.look import page
from web.narrow import Narrowed
from web.terms import Given

router = APIRouter()

Day = Annotated[str, Query(max_length=10)]


@router.get("/search")
def found(
    request: Request,
    terms: Given,
    narrowing: Narrowed,
    q: Annotated[str, Query(max_length=500)] = "",
    role: Literal["", "original", "reprint"] = "",
    since: Day = "",
    until: Day = "",
    as_of: Day = "",
    cursor: str | None = None,
) -> Response:
    moment = day(as_of, "as_of")
    filters = Filters(
        region=narrowing.region,
        year=narrowing.year,
        kind=narrowing.kind,
        publisher=narrowing.publisher,
        source=narrowing.source,
        since=day(since, "since"),
        until=day(until, "until"),
        as_of=_end(moment, terms.timezone) if moment else None,
        role=role or None,
    )
    asked = bool(q.strip()) or bool(filters)
    with terms.database.read() as session:
        answer = search(session, q, filters, cursor=cursor) if asked else None
        return page(
            request,
            "search.html.j2",
            query=q,
            narrowing=narrowing,
            filters=filters,
            as_of=as_of,
            answer=answer,
            many=MANY,
            pieces=marked,
        )


def day(text: str, name: str) -> dt.date | None:
    """The day in a form's field; None when it was left empty. Raises WrongUse."""
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise WrongUse(f"{name} {text!r} is no day; give such as 2026-11-25") from error


def marked(snippet: Snippet) -> list[Piece]:
    """A snippet cut where its hits begin and end; hits are the pieces that are "ins"."""
    found, at = [], 0
    for span in (*snippet.marks, Span(len(snippet.text), len(snippet.text))):
        found += [
            Piece("same", snippet.text[at : span.start]),
            Piece("ins", snippet.text[span.start : span.end]),
        ]
        at = span.end
    return [piece for piece in found if piece.text]


def _end(day: dt.date, timezone: str) -> dt.datetime:
    """The last moment of a reader's day."""
    return dt.datetime.combine(day, dt.time.max, ZoneInfo(timezone)).astimezone(dt.UTC)
