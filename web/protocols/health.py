"""/healthz: whether we can answer; /metrics: what Prometheus collects."""

from __future__ import annotations

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text

from store import metrics as watched
from web.terms import Given

router = APIRouter()


@router.get("/healthz")
def healthz(terms: Given) -> Response:
    """200 when the database answers; else 503, said as a problem."""
    with terms.database.read() as session:
        session.execute(text("select 1 from alembic_version"))
    return Response("ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})


@router.get("/metrics")
def metrics(terms: Given) -> Response:
    return Response(
        watched.text(terms.database, terms.clock()), headers={"Content-Type": CONTENT_TYPE_LATEST}
    )
