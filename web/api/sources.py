"""/api/v1/sources: what is watched."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from sqlalchemy import select

from crawler.sources.caching import shared_cache
from crawler.sources.catalogue import Catalogue, bundled
from crawler.sources.schema import Source
from store import models as rows
from store import regions
from store.errors import UsageError
from store.flow import SourceKind
from store.shapes import iso
from web.api import shapes
from web.api.parts import Identity, part
from web.terms import Given, Terms

router = part("sources")


@router.get("", response_model=shapes.Listed[shapes.Source])
def sources(terms: Given, region: Identity | None = None, kind: SourceKind | None = None) -> Any:
    """All sources, by region and id, on one page. A region includes the divisions within it."""
    found = _catalogue(terms).sources.values()
    wanted = [
        source
        for source in sorted(found, key=lambda one: (one.region, one.id))
        if (region is None or regions.within(source.region, region)) and kind in (None, source.kind)
    ]
    return {"items": _shapes(terms, wanted), "next": None}


@router.get("/{name}", response_model=shapes.Source)
def source(terms: Given, name: Annotated[str, Path(max_length=64, description="A source's id.")]) -> Any:
    found = _catalogue(terms).sources.get(name)
    if found is None:
        raise UsageError(f"no source {name!r}")
    return _shapes(terms, [found])[0]


def _catalogue(terms: Terms) -> Catalogue:
    return shared_cache(bundled(), terms.data / "sources").load()


def _shapes(terms: Terms, wanted: list[Source]) -> list[dict[str, Any]]:
    with terms.database.read() as session:
        query = select(rows.Source)
        if len(wanted) == 1:
            query = query.where(rows.Source.id == wanted[0].id)
        seen = {row.id: row for row in session.scalars(query)}
    return [
        source.model_dump(mode="json")
        | {
            "last_crawled_at": iso(seen[source.id].last_crawled_at) if source.id in seen else None,
            "next_due_at": iso(seen[source.id].next_due_at) if source.id in seen else None,
        }
        for source in wanted
    ]
