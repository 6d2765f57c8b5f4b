"""/api/v1/search: items of every version ever stored, by their words."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import Query

from store.flow import Role
from store.search.filters import Filters, end_of
from store.search.find import search as answer_to
from store.shapes import answer_to_json
from web.api import shapes
from web.api.parts import Cursor, Limit, part
from web.narrow import Narrowed
from web.terms import Given

router = part("search")


@router.get("", response_model=shapes.Answer)
def search(
    terms: Given,
    narrowing: Narrowed,
    q: Annotated[str, Query(description="Words, “phrases”, OR, -not, 文号: docs/search.md")] = "",
    role: Role | None = None,
    since: Annotated[dt.date | None, Query(description="First day of the documents' own dates.")] = None,
    until: Annotated[dt.date | None, Query(description="Last day of the documents' own dates.")] = None,
    as_of: Annotated[dt.date | None, Query(description="Only what could be read on this day.")] = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Any:
    """Items that have these words: titles and originals first; of more than 1 000 the newest first."""
    filters = Filters(
        region=narrowing.region,
        year=narrowing.year,
        kind=narrowing.kind,
        publisher=narrowing.publisher,
        source=narrowing.source,
        since=since,
        until=until,
        as_of=end_of(as_of, terms.timezone) if as_of else None,
        role="original" if narrowing.official else role,
    )
    with terms.database.read() as session:
        return answer_to_json(answer_to(session, q, filters, limit=limit, cursor=cursor))
