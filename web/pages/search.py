"""Searching every version ever stored: items with their hits marked, and what the answer can be narrowed by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from notify.filters import LONGEST_NAME, Filter
from store.browse import Narrowing
from store.errors import WrongUse
from store.flow import Span
from store.marks import Piece
from store.search.filters import Filters, end_of
from store.search.find import MANY, pages, search
from store.search.snippets import Snippet
from store.search.syntax import parse
from store.shapes import hit_to_json
from store.spreadsheet import lines
from web.look import page
from web.narrow import Narrowed, wanted
from web.terms import Given

router = APIRouter()

Day = Annotated[str, Query(max_length=10)]
COLUMNS = (
    "title",
    "path",
    "text",
    "publisher",
    "region",
    "kind",
    "dated_on",
    "role",
    "url",
    "document",
    "version",
    "captured_at",
)
# Without it a spreadsheet takes Chinese for Latin-1.
BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader searches for, and within what."""

    query: str
    narrowing: Narrowing
    filters: Filters

    def __bool__(self) -> bool:
        return bool(self.query.strip()) or bool(self.filters)

    @property
    def wanted(self) -> Filter:
        """The changes that somebody who searches for this may want to be told of."""
        is_keyword = len(self.query.strip()) <= LONGEST_NAME and parse(self.query)
        return wanted(self.narrowing, self.query if is_keyword else "")


def _asked(
    terms: Given,
    narrowing: Narrowed,
    q: Annotated[str, Query(max_length=500)] = "",
    role: Literal["", "original", "reprint"] = "",
    since: Day = "",
    until: Day = "",
    as_of: Day = "",
) -> Asked:
    moment = day(as_of, "as_of")
    filters = Filters(
        region=narrowing.region,
        year=narrowing.year,
        kind=narrowing.kind,
        publisher=narrowing.publisher,
        source=narrowing.source,
        since=day(since, "since"),
        until=day(until, "until"),
        as_of=end_of(moment, terms.timezone) if moment else None,
        role=role or None,
    )
    return Asked(q, narrowing, filters)


Searched = Annotated[Asked, Depends(_asked)]


@router.get("/search")
def found(request: Request, terms: Given, asked: Searched, cursor: str | None = None) -> Response:
    with terms.database.read() as session:
        answer = search(session, asked.query, asked.filters, cursor=cursor) if asked else None
        return page(
            request,
            "search.html.j2",
            asked=asked,
            query=asked.query,
            narrowing=asked.narrowing,
            filters=asked.filters,
            as_of=request.query_params.get("as_of", ""),
            answer=answer,
            many=MANY,
            pieces=marked,
        )


@router.get("/search.csv")
def table(terms: Given, asked: Searched) -> Response:
    """The same items for a spreadsheet, the first 1 000 of them."""
    with terms.database.read() as session:
        answers = list(pages(session, asked.query, asked.filters, MANY)) if asked else []
        items = [hit_to_json(hit) for answer in answers for hit in answer.hits][:MANY]
    text = BYTE_ORDER_MARK + "".join(lines(items, {name: name for name in COLUMNS}))
    return Response(
        text, media_type="text/csv", headers={"Content-Disposition": "attachment; filename=search.csv"}
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
