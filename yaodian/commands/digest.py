"""`yaodian digest`: what the next mail would say, and sending what is due."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from notify import channels, mail, making, outbox, sending
from notify.links import Pages
from store.safe_files import write_private
from yaodian import logs
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.options import MOST

group = typer.Typer(help="Digests: look at the next one, or send what is due.", no_args_is_help=True)
app.add_typer(group, name="digest")

One = Annotated[
    int | None, typer.Option("--subscription", metavar="ID", min=1, max=MOST, help="Only this subscription.")
]
Everyone = Annotated[bool, typer.Option("--all", help="Every active subscription, due or not.")]
Due = Annotated[bool, typer.Option("--due", help="What is due (the default).")]


@group.command()
def preview(
    context: typer.Context,
    subscription: One = None,
    due: Annotated[bool, typer.Option("--due", help="Only those that are due.")] = False,
    everyone: Annotated[bool, typer.Option("--all", help="Every active subscription (the default).")] = False,
    html: Annotated[Path | None, typer.Option(help="Write it as an HTML file too.")] = None,
) -> None:
    """Show what a digest would say now; nothing is sent or recorded."""
    if due and everyone:
        raise typer.BadParameter("give either --due or --all")
    settings = configured(context)
    database = settings.opened()
    now = clock()
    chosen = sending.chosen(database, now, only=subscription, everyone=not due)
    if not chosen:
        typer.echo(
            "no digest is due" if due else "no subscription is active; see: yaodian subscriptions list"
        )
    for one in chosen:
        issue, edition = making.preview(database, one, now, Pages(settings.base_url))
        if not issue.changes:
            typer.echo(f"subscription {one}: nothing new")
            continue
        typer.echo(mail.subject(issue, edition) + "\n\n" + mail.text(issue, edition))
        if html is not None:
            path = html if len(chosen) == 1 else html.with_stem(f"{html.stem}-{one}")
            write_private(path, mail.html(issue, edition).encode())
            typer.echo(f"subscription {one}: {path}")


@group.command()
def send(
    context: typer.Context, subscription: One = None, due: Due = False, everyone: Everyone = False
) -> None:
    """Make the digests and hand them over; what an earlier run left waiting goes first."""
    if due and everyone:
        raise typer.BadParameter("give either --due or --all")
    settings = configured(context)
    # What is wrong with one digest or delivery goes to the log, and stops no other.
    logs.begin("auto")
    database = settings.opened()
    now = clock()
    post = settings.post()
    unmade = making.make(
        database, sending.chosen(database, now, only=subscription, everyone=everyone), post, now
    )
    states: Counter[str] = Counter()
    faults: Counter[str] = Counter()

    def tell(handed: sending.Handed) -> None:
        states[handed.noted.state] += 1
        if handed.answer.fault:
            faults[handed.parcel.channel] += 1
        typer.echo(_told(handed), err=handed.noted.state in (outbox.REFUSED, outbox.ABANDONED))

    sending.deliver(database, post, clock, tell)
    if not states:
        typer.echo(
            "nothing to send" if everyone or subscription else "nothing to send that is due; --all sends now"
        )
    for channel, number in faults.items():
        typer.echo(
            f"yaodian: {number} deliveries by {channel} raised an exception; the log has each", err=True
        )
    if unmade:
        typer.echo(f"yaodian: {unmade} digests could not be made; the log has each", err=True)
    if unmade or faults or states[outbox.REFUSED] or states[outbox.ABANDONED]:
        raise typer.Exit(1)


def _told(handed: sending.Handed) -> str:
    parcel, noted = handed.parcel, handed.noted
    what = f"{parcel.changes} changes" if parcel.kind == "digest" else parcel.kind
    who = f"subscription {parcel.subscription_id}: " if parcel.subscription_id else ""
    line = f"{who}{what} to {channels.shown(parcel.address)}: {handed.answer.said}"
    if noted.state == outbox.WAITING and noted.again_at:
        return f"{line}; again at {noted.again_at:%Y-%m-%d %H:%M} UTC"
    return line if noted.state == outbox.SENT else f"{line}; {noted.state}"
