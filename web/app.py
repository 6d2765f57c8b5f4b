"""The web application: its parts are found by looking into `web/pages` and `web/api`; here they are put together."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from web import guard, pages, problems
from web.terms import Terms

STATIC = Path(__file__).parent / "static"


def create(terms: Terms) -> FastAPI:
    """The application, ready for a server. It opens nothing: the database in `terms` was checked before."""
    app = FastAPI(
        title="要点 Yaodian",
        version=version("yaodian"),
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.terms = terms
    app.add_middleware(guard.Headers)
    problems.install(app)
    for module in sorted(found.name for found in pkgutil.iter_modules(pages.__path__)):
        app.include_router(import_module(f"{pages.__name__}.{module}").router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app
