"""`yaodian reprocess`: everything read anew from the archive, without the network."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from crawler.sources.schema import Source
from store.database import Database
from store.reprocess import Reread, pending
from store.reprocess import reprocess as rebuild
from yaodian.commands import app, configured
from yaodian.commands.sources import as_given, chosen


@app.command()
def reprocess(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Sources; all of them by default.")
    ] = None,
    queue: Annotated[
        bool, typer.Option("--queue", help="Leave it to the workers, behind their crawls: a job a source.")
    ] = False,
    given: Annotated[bool, typer.Option("--given", hidden=True)] = False,
) -> None:
    """Read every capture anew with today's extraction, and store what differs, marked: nobody is mailed about it.
    Cut short, it goes on where it was."""
    from crawler import templates
    from crawler.rereading import reader

    settings = configured(context)
    database = settings.opened()
    sources, errors = (as_given(), ()) if given else chosen(settings, ids or [])
    for error in errors:
        typer.echo(f"yaodian: {error}", err=True)
    readers = {source.id: reader(source, templates.stored(database, source)) for source in sources}
    if queue:
        _hand_out(database, [one for one in sources if pending(database, {one.id: readers[one.id]})])
        database.close()
        raise typer.Exit(1 if errors else 0)
    waiting = pending(database, readers)
    counts: Counter[str] = Counter()
    damaged = 0
    is_terminal = sys.stderr.isatty()
    with Progress(
        TextColumn("reading anew"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        disable=not is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=len(waiting))
        for done in rebuild(database, settings.archive(), readers, waiting):
            counts.update(
                documents=0 if done.damage else 1,
                versions=done.versions,
                changes=done.changes,
                marked=done.marked,
                unreadable=done.unreadable,
            )
            progress.advance(task)
            if done.damage:
                damaged += 1
                typer.echo(f"yaodian: {done.document} {done.url} is left as it is: {done.damage}", err=True)
            if done:
                progress.console.print(_line(done), markup=False) if is_terminal else typer.echo(_line(done))
    database.close()
    typer.echo(
        f"{counts['documents']} documents read anew: {counts['versions']} versions and {counts['changes']} changes "
        f"added, {counts['marked']} changes marked or unmarked, {counts['unreadable']} captures can't be read today"
    )
    raise typer.Exit(1 if errors or damaged else 0)


def _hand_out(database: Database, sources: list[Source]) -> None:
    from scheduler import queue

    handed = queue.hand_out_reprocessing(database, sources)
    typer.echo(f"{handed} sources handed out to be read anew; yaodian doctor tells how many wait")


def _line(done: Reread) -> str:
    return (
        f"{done.document} {done.versions} versions, {done.changes} changes, {done.marked} marked {done.url}"
    )
