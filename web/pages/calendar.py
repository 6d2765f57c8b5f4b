"""When plans come out: a year's days with what is dated on each, and its months as bars."""

from __future__ import annotations

import datetime as dt
from calendar import monthrange
from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from store import browse, calendar
from web.look import page
from web.narrow import Narrowed
from web.terms import Given

router = APIRouter()


@router.get("/calendar")
def shown(
    request: Request,
    terms: Given,
    narrowing: Narrowed,
    of: Annotated[int | None, Query(ge=1950, le=2200)] = None,
) -> Response:
    with terms.database.read() as session:
        years = calendar.years(session)
        year = of or (years[0] if years else terms.clock().year)
        counts = calendar.days(session, year, narrowing)
        return page(
            request,
            "calendar.html.j2",
            year=year,
            years=years,
            months=_months(year, counts),
            total=counts.total(),
            narrowing=narrowing,
            kinds=browse.kinds(session),
        )


def _months(year: int, counts: Counter[dt.date]) -> list[list[tuple[dt.date, int]]]:
    """Each month's days in order, each with its count."""
    return [
        [
            (day, counts[day])
            for day in (dt.date(year, month, n + 1) for n in range(monthrange(year, month)[1]))
        ]
        for month in range(1, 13)
    ]
