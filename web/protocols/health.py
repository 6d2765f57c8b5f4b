"""/healthz: whether we can answer; /metrics: what Prometheus collects."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from hmac import compare_digest

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from starlette.exceptions import HTTPException

from store import metrics as watched
from store.database import Database
from web.terms import Given

router = APIRouter()

CHECK_SECONDS = 10


class DatabaseCheck:
    """Asks the database in a thread of its own, so that pages that take long keep no probe waiting.

    Whoever asks while a check runs gets its result.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, "healthz")
        self._running: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Check that the database answers.

        Raises OperatorError if it does not, TimeoutError if it takes too long.
        """
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().run_in_executor(self._thread, self._ask)
        async with asyncio.timeout(CHECK_SECONDS):
            await asyncio.shield(self._running)

    def _ask(self) -> None:
        with self._database.read() as session:
            session.execute(text("select 1 from alembic_version"))


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """200 when the database answers; else 503, said as a problem."""
    try:
        await request.app.state.database_check.run()
    except TimeoutError as error:
        raise HTTPException(503, f"the database has not answered within {CHECK_SECONDS} seconds") from error
    return Response("ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})


@router.get("/metrics")
def metrics(request: Request, terms: Given) -> Response:
    """Return the Prometheus metrics; 404 if they have an address of their own, 401 without the token."""
    if terms.metrics_are_elsewhere:
        raise HTTPException(404)
    if terms.metrics_token and not _has_token(request, terms.metrics_token):
        raise HTTPException(401, "a token is needed: Authorization: Bearer …", {"WWW-Authenticate": "Bearer"})
    return Response(
        watched.text(terms.database, terms.clock()),
        headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"},
    )


def _has_token(request: Request, token: str) -> bool:
    """Compare digests, which takes as long for each wrong token."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and compare_digest(_digest(given.strip()), _digest(token))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
