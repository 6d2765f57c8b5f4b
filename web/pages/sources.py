"""The sources: whose columns are watched, how they fare, and what each of them brought."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from store import browse, places
from store import models as rows
from store.browse import Narrowing
from store.errors import UsageError
from web.look import page
from web.terms import Given

router = APIRouter()


@router.get("/sources")
def sources(request: Request, terms: Given) -> Response:
    with terms.database.read() as session:
        return page(request, "sources.html.j2", sources=places.sources(session))


@router.get("/sources/{name}")
def source(request: Request, terms: Given, name: str) -> Response:
    with terms.database.read() as session:
        found = session.get(rows.Source, name)
        if found is None:
            raise UsageError(f"no source {name!r}; /sources lists them all")
        runs = places.runs(session, name)
        return page(
            request,
            "source.html.j2",
            source=found,
            runs=runs,
            is_running=bool(runs) and places.goes_on(runs[0], terms.clock()),
            signs=places.signs(session, name),
            leaf=browse.changes(session, Narrowing(source=name), limit=20),
        )
