"""How often a word occurs in plans, by year and by province, as bars that can be read without colour."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from store.search.trends import Trend, trend
from web.look import page
from web.terms import Given

router = APIRouter()

MOST_TERMS = 4


@router.get("/trends")
def trends(request: Request, terms: Given, q: Annotated[str, Query(max_length=200)] = "") -> Response:
    with terms.database.read() as session:
        asked = [term.strip() for term in q.replace("，", ",").split(",") if term.strip()][:MOST_TERMS]
        found: list[tuple[str, Trend]] = [
            (term, told) for term in asked if (told := trend(session, term)) is not None
        ]
        return page(request, "trends.html.j2", query=q, trends=found)
