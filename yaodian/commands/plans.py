"""`yaodian plans`: the works, the documents that carry them, and a person's word on what belongs together."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from notify.words import OPS
from store import plandesk, queries
from store.marks import pieces
from store.shapes import plan_to_json
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.options import Region
from yaodian.output import Format, one, show

COLUMNS = {
    "id": "id",
    "title": "title",
    "publisher": "publisher",
    "region": "region",
    "kind": "kind",
    "period": "period",
    "document_number": "number",
    "copies": "documents",
}
MOST_ERRORS = 20
Form = Annotated[Format, typer.Option("--format", help="How to print.")]

group = typer.Typer(help="The plans that are known, each with the documents that carry it.")
app.add_typer(group, name="plans")


@group.callback(invoke_without_command=True)
def plans(
    context: typer.Context,
    region: Region = None,
    year: Annotated[int | None, typer.Option(min=1900, max=2200, help="A year that the plan covers.")] = None,
    kind: Annotated[str | None, typer.Option(help="工作要点, 工作计划, 发展规划 …")] = None,
    publisher: Annotated[str | None, typer.Option(help="Part of the issuing body's name.")] = None,
    form: Form = Format.table,
) -> None:
    """The plans that are known, each with the documents that carry it."""
    if context.invoked_subcommand is not None:
        return
    database = configured(context).opened()
    with database.read() as session:
        found = queries.plans(session, region=region, year=year, kind=kind, publisher=publisher)
        show((_counted_copies(plan_to_json(plan), form) for plan in found), COLUMNS, form)


@group.command("show")
def show_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID")],
    form: Form = Format.table,
) -> None:
    """One plan: its documents, how similar the reprints are, and what each gets wrong."""
    database = configured(context).opened()
    with database.read() as session:
        plan = plandesk.plan(session, name)
        shape = plan_to_json(plan) | {"former_ids": plandesk.former_ids(session, plan)}
        told = {reprint.document: reprint for reprint in plandesk.reprints_of(session, plan)}
    if form is Format.table:
        _tell(shape, told)
        return
    for document in shape["documents"]:
        if (reprint := told.get(document["id"])) is not None:
            document |= {"copied_from_version": reprint.version, "errors": reprint.errors_to_json()}
    one(shape) if form is Format.json else show([shape], COLUMNS, form)


@group.command()
def merge(
    context: typer.Context,
    ids: Annotated[list[str], typer.Argument(metavar="ID ID…", help="Plans, or documents of them.")],
) -> None:
    """Say that plans are one. It is remembered; their former ids lead to it."""
    if len(ids) < 2:
        raise typer.BadParameter("name two plans or more")
    with configured(context).opened().write() as session:
        plan = plandesk.merge(session, ids, clock())
        typer.echo(f"{plan.id} {plan.title}: {len(plan.documents)} documents")


@group.command()
def split(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="ID")],
    documents: Annotated[list[str], typer.Argument(metavar="DOCUMENT…")],
) -> None:
    """Say that documents carry another plan than the rest. It is remembered, and no later reading puts them back."""
    with configured(context).opened().write() as session:
        for plan in plandesk.split(session, name, documents, clock()):
            typer.echo(f"{plan.id} {plan.title}: {len(plan.documents)} documents")


def _tell(shape: dict[str, Any], told: dict[str, plandesk.Reprint]) -> None:
    for key in ("id", "title", "publisher", "region", "kind", "document_number"):
        typer.echo(f"{key:16} {shape[key] or ''}")
    if shape["former_ids"]:
        typer.echo(f"{'formerly':16} {', '.join(shape['former_ids'])}")
    for document in shape["documents"]:
        typer.echo(f"\n{document['role']:8} {document['id']}  {document['source']}  {document['url']}")
        reprint = told.get(document["id"])
        if reprint is None:
            continue
        errors = reprint.errors
        says = f"differs in {len(errors)} items from" if errors else "says the same as"
        typer.echo(f"  similarity {document['similarity']}; {says} the original's version {reprint.version}")
        for change in errors[:MOST_ERRORS]:
            marked = "".join(
                {"same": "{}", "del": "[-{}-]", "ins": "[+{}+]"}[piece.op].format(piece.text)
                for piece in pieces(change)
            )
            typer.echo(f"  {OPS[change.op]} {change.old_path or change.new_path}  {marked}")
        if len(errors) > MOST_ERRORS:
            typer.echo(f"  and {len(errors) - MOST_ERRORS} more; --format json has them all")


def _counted_copies(plan: dict[str, Any], form: Format) -> dict[str, Any]:
    return plan | {"copies": len(plan["documents"])} if form is Format.table else plan
