"""`yaodian sources try`: what a source file finds, before it is one of the sources."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from store.errors import OperatorError
from yaodian.commands import configured
from yaodian.commands.sources import group
from yaodian.commands.sources_add import document_of, entry_of, seen
from yaodian.output import Format, one, show


@group.command("try")
def try_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A source file, wherever it lies.")],
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Fetch the first page of a source file's listing and three documents, and show what is read. Writes nothing.

    Exit status 1 when it finds no entries."""
    from crawler.fetch import converse
    from crawler.sources import catalogue
    from crawler.sources.checking import check

    settings = configured(context)
    try:
        source = catalogue.read(file)
    except OSError as error:
        raise OperatorError(f"{file}: {error.strerror}; name a source file that can be read") from error
    checked = converse(
        check(source, time.monotonic), settings.asker, render=source.fetch.render, delay_s=source.fetch.delay
    )
    entries = checked.listing.entries
    notes = [*([checked.problem] if checked.problem else []), f"robots.txt: {checked.robots}"]
    if form is Format.table:
        seen(entries, checked.samples, notes, source.match)
    elif form is Format.json:
        one(
            {
                "entries": [entry_of(entry) for entry in entries],
                "documents": [document_of(sample) for sample in checked.samples],
                "notes": notes,
            }
        )
    else:
        show(map(entry_of, entries), {"url": "url", "title": "title", "date": "date"}, form)
    raise typer.Exit(0 if entries else 1)
