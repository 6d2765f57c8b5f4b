"""`yaodian search`: items of every version ever stored, by their words; and the index that finds them."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from store import regions
from store.flow import Role
from store.search import index
from store.search.filters import Filters, end_of
from store.search.find import MANY, Answer, pages
from store.shapes import hit_to_json
from yaodian.commands import app, configured
from yaodian.options import Region
from yaodian.output import Format, show

COLUMNS = {
    "document": "document",
    "version": "version",
    "path": "path",
    "snippet": "text",
    "title": "title",
    "region": "region",
    "role": "role",
    "url": "url",
}
TABLE = {name: COLUMNS[name] for name in ("document", "path", "snippet", "title", "region", "role")}
DAY = ["%Y-%m-%d"]
MARK = "[{}]"


@app.command("search")
def search_(
    context: typer.Context,
    query: Annotated[list[str], typer.Argument(metavar="QUERY", help='双减 "校外培训" OR 课后 -奥数')],
    region: Region = None,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help="A year that the plan covers.")] = None,
    kind: Annotated[str | None, typer.Option(help="工作要点, 工作计划, 发展规划 …")] = None,
    publisher: Annotated[str | None, typer.Option(help="Part of the issuing body's name.")] = None,
    source: Annotated[str | None, typer.Option(help="A source's id.")] = None,
    role: Annotated[Role | None, typer.Option(help="Official text or copy.")] = None,
    since: Annotated[
        dt.datetime | None, typer.Option(formats=DAY, help="First day of the documents' dates.")
    ] = None,
    until: Annotated[
        dt.datetime | None, typer.Option(formats=DAY, help="Last day of the documents' dates.")
    ] = None,
    as_of: Annotated[
        dt.datetime | None,
        typer.Option("--as-of", formats=DAY, help="Only what could be read on this day."),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=100_000, help="How many items at most; 20 in a table, else 1000."),
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Items of every version ever stored that have these words; titles and originals first, of many the newest."""
    settings = configured(context)
    filters = Filters(
        region=region,
        year=year,
        kind=kind,
        publisher=publisher,
        source=source,
        since=since.date() if since else None,
        until=until.date() if until else None,
        as_of=end_of(as_of.date(), settings.timezone) if as_of else None,
        role=role,
    )
    database = settings.opened()
    with database.read() as session:
        limit = limit or (20 if form is Format.table else MANY)
        answers = list(pages(session, " ".join(query), filters, limit))
        shapes = [hit_to_json(hit) for answer in answers for hit in answer.hits][:limit]
        if form is not Format.table:
            show(shapes, COLUMNS, form)
            return
        show(map(_row, shapes), TABLE, form)
        typer.echo(f"\n{_counted(answers[0], len(shapes))}")


@app.command()
def reindex(context: typer.Context) -> None:
    """Make the index of words anew from the stored versions. Cut short, the next `init` or `reindex` goes on."""
    database = configured(context).opened()
    index.empty(database)
    versions = index.pending(database)
    with Progress(
        TextColumn("indexing"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False),
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as progress:
        task = progress.add_task("", total=len(versions))
        for done in index.catch_up(database, versions):
            progress.advance(task, done)
    database.close()
    typer.echo(f"{len(versions)} versions indexed")


def _row(shape: dict[str, Any]) -> dict[str, Any]:
    marked, at = "", 0
    for start, end in shape["marks"]:
        marked += shape["snippet"][at:start] + MARK.format(shape["snippet"][start:end])
        at = end
    edition = f"@{shape['version']}" if shape["versions"]["last"] is not None else ""
    return shape | {
        "document": shape["document"] + edition,
        "snippet": marked + shape["snippet"][at:],
        "path": shape["path"] if shape["path"] is not None else shape["attachment"],
        "region": regions.full_name(shape["region"]) if shape["region"] else "",
    }


def _counted(answer: Answer, shown: int) -> str:
    if not answer.total:
        return "nothing has these words; try fewer of them, or a part of one"
    total = f"{answer.total:,}".replace(",", " ")
    said = f"{total} items" if answer.is_exact else f"{total}+ items, the newest first"
    return said if shown >= answer.total else f"{said}; {shown} shown, --limit shows more"
