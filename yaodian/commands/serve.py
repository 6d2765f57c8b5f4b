"""`yaodian serve`: the service, and the web pages beside it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from store.database import Database
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.settings import Settings, split_socket_address

if TYPE_CHECKING:
    from scheduler.queue import Ground
    from scheduler.service import Terms
    from scheduler.work import Work
    from web.server import Servers

PRIVATE_CONNECTIONS = 64


@app.command()
def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Where the web pages listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free one.")] = 8080,
    web: Annotated[bool, typer.Option(help="Serve the web pages too.")] = True,
    queue: Annotated[
        bool,
        typer.Option("--queue", help="Hand the work out to `yaodian worker` on any machine (PostgreSQL)."),
    ] = False,
) -> None:
    """Run until stopped: crawl what is due, send digests, keep the archive, serve the web pages.

    SIGTERM or Ctrl-C ends it in order (exit status 0), SIGHUP has it read its settings anew; source files are read
    anew whenever they change."""
    from scheduler.children import Children, program
    from scheduler.embedded import Embedded
    from scheduler.queued import Queued
    from scheduler.service import Service
    from yaodian import logs

    settings = configured(context)
    database = settings.opened()
    logs.begin(settings.log)
    beside = _web(settings, database, host, port) if web else None

    def reload() -> Terms:
        return _terms(configured(context))

    service: Service
    if queue:
        service = Queued(database, ground(settings), reload, clock, beside)
    else:
        children = Children(program(settings.data), settings.crawls_at_once + 1, tell)
        service = Embedded(database, children, reload, clock, beside)
    asyncio.run(service.run())
    database.close()


def ground(settings: Settings) -> Ground:
    from scheduler.queue import Ground

    return Ground.of(settings.archive_place, settings.signing_secret())


def _terms(settings: Settings) -> Terms:
    from crawler.sources import catalogue
    from crawler.sources.caching import shared_cache
    from scheduler.service import Terms
    from scheduler.work import Limits

    folders: tuple[Path, ...] = (catalogue.bundled(), settings.sources)
    return Terms(
        timezone=settings.timezone,
        folders=folders,
        load=shared_cache(*folders).load,
        crawl=Limits(settings.crawl_minutes * 60, settings.crawl_memory_mb << 20),
        most_requests=settings.crawl_requests,
    )


def tell(work: Work, event: dict[str, Any]) -> None:
    import structlog

    fields = dict(event)
    usual = "debug" if event["event"] == "progress" else "info"
    level = _LEVELS.get(fields.pop("level", usual), logging.INFO)
    structlog.get_logger("yaodian.work").log(level, fields.pop("event"), **fields | {"kind": work.kind})


_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _web(settings: Settings, database: Database, host: str, port: int) -> Servers:
    """Create the server of the web pages, and one for /metrics if that has an address of its own."""
    from scheduler.children import program
    from web.app import create, create_private
    from web.clients import parse_networks
    from web.connections import ConnectionLimits
    from web.server import Server, Servers, listen
    from web.terms import Terms

    terms = Terms(
        database=database,
        data=settings.data,
        archive=settings.archive(),
        timezone=settings.timezone,
        secret=settings.signing_secret(),
        program=tuple(program(settings.data)),
        post=settings.post(),
        allowed_hosts=tuple(settings.allowed_hosts),
        trusted_proxies=tuple(settings.trusted_proxies),
        metrics_token=settings.metrics_token.get_secret_value(),
        metrics_are_elsewhere=bool(settings.metrics_address),
        public_channels=tuple(settings.public_channels),
        request_limits=settings.request_limits,
    )
    limits = ConnectionLimits(
        settings.max_connections, trusted_proxies=parse_networks(settings.trusted_proxies)
    )
    pages = Server(create(terms), listen(host, port, "choose another --host or --port"), limits)
    if not settings.metrics_address:
        return Servers({"web pages": pages})
    listener = listen(*split_socket_address(settings.metrics_address), "choose another metrics_address")
    private = Server(create_private(terms), listener, replace(limits, connections=PRIVATE_CONNECTIONS))
    return Servers({"web pages": pages, "metrics": private})
