"""One document: a version's text, its history, what differs between two versions, and the archived original."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from store import plandesk, queries
from store.errors import UsageError
from web.look import page
from web.originals import shown_safely
from web.sheet import blocks, contents, interleaved, marked
from web.terms import Given

router = APIRouter()

View = Literal["unified", "beside"]
Extent = Literal["changed", "all"]
Number = Annotated[int, Path(ge=1, lt=10**9)]


@router.get("/documents/{name}")
def document(
    request: Request, terms: Given, name: str, version: Annotated[int | None, Query(ge=1, lt=10**9)] = None
) -> Response:
    with terms.database.read() as session:
        found = queries.document(session, name)
        chosen = queries.numbered(session, found, version)
        shown = queries.page_of(chosen)
        return page(
            request,
            "document.html.j2",
            document=found,
            plan=found.plan,
            version=chosen,
            shown=shown,
            blocks=blocks(shown),
            contents=contents(shown),
            versions=queries.versions_of(session, found),
            changes=list(queries.changes(session, found)),
        )


@router.get("/documents/{name}/diff/{old}..{new}")
def difference(
    request: Request,
    terms: Given,
    name: str,
    old: Number,
    new: Number,
    view: View = "unified",
    show: Extent = "changed",
) -> Response:
    with terms.database.read() as session:
        found = queries.document(session, name)
        before, after, told = queries.compare(session, found, old, new)
        items = interleaved(queries.page_of(after), told.items) if show == "all" else marked(told.items)
        return page(
            request,
            "diff.html.j2",
            document=found,
            plan=found.plan,
            old=before,
            new=after,
            difference=told,
            items=items,
            renumbered=sum(item.op == "renumbered" for item in told.items),
            view=view,
            show=show,
            versions=queries.versions_of(session, found),
        )


@router.get("/series/{name}")
def series(request: Request, terms: Given, name: str) -> Response:
    with terms.database.read() as session:
        found = plandesk.plan(session, name)
        previous, compared = plandesk.before(session, found)
        return page(request, "series.html.j2", plan=found, previous=previous, series=compared)


@router.get("/documents/{name}/original/{version}")
def original(request: Request, terms: Given, name: str, version: Number) -> Response:
    with terms.database.read() as session:
        found = queries.document(session, name)
        chosen = queries.numbered(session, found, version)
        capture = queries.capture_of(session, chosen)
        return page(
            request, "original.html.j2", document=found, plan=found.plan, version=chosen, capture=capture
        )


@router.get("/captures/{identity}/shown")
def archived(terms: Given, identity: Number) -> Response:
    """The archived bytes of a page, without what could run or call elsewhere, for the frame on the page above."""
    with terms.database.read() as session:
        place = queries.body_place(session, identity)
    if place is None:
        raise UsageError(f"no capture {identity}")
    return shown_safely(terms.archive.read(place))
