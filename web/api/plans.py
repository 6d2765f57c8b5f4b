"""/api/v1/plans: the works, each with the documents that carry it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from store import browse, plandesk
from store.shapes import plan_to_json
from web.api import shapes
from web.api.parts import Cursor, Limit, part
from web.narrow import Narrowed
from web.terms import Given

router = part("plans")


@router.get("", response_model=shapes.Listed[shapes.Plan])
def plans(terms: Given, narrowing: Narrowed, cursor: Cursor = None, limit: Limit = 50) -> Any:
    """Plans of the latest years first, within a year by region."""
    with terms.database.read() as session:
        leaf = browse.plans(session, narrowing, cursor=cursor, limit=limit)
        return {"items": [plan_to_json(row) for row in leaf.rows], "next": leaf.following}


@router.get("/{name}", response_model=shapes.Plan)
def plan(
    terms: Given, name: Annotated[str, Path(max_length=40, description="A plan's id, or that of a document.")]
) -> Any:
    with terms.database.read() as session:
        return plan_to_json(plandesk.plan(session, name))
