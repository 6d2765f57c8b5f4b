"""`yaodian subscribe` and `yaodian subscriptions`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from pydantic import ValidationError

from notify import channels, personal, requests, returned, subscriptions
from notify.filters import Filter
from notify.language import languages
from notify.subscriptions import Rhythm
from store import models as rows
from store.errors import UsageError, WrongUse
from store.flow import ChangeType
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.commands.sources import load
from yaodian.options import MOST
from yaodian.output import Format, one, show

group = typer.Typer(help="Who is told what.", no_args_is_help=True)
app.add_typer(group, name="subscriptions")

COLUMNS = {
    "id": "id",
    "address": "address",
    "state": "state",
    "reason": "why",
    "rhythm": "rhythm",
    "filter": "filter",
    "next_due_at": "next",
}
Several = list[str] | None
ID = Annotated[int, typer.Argument(metavar="ID", min=1, max=MOST)]


def _language(name: str) -> str:
    if name not in languages():
        raise typer.BadParameter(f"{name!r} is not spoken here; there are {', '.join(languages())}")
    return name


@app.command()
def subscribe(
    context: typer.Context,
    address: Annotated[
        str, typer.Argument(help="A mail address, or a channel's URL: webhook+https://…, wecombot://….")
    ],
    every: Annotated[str, typer.Option(help="instant, daily, weekly or monthly.")] = "weekly",
    on: Annotated[
        str, typer.Option(help="A weekday (mon … sun), or a day of the month (1 … 28, last).")
    ] = "",
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
    language: Annotated[str, typer.Option(callback=_language, help="Of the digest: zh, en.")] = "zh",
    always: Annotated[
        bool, typer.Option("--always", help="A short mail also when there is nothing to report.")
    ] = False,
) -> None:
    """Subscribe an address to digests; they begin when the subscription is confirmed."""
    settings = configured(context)
    try:
        rhythm = Rhythm.model_validate(
            {"every": every, "on": on, "at": at, "timezone": settings.timezone, "always": always}
        )
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
    asked = requests.request(
        settings.opened(), settings.post(), requests.Wish(address, wanted, rhythm, language), clock()
    )
    typer.echo(_answer(asked))


def _answer(asked: requests.Requested) -> str:
    address = channels.shown(asked.address)
    if not asked.is_mailed:
        return (
            f"{address} was sent {requests.MOST_LETTERS} letters today; nothing more is sent until tomorrow"
        )
    if asked.state != subscriptions.PENDING:
        return f"subscription {asked.subscription} for {address} is {asked.state} already; a letter in the outbox says so"
    return (
        f"subscription {asked.subscription} for {address} waits; a letter in the outbox asks to confirm it "
        f"(or confirm it yourself: yaodian subscriptions confirm {asked.subscription})"
    )


@group.command("list")
def list_(
    context: typer.Context,
    ended: Annotated[bool, typer.Option("--ended", help="Also those that have ended.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """All subscriptions."""
    shapes = map(subscriptions.shape, subscriptions.every(configured(context).opened(), ended=ended))
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


@group.command("show")
def show_(context: typer.Context, subscription: ID) -> None:
    """One subscription as JSON, and how its last deliveries went."""
    database = configured(context).opened()
    found = subscriptions.get(database, subscription)
    one(subscriptions.shape(found) | {"deliveries": subscriptions.deliveries(database, subscription)})


@group.command()
def confirm(
    context: typer.Context,
    subscription: Annotated[
        str, typer.Argument(metavar="ID|TOKEN", help="Its number, or the token out of its letter.")
    ],
) -> None:
    """Begin a subscription whose owner has agreed to it."""
    settings = configured(context)
    if re.fullmatch(r"\d{1,9}", subscription):
        _told(subscriptions.confirm(settings.opened(), int(subscription), clock()))
    else:
        _told(requests.confirm(settings.opened(), settings.post(), subscription, clock()))


@group.command()
def pause(context: typer.Context, subscription: ID) -> None:
    """Send nothing until it is resumed; what happens meanwhile is told then."""
    _told(subscriptions.pause(configured(context).opened(), subscription, "by the operator"))


@group.command()
def resume(context: typer.Context, subscription: ID) -> None:
    """Let a paused subscription go on; what could not be delivered is tried again."""
    _told(subscriptions.resume(configured(context).opened(), subscription, clock()))


@group.command()
def remove(context: typer.Context, subscription: ID) -> None:
    """End a subscription, as its owner does by unsubscribing."""
    _told(subscriptions.unsubscribe(configured(context).opened(), subscription, clock()))


@group.command()
def export(context: typer.Context, subscription: ID) -> None:
    """All that is kept of the owner of a subscription, as JSON."""
    one(personal.export_data(configured(context).opened(), subscription))


@group.command()
def erase(context: typer.Context, subscription: ID) -> None:
    """Erase all that is kept of the owner of a subscription: whatever the address subscribed to."""
    count = personal.erase(configured(context).opened(), subscription)
    typer.echo(f"{count} subscription{'s' if count != 1 else ''} erased, with all that was kept of the owner")


@group.command()
def bounce(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A mail that came back; - is the standard input.")
    ],
) -> None:
    """Note that a mail came back; for the mailbox that bounces go to. After three in a month it is paused."""
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    for told in returned.note(configured(context).opened(), content, clock()):
        typer.echo(told)


def _told(subscription: rows.Subscription) -> None:
    due = (
        f"; the next digest is due {subscription.next_due_at:%Y-%m-%d %H:%M} UTC"
        if subscription.next_due_at and subscription.state == "active"
        else ""
    )
    reason = f" ({subscription.reason})" if subscription.reason else ""
    typer.echo(
        f"subscription {subscription.id} for {channels.shown(subscription.address)} is {subscription.state}{reason}{due}"
    )


def _words(settings: dict[str, Any]) -> str:
    return ", ".join(
        key if value is True else f"{key} {'+'.join(value) if isinstance(value, list) else value}"
        for key, value in settings.items()
        if value
    )
