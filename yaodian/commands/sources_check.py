"""`yaodian sources check`: what of a source works against the live site, and what does not."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yaodian.commands import configured
from yaodian.commands.sources import chosen, group
from yaodian.output import Format, show

if TYPE_CHECKING:
    from crawler.fetch import Answer
    from crawler.sources.checking import Checked
    from crawler.sources.schema import Source

COLUMNS = {
    "id": "id",
    "works": "works",
    "entries": "entries",
    "dated": "dated",
    "matched": "matched",
    "documents": "documents",
    "confidence": "confidence",
    "robots": "robots",
    "seconds": "seconds",
    "problem": "problem",
}


@group.command("check")
def check_(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Else all that are enabled.")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Fetch a listing and three documents of each source, and say what works. Exit status 1 when one does not.

    What works is kept as an example beside the source's file, and your file of it is marked `verified`."""
    from crawler.fetch import converse
    from crawler.sources import checking, desk

    settings = configured(context)
    sources, errors = chosen(settings, ids or [])
    for error in errors:
        typer.echo(f"yaodian: {error}", err=True)
    if not ids:
        sources = [source for source in sources if source.enabled]
    if not sources:
        typer.echo("no source is enabled; name one: yaodian sources check ID")
        raise typer.Exit(1 if errors else 0)
    results = converse(
        _all(sources),
        settings.asker,
        render=any(source.fetch.render for source in sources),
        delay_s=max(source.fetch.delay for source in sources),
    )
    show((_row(result) for result in results), COLUMNS, form)
    for result in results:
        if result.passed and settings.sources.is_dir():
            name = result.source.id
            checking.keep_example(settings.sources / f"{name}.example", result)
            if not result.source.verified:
                desk.change(settings.sources, name, verified=True)
    raise typer.Exit(1 if errors or not all(result.passed for result in results) else 0)


def _all(sources: list[Source]) -> Generator[str, Answer, list[Checked]]:
    from crawler.sources.checking import check

    results: list[Checked] = []
    for source in sources:
        result = yield from check(source, time.monotonic)
        results.append(result)
    return results


def _row(result: Checked) -> dict[str, Any]:
    entries = result.listing.entries
    sure = [sample.page.confidence for sample in result.samples if sample.page]
    problems = [result.problem, *(f"{s.entry.url}: {s.problem}" for s in result.samples if s.problem)]
    return {
        "id": result.source.id,
        "works": result.passed,
        "entries": len(entries),
        "dated": sum(entry.date is not None for entry in entries),
        "matched": sum(result.source.match.takes(entry.title) for entry in entries),
        "documents": f"{len(result.read)} of {len(result.samples)}",
        "confidence": round(sum(sure) / len(sure), 2) if sure else None,
        "robots": result.robots,
        "seconds": round(result.seconds, 2),
        "problem": "; ".join(filter(None, problems)) or None,
    }
