"""The web application: its parts are found by looking into `web/pages`, `web/api` and `web/protocols`; here they are put together."""

from __future__ import annotations

import pkgutil
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from web import (
    api,
    guard,
    hashing,
    metrics,
    pages,
    private,
    problems,
    protocols,
    rates,
    requesting,
    sessions,
    sign_ins,
    tokens,
)
from web.bodies import LimitRequests
from web.hosts import CheckHost
from web.protocols import health
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
    app.state.database_check = health.DatabaseCheck(terms.database)
    gate = hashing.Gate()
    app.state.sign_ins = sign_ins.SignIns(gate)
    app.state.token_check = tokens.TokenCheck(gate)
    app.state.rates = rates.Rates(terms.requests_per_minute)
    app.state.requesting = requesting.Requesting(terms.request_limits.per_client)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(guard.SameOrigin)
    app.add_middleware(CheckHost, base_url=terms.post.base_url, allowed_hosts=terms.allowed_hosts)
    app.add_middleware(LimitRequests)
    app.add_middleware(private.NoStore, session_cookie=sessions.cookie_name(terms))
    if terms.trusted_proxies:
        app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(terms.trusted_proxies))
    app.add_middleware(guard.Headers)
    app.add_middleware(metrics.Measured)
    problems.install(app)
    for room, is_documented in ((api, True), (protocols, False), (pages, False)):
        for module in sorted(found.name for found in pkgutil.iter_modules(room.__path__)):
            router = getattr(import_module(f"{room.__name__}.{module}"), "router", None)
            if router is not None:
                app.include_router(router, include_in_schema=is_documented)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def create_private(terms: Terms) -> FastAPI:
    """Create the application that serves /metrics and /healthz only, for an address that is not public."""
    app = FastAPI(openapi_url=None)
    app.state.terms = replace(terms, metrics_are_elsewhere=False)
    app.state.database_check = health.DatabaseCheck(terms.database)
    app.add_middleware(LimitRequests)
    app.add_middleware(guard.Headers)
    problems.install(app)
    app.include_router(health.router)
    return app
