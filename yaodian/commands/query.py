"""Commands that ask the archive: show, history, diff, export."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from sqlalchemy.orm import Session

from store import plandesk, queries
from store.shapes import change_to_json, difference_to_json, document_to_json, series_to_json, version_to_json
from yaodian.commands import app, configured
from yaodian.marking import followed, marked
from yaodian.options import MOST
from yaodian.output import Format, one, show

CHANGE_COLUMNS = {
    "id": "id",
    "detected_at": "detected",
    "type": "type",
    "from_version": "from",
    "to_version": "to",
    "said": "items",
    "title": "title",
}
Form = Annotated[Format, typer.Option("--format", help="How to print.")]


@app.command("show")
def show_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID[@VERSION]")],
    form: Form = Format.table,
) -> None:
    """One version of a document (or of a plan's original): its metadata and its text."""
    database = configured(context).opened()
    with database.read() as session:
        version = queries.version(session, name)
        if form is not Format.table:
            whole = version_to_json(version, whole=True)
            one(whole) if form is Format.json else show([whole], dict.fromkeys(whole, ""), form)
            return
        document = document_to_json(version.document)
        page = version_to_json(version, whole=True)
        for key in ("id", "plan", "source", "url", "state", "role"):
            typer.echo(f"{key:16} {document[key] or ''}")
        typer.echo(f"{'version':16} {version.number}, captured {page['captured_at']}")
        for key, value in page["metadata"].items():
            if value is not None:
                typer.echo(f"{key:16} {value}")
        for attachment in page["attachments"]:
            typer.echo(f"{'attachment':16} {_told(attachment)}")
        if page.get("text_from"):
            typer.echo(f"{'text from':16} {page['text_from']}")
        typer.echo(f"\n{version.title}\n\n{page['text']}")


@app.command()
def history(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID")],
    form: Form = Format.table,
) -> None:
    """What happened to a document, in order."""
    database = configured(context).opened()
    with database.read() as session:
        shapes = map(change_to_json, queries.changes(session, queries.document(session, name)))
        show(
            (shape | {"said": _counted(shape)} if form is Format.table else shape for shape in shapes),
            CHANGE_COLUMNS,
            form,
        )


@app.command()
def diff(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID")],
    old: Annotated[
        int | None, typer.Argument(min=1, max=MOST, help="Version number; the one before the new one.")
    ] = None,
    new: Annotated[int | None, typer.Argument(min=1, max=MOST, help="Version number; the newest.")] = None,
    series: Annotated[
        bool, typer.Option("--series", help="Against the same body's plan of the year before.")
    ] = False,
    form: Annotated[str, typer.Option("--format", help="text, html or json.")] = "text",
) -> None:
    """What differs between two versions of a document, item by item; with --series, what a plan makes of the one
    before it."""
    if form not in ("text", "html", "json"):
        raise typer.BadParameter("write text, html or json", param_hint="--format")
    database = configured(context).opened()
    with database.read() as session:
        if series:
            if old is not None:
                raise typer.BadParameter("takes one plan, no version numbers", param_hint="--series")
            _series(session, name, form)
            return
        before, after, difference = queries.compare(session, queries.document(session, name), old, new)
        if form == "json":
            one(
                {"document": after.document_id, "from_version": before.number, "to_version": after.number}
                | difference_to_json(difference)
            )
        else:
            title = f"{after.title}  {before.number} → {after.number}"
            typer.echo(marked(title, difference, html=form == "html"), nl=False)


def _told(attachment: dict[str, Any]) -> str:
    state = attachment.get("state", "not fetched")
    why = f" ({attachment['detail']})" if attachment.get("detail") else ""
    return f"{attachment['name']}  {state}{why}  {attachment['url']}"


def _series(session: Session, name: str, form: str) -> None:
    plan = plandesk.plan(session, name)
    previous, found = plandesk.before(session, plan)
    if form == "json":
        one({"plan": plan.id, "previous": previous.id} | series_to_json(found))
    else:
        title = f"{previous.title} → {plan.title}"
        typer.echo(followed(title, found, html=form == "html"), nl=False)


def _counted(change: dict[str, Any]) -> str:
    counts: dict[str, int] = {}
    for item in change["items"]:
        counts[item["op"]] = counts.get(item["op"], 0) + 1
    fields = [field["field"] for field in change["metadata"]]
    return ", ".join([*(f"{n} {op}" for op, n in counts.items()), *fields])
