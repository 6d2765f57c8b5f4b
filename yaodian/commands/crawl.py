"""`yaodian crawl`: look at the listings and the documents, keep what is new."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from crawler.sources.schema import Source
from scheduler import due as when
from store.errors import OperatorError
from store.flow import Outcome
from yaodian import wellbeing
from yaodian.commands import app, configured
from yaodian.commands.sources import chosen

WORDS = ("new", "changed", "withdrawn", "restored")


@app.command()
def crawl(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Sources to look at now, whole.")
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="What is due (the default without an ID).")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every listing and every known document now.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Back-fill: follow the listings to their end.")
    ] = False,
) -> None:
    """Look at the sources and keep what is new. Exit status 1 when a source could not be read whole."""
    from crawler.run import Limits, Terms
    from crawler.run import crawl as run

    if due and everything:
        raise typer.BadParameter("give either --due or --all")
    settings = configured(context)
    database = settings.opened()
    sources, errors = chosen(settings, ids or [])
    for error in errors:
        typer.echo(f"yaodian: {error}", err=True)
    now = clock()
    if not ids:
        sources = [source for source in sources if source.enabled]
        if not sources:
            raise OperatorError(
                f"no source is enabled; write one into {settings.sources} (docs/sources.md), or name one: yaodian crawl ID"
            )
        if not everything:
            sources = when.due(sources, database, now)
    if not sources:
        typer.echo("nothing is due")
        raise typer.Exit(1 if errors else 0)
    terms = Terms(
        data=settings.data,
        contact=settings.contact,
        allow_private=settings.allow_private_addresses,
        everything=everything or (bool(ids) and not due),
        full=full,
        insists=bool(ids) or everything,
        limits=Limits(settings.fetch_timeout, settings.fetch_max_bytes, settings.listing_max_pages),
        next_due=lambda source, at: when.next_due(source, at, settings.timezone),
    )
    with _Watch() as watch:
        crawled = run(sources, database, clock, terms, watch.tell)
    wellbeing.tell(settings, database, clock())
    database.close()
    for result in crawled:
        typer.echo(f"{result.source}: {result.outcome}: {_summary(result.counts)}")
        for problem in result.problems[:20]:
            typer.echo(f"yaodian: {problem}", err=True)
        if len(result.problems) > 20:
            typer.echo(f"yaodian: {result.source}: {len(result.problems) - 20} more problems", err=True)
    raise typer.Exit(1 if errors or any(result.outcome != "done" for result in crawled) else 0)


def clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _summary(counts: dict[str, int]) -> str:
    shown = (
        "listings",
        "entries",
        "matched",
        "documents",
        "attachments",
        *WORDS,
        "missing",
        "unchanged",
        "not_modified",
        "problems",
    )
    return ", ".join(f"{counts[key]} {key.replace('_', ' ')}" for key in shown if counts.get(key))


class _Watch:
    """Progress on a terminal, a plain line for each change in a pipe."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            TextColumn("{task.completed:.0f} documents"),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False),
            disable=not sys.stderr.isatty(),
            transient=True,
        )
        self._task = self._progress.add_task("crawling", total=None)

    def __enter__(self) -> _Watch:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tell(self, source: Source, url: str, outcome: Outcome) -> None:
        self._progress.update(self._task, advance=1, description=source.id)
        if outcome.change:
            line = f"{outcome.change:9} {source.id} {outcome.document} {url}"
            self._progress.console.print(line, markup=False) if sys.stderr.isatty() else typer.echo(line)
