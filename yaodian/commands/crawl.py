"""`yaodian crawl`: look at the listings and the documents, keep what is new."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from crawler.sources.schema import Source
from scheduler import due as when
from store.errors import OperatorError, SourceError
from store.flow import Outcome
from yaodian import wellbeing
from yaodian.commands import app, configured
from yaodian.commands.sources import as_given, chosen
from yaodian.options import MOST
from yaodian.output import Format
from yaodian.settings import Settings

if TYPE_CHECKING:
    from crawler.run import Crawled

WORDS = ("new", "changed", "withdrawn", "restored")


@app.command()
def crawl(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Sources to look at now, whole.")
    ] = None,
    due: Annotated[
        bool, typer.Option("--due", help="What is due (the default without an ID; with IDs, of these).")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Every listing and every known document now.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="Back-fill: follow the listings to their end.")
    ] = False,
    most_requests: Annotated[
        int, typer.Option(min=0, max=MOST, help="End a source's crawl early; 0 is no limit.")
    ] = 0,
    form: Annotated[
        Format, typer.Option("--format", help="table for people; jsonl: an event a line, as it happens.")
    ] = Format.table,
    given: Annotated[bool, typer.Option("--given", hidden=True)] = False,
) -> None:
    """Look at the sources and keep what is new. Exit status 1 when a source could not be read whole."""
    if due and everything:
        raise typer.BadParameter("give either --due or --all")
    if form not in (Format.table, Format.jsonl):
        raise typer.BadParameter("write table or jsonl", param_hint="--format")
    how = _How(tuple(ids or ()), due, everything, full, most_requests, form, given)
    try:
        _crawl(configured(context), how)
    except SourceError:
        raise
    except OperatorError as error:
        if form is Format.jsonl:
            _Events().failed(error)
        raise


@dataclass(frozen=True, slots=True)
class _How:
    """What was asked for, as it was given."""

    ids: tuple[str, ...]
    due: bool
    everything: bool
    full: bool
    most_requests: int
    form: Format
    given: bool


def _crawl(settings: Settings, how: _How) -> None:
    from crawler.run import Crawled, Terms
    from crawler.run import crawl as run

    database = settings.opened()
    sources, errors = (as_given(), ()) if how.given else _wanted(settings, list(how.ids))
    for error in errors:
        typer.echo(f"yaodian: {error}", err=True)
    if how.due or not (how.ids or how.everything):
        named, sources = sources, when.due(sources, database, clock())
        if how.form is Format.jsonl:
            for source in named:
                if source not in sources:
                    _Events().ended(Crawled(source.id, "not due", {}, ()))
    if not sources:
        typer.echo("nothing is due", err=how.form is not Format.table)
        raise typer.Exit(1 if errors else 0)
    terms = Terms(
        data=settings.data,
        archive=settings.archive(),
        contact=settings.contact,
        allow_private=settings.allow_private_addresses,
        everything=how.everything or (bool(how.ids) and not how.due),
        full=how.full,
        insists=bool(how.ids) or how.everything,
        limits=settings.asker.limits,
        next_due=lambda source, at: when.next_due(source, at, settings.timezone),
        most_rechecks=settings.rechecks_per_host,
        most_requests=how.most_requests,
    )
    watches = _Events if how.form is Format.jsonl else _Bars if sys.stderr.isatty() else _Lines
    with watches() as watch:
        crawled = run(sources, database, clock, terms, watch)
    wellbeing.tell(settings, database, clock())
    database.close()
    if how.form is Format.table:
        for result in crawled:
            _print(result)
    raise typer.Exit(1 if errors or any(result.outcome != "done" for result in crawled) else 0)


def _wanted(settings: Settings, ids: list[str]) -> tuple[list[Source], tuple[OperatorError, ...]]:
    """Those that are named, or all that are enabled. Raises OperatorError when there are none."""
    sources, errors = chosen(settings, ids)
    wanted = sources if ids else [source for source in sources if source.enabled]
    if not wanted:
        raise OperatorError(
            f"no source is enabled; write one into {settings.sources} (docs/sources.md), or name one: yaodian crawl ID"
        )
    return wanted, errors


def clock() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _print(result: Crawled) -> None:
    typer.echo(f"{result.source}: {result.outcome}: {_summary(result.counts)}")
    for problem in result.problems[:20]:
        typer.echo(f"yaodian: {problem}", err=True)
    if len(result.problems) > 20:
        typer.echo(f"yaodian: {result.source}: {len(result.problems) - 20} more problems", err=True)


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


class _Events:
    """What happens, as JSON lines on stdout, each whole and at once."""

    def __enter__(self) -> _Events:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held back."""

    def began(self, source: Source, run: int) -> None:
        self._say("crawl begins", source=source.id, run=run)

    def tell(self, source: Source, url: str, outcome: Outcome) -> None:
        if outcome.change:
            change = {"change": outcome.change, "version": outcome.version}
            self._say("document", source=source.id, document=outcome.document, url=url, **change)

    def progress(self, source: Source, counts: Mapping[str, int]) -> None:
        self._say("progress", source=source.id, counts=dict(counts))

    def ended(self, crawled: Crawled) -> None:
        said = {"outcome": crawled.outcome, "counts": crawled.counts, "problems": crawled.problems[:20]}
        self._say("crawl ended", source=crawled.source, **said)

    def failed(self, error: OperatorError) -> None:
        """It is the machine's doing, and no source's."""
        self._say("crawl failed", says=str(error))

    def _say(self, event: str, **fields: Any) -> None:
        sys.stdout.write(json.dumps({"event": event} | fields, ensure_ascii=False) + "\n")
        sys.stdout.flush()


class _Lines:
    """A plain line for each change, for a pipe or a file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is held back."""

    def began(self, source: Source, run: int) -> None:
        """Told by its end."""

    def tell(self, source: Source, url: str, outcome: Outcome) -> None:
        if outcome.change:
            self._say(f"{outcome.change:9} {source.id} {outcome.document} {url}")

    def progress(self, source: Source, counts: Mapping[str, int]) -> None:
        """For who looks on only."""

    def ended(self, crawled: Crawled) -> None:
        """Summed up when all have ended."""

    def _say(self, line: str) -> None:
        typer.echo(line)


class _Bars(_Lines):
    """The same above a bar for each source, on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("pages"),
            TimeElapsedColumn(),
            console=Console(stderr=True, highlight=False),
            transient=True,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def began(self, source: Source, run: int) -> None:
        self._tasks[source.id] = self._progress.add_task(source.id, total=None)

    def progress(self, source: Source, counts: Mapping[str, int]) -> None:
        done = counts.get("listings", 0) + counts.get("documents", 0)
        self._progress.update(self._tasks[source.id], total=counts.get("asked"), completed=done)

    def ended(self, crawled: Crawled) -> None:
        if crawled.source in self._tasks:
            self._progress.remove_task(self._tasks.pop(crawled.source))

    def _say(self, line: str) -> None:
        self._progress.console.print(line, markup=False)
