"""`yaodian import`: sources from other programs' files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from crawler.sources import catalogue, desk, importing
from store.errors import SourceError
from store.flow import SourceKind
from yaodian.commands import app, configured
from yaodian.commands.sources import load
from yaodian.options import Region


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="YAML with one source or several, or OPML with feeds.")],
    kind: Annotated[SourceKind | None, typer.Option(help="official or mirror; for OPML.")] = None,
    region: Region = None,
) -> None:
    """Write a file for each source in FILE that is not there yet; when one can't be used, none is written."""
    settings = configured(context)
    found = importing.read(file, {"kind": kind or "", "region": region or ""})
    for source in found:
        catalogue.parse(desk.as_text(source), f"{file}: {source['id']}", source["id"])
    if len({source["id"] for source in found}) < len(found):
        raise SourceError(str(file), "id", "two of its sources have the same one; give each its own")
    known = load(settings).sources
    new = [source for source in found if source["id"] not in known]
    for source in new:
        typer.echo(str(desk.write(settings.sources, desk.as_text(source))[0]))
    typer.echo(f"{len(new)} sources imported, {len(found) - len(new)} were there already")
