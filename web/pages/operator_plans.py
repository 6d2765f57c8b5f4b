"""The operator's word on which documents carry one plan: merging and splitting, remembered by the linking."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from store import plandesk
from web.look import page
from web.sessions import SignedIn
from web.terms import Given

router = APIRouter()

Id = Annotated[str, Form(max_length=20)]


@router.get("/operator/plans")
def chosen(request: Request, terms: Given, operator: SignedIn, id: str = "") -> Response:
    with terms.database.read() as session:
        plan = plandesk.plan(session, id.strip()) if id.strip() else None
        return page(request, "operator_plans.html.j2", operator=operator, plan=plan, id=id)


@router.post("/operator/plans/merge")
def merge(terms: Given, operator: SignedIn, one: Id, other: Id) -> Response:
    with terms.database.write() as session:
        merged = plandesk.merge(session, [one.strip(), other.strip()], terms.clock())
        address = f"/operator/plans?id={merged.id}"
    return RedirectResponse(address, 303)


@router.post("/operator/plans/split")
def split(
    terms: Given, operator: SignedIn, plan: Id, document: Annotated[list[str], Form(max_length=200)]
) -> Response:
    with terms.database.write() as session:
        _, new = plandesk.split(session, plan, document, terms.clock())
        address = f"/operator/plans?id={new.id}"
    return RedirectResponse(address, 303)
