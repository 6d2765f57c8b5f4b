"""`yaodian subscribe` and `yaodian subscriptions`."""

from __future__ import annotations

from typing import Annotated, Any, cast

import typer
from pydantic import ValidationError

from notify import subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import models as rows
from store.errors import WrongUse
from store.flow import ChangeType
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.commands.sources import load
from yaodian.options import MOST
from yaodian.output import Format, show

group = typer.Typer(help="Who is told what.", no_args_is_help=True)
app.add_typer(group, name="subscriptions")

COLUMNS = {
    "id": "id",
    "address": "address",
    "state": "state",
    "rhythm": "rhythm",
    "filter": "filter",
    "next_due_at": "next",
}
Several = list[str] | None


@app.command()
def subscribe(
    context: typer.Context,
    address: Annotated[str, typer.Argument(help="A mail address.")],
    every: Annotated[str, typer.Option(help="instant, daily, weekly or monthly.")] = "weekly",
    on: Annotated[str, typer.Option(help="A weekday (mon … sun), or a day of the month.")] = "",
    at: Annotated[str, typer.Option(help="Time of day.")] = "08:00",
    region: Annotated[
        Several, typer.Option(help="GB/T 2260 code; divisions within it too. Repeatable.")
    ] = None,
    kind: Annotated[Several, typer.Option(help="工作要点, 工作计划, 发展规划 … Repeatable.")] = None,
    publisher: Annotated[Several, typer.Option(help="Part of the issuing body's name. Repeatable.")] = None,
    source: Annotated[Several, typer.Option(help="A source's id. Repeatable.")] = None,
    keyword: Annotated[
        Several,
        typer.Option(help="A query as of a search, which title or text must meet. Repeatable: any of them."),
    ] = None,
    type_: Annotated[
        Several, typer.Option("--type", help="Only new, changed, withdrawn or restored ones. Repeatable.")
    ] = None,
    official: Annotated[bool, typer.Option("--official", help="Nothing of what mirror sites show.")] = False,
) -> None:
    """Subscribe an address to digests; they begin when the subscription is confirmed."""
    settings = configured(context)
    try:
        rhythm = Rhythm.model_validate({"every": every, "on": on, "at": at, "timezone": settings.timezone})
        wanted = Filter(
            regions=tuple(region or ()),
            kinds=tuple(kind or ()),
            publishers=tuple(publisher or ()),
            sources=tuple(source or ()),
            keywords=tuple(keyword or ()),
            types=cast(tuple[ChangeType, ...], tuple(type_ or ())),  # checked by the filter itself
            official=official,
        )
    except ValidationError as error:
        raise WrongUse(f"subscription: {subscriptions.told(error)}") from error
    found = load(settings).sources
    for name in wanted.sources:
        if name not in found:
            raise WrongUse(f"subscription: no source {name!r}; `yaodian sources list` names them all")
    made = subscriptions.subscribe(settings.opened(), address, wanted, rhythm, clock())
    typer.echo(
        f"subscription {made.id} for {made.address} waits; confirm it: yaodian subscriptions confirm {made.id}"
    )


@group.command("list")
def list_(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """All subscriptions."""
    shapes = map(_shape, subscriptions.every(configured(context).opened()))
    show(
        (
            shape | {"rhythm": _words(shape["rhythm"]), "filter": _words(shape["filter"])}
            if form is Format.table
            else shape
            for shape in shapes
        ),
        COLUMNS,
        form,
    )


@group.command()
def confirm(
    context: typer.Context, subscription: Annotated[int, typer.Argument(metavar="ID", min=1, max=MOST)]
) -> None:
    """Begin a subscription whose owner has agreed to it."""
    confirmed = subscriptions.confirm(configured(context).opened(), subscription, clock())
    due = (
        f"; the first digest is due {confirmed.next_due_at:%Y-%m-%d %H:%M} UTC"
        if confirmed.next_due_at
        else ""
    )
    typer.echo(f"subscription {confirmed.id} for {confirmed.address} is {confirmed.state}{due}")


def _shape(subscription: rows.Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "address": subscription.address,
        "state": subscription.state,
        "rhythm": subscription.rhythm,
        "filter": subscription.filter,
        "next_due_at": subscription.next_due_at.isoformat() if subscription.next_due_at else None,
    }


def _words(settings: dict[str, Any]) -> str:
    return ", ".join(
        key if value is True else f"{key} {'+'.join(value) if isinstance(value, list) else value}"
        for key, value in settings.items()
        if value
    )
