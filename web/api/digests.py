"""/api/v1/digests: what was made for whom, and what became of it. Every request needs a token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from store import browse
from store import models as rows
from store.shapes import digest_to_json
from web.api import shapes
from web.api.parts import Cursor, Limit, part
from web.terms import Given

router = part("digests", needs_token=True)


@router.get("", response_model=shapes.Listed[shapes.Digest])
def digests(
    terms: Given,
    subscription: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Any:
    """Digests, the newest first."""
    with terms.database.read() as session:
        leaf = browse.digests(session, subscription=subscription, cursor=cursor, limit=limit)
        return {"items": [digest_to_json(session, row) for row in leaf.rows], "next": leaf.following}


@router.get("/{number}", response_model=shapes.Digest)
def digest(terms: Given, number: Annotated[int, Path(ge=1, lt=2**31)]) -> Any:
    with terms.database.read() as session:
        return digest_to_json(session, browse.one(session, rows.Digest, number))
