"""/api/v1/documents: what is watched, each with its versions and what differs between them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query

from store import browse, queries
from store.shapes import difference_to_json, document_to_json, version_to_json
from web.api import shapes
from web.api.parts import Cursor, Identity, Limit, part
from web.terms import Given

router = part("documents")
Name = Annotated[str, Path(max_length=40, description="A document's id, or a plan's for its original.")]
Number = Annotated[int, Path(ge=1, lt=10**9)]
Numbered = Annotated[int | None, Query(ge=1, lt=10**9)]


@router.get("", response_model=shapes.Listed[shapes.Document])
def documents(
    terms: Given,
    source: Identity | None = None,
    plan: Identity | None = None,
    state: Literal["found", "live", "withdrawn", "unmatched", "unreadable"] | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Any:
    """Documents in the order of their ids."""
    with terms.database.read() as session:
        leaf = browse.documents(session, source=source, plan=plan, state=state, cursor=cursor, limit=limit)
        return {"items": [document_to_json(row) for row in leaf.rows], "next": leaf.following}


@router.get("/{name}", response_model=shapes.Document)
def document(terms: Given, name: Name) -> Any:
    with terms.database.read() as session:
        return document_to_json(queries.document(session, name))


@router.get(
    "/{name}/versions/{number}", response_model=shapes.WholeVersion, response_model_exclude_unset=True
)
def version(terms: Given, name: Name, number: Number) -> Any:
    """One version with its text, outline and attachments."""
    with terms.database.read() as session:
        found = queries.numbered(session, queries.document(session, name), number)
        return version_to_json(found, whole=True)


@router.get("/{name}/diff", response_model=shapes.Difference)
def difference(terms: Given, name: Name, old: Numbered = None, new: Numbered = None) -> Any:
    """What differs between two versions, item by item; without numbers the newest and the one before."""
    with terms.database.read() as session:
        before, after, found = queries.compare(session, queries.document(session, name), old, new)
        of = {"document": after.document_id, "from_version": before.number, "to_version": after.number}
        return of | difference_to_json(found)
