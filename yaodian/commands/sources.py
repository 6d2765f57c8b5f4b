"""`yaodian sources`: what is watched."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
import yaml

from crawler.sources import catalogue, desk
from crawler.sources.catalogue import Catalogue
from crawler.sources.schema import Source
from store import regions
from store.conditions import Condition
from store.errors import OperatorError
from store.flow import SourceKind
from yaodian import wellbeing
from yaodian.commands import app, configured
from yaodian.options import Region
from yaodian.output import Format, show
from yaodian.settings import Settings

group = typer.Typer(help="What is watched.", no_args_is_help=True)
app.add_typer(group, name="sources")

COLUMNS = {
    "id": "id",
    "name": "name",
    "region": "region",
    "kind": "kind",
    "schedule": "schedule",
    "enabled": "enabled",
    "verified": "verified",
    "health": "health",
    "since": "since",
}
Id = Annotated[str, typer.Argument(metavar="ID")]


@group.command("list")
def list_(
    context: typer.Context,
    region: Region = None,
    kind: Annotated[SourceKind | None, typer.Option(help="official or mirror.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """All sources: those that ship with Yaodian, and your own. A file that can't be used is named on stderr."""
    settings = configured(context)
    found = load(settings)
    chosen = [
        source
        for source in found.sources.values()
        if (region is None or regions.within(source.region, region)) and (kind is None or source.kind == kind)
    ]
    known = wellbeing.known(settings)
    ordered = sorted(chosen, key=lambda s: (s.region, s.id))
    show((_row(source, known.get(source.id)) for source in ordered), COLUMNS, form)
    tell(found)
    raise typer.Exit(1 if found.errors else 0)


@group.command("show")
def show_(
    context: typer.Context,
    source_id: Id,
    form: Annotated[
        Format, typer.Option("--format", help="json, or the YAML of a source file.")
    ] = Format.table,
) -> None:
    """One source with everything that holds for it, as a source file."""
    settings = configured(context)
    source = load(settings).find(source_id)
    condition = wellbeing.known(settings).get(source.id)
    if form is Format.table:
        whole = source.model_dump(mode="json", exclude_none=True)
        typer.echo(yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), nl=False)
        typer.echo("\n".join(wellbeing.comment(condition)))
    else:
        show([_row(source, condition)], COLUMNS, form)


@group.command("enable")
def enable(context: typer.Context, source_id: Id) -> None:
    """Crawl a source when it is due. One that ships with Yaodian is copied into your data directory."""
    _switch(context, source_id, enabled=True)


@group.command("disable")
def disable(context: typer.Context, source_id: Id) -> None:
    """Crawl a source only when it is named. What was crawled stays."""
    _switch(context, source_id, enabled=False)


@group.command("remove")
def remove(
    context: typer.Context,
    source_id: Id,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> None:
    """Take a source's file away. What was crawled stays in the archive."""
    settings = configured(context)
    if not yes:
        typer.confirm(f"remove {settings.sources / source_id}.yaml?", abort=True)
    typer.echo(f"removed {desk.remove(settings.sources, source_id)}")


def _switch(context: typer.Context, source_id: str, *, enabled: bool) -> None:
    settings = configured(context)
    source = load(settings).find(source_id)
    path = desk.change(settings.sources, source_id, enabled=enabled)
    typer.echo(f"{path}: enabled: {str(enabled).lower()}")
    if enabled and not source.verified:
        typer.echo(f"note: never checked against the live site; run: yaodian sources check {source_id}")


def load(settings: Settings) -> Catalogue:
    return catalogue.load(catalogue.bundled(), settings.sources)


def tell(found: Catalogue) -> None:
    for error in found.errors:
        typer.echo(f"yaodian: {error}", err=True)


def chosen(settings: Settings, ids: list[str]) -> tuple[list[Source], tuple[OperatorError, ...]]:
    """The named sources, or all, and what is wrong with the files that can't be used."""
    found = load(settings)
    if ids:
        return [found.find(source_id) for source_id in dict.fromkeys(ids)], ()
    return list(found.sources.values()), found.errors


def as_given() -> list[Source]:
    """As JSON on the standard input: where a worker runs there need not be any source files."""
    return [Source.model_validate(one) for one in json.load(sys.stdin)]


def _row(source: Source, condition: Condition | None) -> dict[str, Any]:
    schedule = source.schedule.every or f"cron {source.schedule.cron}"
    return source.model_dump(mode="json") | {"schedule": schedule} | wellbeing.as_json(condition)
