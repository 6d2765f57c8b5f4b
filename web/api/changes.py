"""/api/v1/changes: what was published, edited, withdrawn and restored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from store import browse
from store import models as rows
from store.shapes import change_to_json
from web.api import shapes
from web.api.parts import Cursor, Limit, part
from web.narrow import Narrowed
from web.terms import Given

router = part("changes")


@router.get("", response_model=shapes.Listed[shapes.Change])
def changes(terms: Given, narrowing: Narrowed, cursor: Cursor = None, limit: Limit = 50) -> Any:
    """Changes, the latest detected first; not those that only a new reading of ours made."""
    with terms.database.read() as session:
        leaf = browse.changes(session, narrowing, cursor=cursor, limit=limit)
        return {"items": [change_to_json(row) for row in leaf.rows], "next": leaf.following}


@router.get("/{number}", response_model=shapes.Change)
def change(terms: Given, number: Annotated[int, Path(ge=1, lt=2**31, description="A change's id.")]) -> Any:
    with terms.database.read() as session:
        return change_to_json(browse.one(session, rows.Change, number))
