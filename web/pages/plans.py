"""The plans that are known, and one plan: its text with the outline as navigation, its documents, its years."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from notify.filters import Filter
from store import browse, plandesk, queries
from web.look import page
from web.narrow import Narrowed, wanted
from web.sheet import blocks, contents, marked
from web.terms import Given

router = APIRouter()


@router.get("/plans")
def plans(request: Request, terms: Given, narrowing: Narrowed, cursor: str | None = None) -> Response:
    with terms.database.read() as session:
        leaf = browse.plans(session, narrowing, cursor=cursor)
        kinds = browse.kinds(session)
        return page(
            request,
            "plans.html.j2",
            leaf=leaf,
            narrowing=narrowing,
            wanted=wanted(narrowing),
            kinds=kinds,
        )


@router.get("/plans/{name}")
def plan(request: Request, terms: Given, name: str) -> Response:
    with terms.database.read() as session:
        found = plandesk.plan(session, name)
        if found.id != name:
            # It was merged, or is asked for by a document's id: what was cited stays an address.
            return RedirectResponse(f"/plans/{found.id}", 301)
        original = found.original
        version = queries.numbered(session, original, None)
        shown = queries.page_of(version)
        reprints = {
            told.document: (told, marked(told.errors)) for told in plandesk.reprints_of(session, found)
        }
        return page(
            request,
            "plan.html.j2",
            plan=found,
            wanted=_of(found.publisher),
            document=original,
            version=version,
            shown=shown,
            blocks=blocks(shown),
            contents=contents(shown),
            versions=queries.versions_of(session, original),
            reprints=reprints,
            series=plandesk.series_of(session, found),
        )


def _of(publisher: str | None) -> Filter:
    """Return the filter for an issuing body's changes; an empty filter if the name is no valid filter value."""
    try:
        return Filter(publishers=(publisher,)) if publisher else Filter()
    except ValidationError:
        return Filter()
