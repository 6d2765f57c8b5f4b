"""`yaodian serve`: the service, and the web pages beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from store.database import Database
from store.errors import OperatorError
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.settings import Settings

if TYPE_CHECKING:
    import uvicorn

    from scheduler.queue import Ground
    from scheduler.service import Terms
    from scheduler.work import Work


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
    beside = _Web(settings, database, host, port) if web else None

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
    from scheduler.service import Terms
    from scheduler.work import Limits

    folders: tuple[Path, ...] = (catalogue.bundled(), settings.sources)
    return Terms(
        timezone=settings.timezone,
        folders=folders,
        load=lambda: catalogue.load(*folders),
        crawl=Limits(settings.crawl_minutes * 60, settings.crawl_memory_mb << 20),
        most_requests=settings.crawl_requests,
    )


def tell(work: Work, event: dict[str, Any]) -> None:
    import structlog

    fields = dict(event)
    usual = "debug" if event["event"] == "progress" else "info"
    level = _LEVELS.get(fields.pop("level", usual), logging.INFO)
    structlog.get_logger("yaodian.work").log(level, fields.pop("event"), kind=work.kind, **fields)


_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING}


class _Web:
    """uvicorn in the service's loop; signals are the service's."""

    def __init__(self, settings: Settings, database: Database, host: str, port: int) -> None:
        import uvicorn

        from scheduler.children import program
        from web.app import create
        from web.terms import Terms

        application = create(
            Terms(
                database=database,
                data=settings.data,
                archive=settings.archive(),
                timezone=settings.timezone,
                secret=settings.signing_secret(),
                program=tuple(program(settings.data)),
                post=settings.post(),
            )
        )
        self.socket = listening(host, port)
        self.address = "http://{}:{}".format(*self.socket.getsockname()[:2])
        self.server: uvicorn.Server = _quiet(
            uvicorn.Config(application, log_config=None, lifespan="off", timeout_graceful_shutdown=5)
        )

    async def serve(self) -> None:
        import structlog

        structlog.get_logger("yaodian.web").info("web pages", address=self.address)
        await self.server.serve(sockets=[self.socket])

    def stop(self) -> None:
        self.server.should_exit = True


def _quiet(config: uvicorn.Config) -> uvicorn.Server:
    import uvicorn

    class Server(uvicorn.Server):
        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(config)


def listening(host: str, port: int) -> socket.socket:
    """Raises OperatorError when nobody can listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        made = socket.create_server((host, port), family=family)
    except OSError as error:
        raise OperatorError(
            f"can't listen on {host}:{port}: {error.strerror}; choose another --host or --port"
        ) from error
    made.setblocking(False)
    # What it accepts inherits this. Without, a kept connection's answer waits 40 ms for its reader to acknowledge its head.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
