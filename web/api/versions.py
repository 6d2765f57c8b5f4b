"""/api/v1/versions: every version ever stored."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from store import browse
from store import models as rows
from store.shapes import version_to_json
from web.api import shapes
from web.api.parts import Cursor, Identity, Limit, part
from web.terms import Given

router = part("versions")


@router.get("", response_model=shapes.Listed[shapes.Version])
def versions(terms: Given, document: Identity | None = None, cursor: Cursor = None, limit: Limit = 50) -> Any:
    """Versions, the newest stored first."""
    with terms.database.read() as session:
        leaf = browse.versions(session, document=document, cursor=cursor, limit=limit)
        return {"items": [version_to_json(row) for row in leaf.rows], "next": leaf.following}


@router.get("/{number}", response_model=shapes.WholeVersion, response_model_exclude_unset=True)
def version(terms: Given, number: Annotated[int, Path(ge=1, lt=2**31, description="A version's id.")]) -> Any:
    """One version with its text, outline and attachments."""
    with terms.database.read() as session:
        return version_to_json(browse.one(session, rows.Version, number), whole=True)
