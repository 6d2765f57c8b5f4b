"""`yaodian worker`: takes what `yaodian serve --queue` hands out."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.commands.serve import ground, tell


@app.command()
def worker(
    context: typer.Context,
    crawls: Annotated[
        int, typer.Option(min=0, max=64, help="Crawls at a time; default YAODIAN_CRAWLS_AT_ONCE.")
    ] = 0,
    chores: Annotated[
        bool, typer.Option(help="Send digests, tidy up and verify too, when it is this worker's turn.")
    ] = True,
) -> None:
    """Run until stopped: do what `yaodian serve --queue` hands out, on this or another machine.

    It needs the same YAODIAN_DATABASE_URL, YAODIAN_ARCHIVE_URL and YAODIAN_SECRET, and a data directory for its logs.
    SIGTERM or Ctrl-C ends it in order (exit status 0)."""
    from scheduler.children import Children, program
    from scheduler.worker import Duties, Worker
    from yaodian import logs

    settings = configured(context)
    database = settings.opened()
    logs.begin(settings.log)
    duties = Duties(crawls or settings.crawls_at_once, chores, settings.timezone)

    def hands() -> Children:
        return Children(program(settings.data), duties.crawls + duties.chores, tell)

    asyncio.run(Worker(database, ground(settings), duties, hands, clock).run())
    database.close()
