"""One item of a plan: what it says, how to cite it, what happened to it, what other years and other places say of its subject."""

from __future__ import annotations

from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from store import counterparts, lifetimes, plandesk, queries, regions
from store.counterparts import Counterpart
from store.errors import UsageError
from web.hosts import public_root
from web.look import page
from web.sheet import marked
from web.terms import Given

router = APIRouter()


@router.get("/documents/{name}/item")
def item(
    request: Request,
    terms: Given,
    name: str,
    path: Annotated[str, Query(max_length=500)],
    version: Annotated[int | None, Query(ge=1, lt=10**9)] = None,
) -> Response:
    with terms.database.read() as session:
        document = queries.document(session, name)
        shown = queries.numbered(session, document, version)
        found = counterparts.item_at(queries.page_of(shown), path)
        if found is None:
            raise UsageError(f"version {shown.number} of {name} has no item {path!r}")
        touches = list(lifetimes.touches(session, shown, found.path))
        plan = document.plan
        return page(
            request,
            "item.html.j2",
            document=document,
            plan=plan,
            version=shown,
            item=found,
            capture=queries.capture_of(session, shown),
            base=public_root(request),
            touches=[(touch.change, marked([touch.item])[0]) for touch in touches],
            earlier=list(plandesk.earlier_items(session, plan, found)) if plan else [],
            elsewhere=_by_province(counterparts.elsewhere(session, found, plan)) if plan else [],
        )


def _by_province(found: list[Counterpart]) -> list[tuple[str | None, list[Counterpart]]]:
    """In the order of the codes, the nation first; within a province the likest first."""

    def place(one: Counterpart) -> str:
        plan = one.hit.document.plan
        return regions.province(plan.region) if plan and plan.region else ""

    return [(code or None, list(those)) for code, those in groupby(sorted(found, key=place), place)]
