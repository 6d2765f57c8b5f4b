"""Regions and publishers: how many plans each has, and the way to them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from store import places
from web.look import page
from web.terms import Given

router = APIRouter()


@router.get("/regions")
def regions(request: Request, terms: Given) -> Response:
    with terms.database.read() as session:
        return page(request, "regions.html.j2", provinces=places.by_region(session))


@router.get("/publishers")
def publishers(request: Request, terms: Given) -> Response:
    with terms.database.read() as session:
        return page(request, "publishers.html.j2", publishers=places.by_publisher(session))
