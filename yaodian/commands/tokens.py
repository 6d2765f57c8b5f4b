"""`yaodian tokens`: which programs may write through the API."""

from __future__ import annotations

from typing import Annotated

import typer

from store import tokens
from store.errors import WrongUse
from store.shapes import iso
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.options import MOST
from yaodian.output import Format, show

LONGEST_NAME = 64

group = typer.Typer(help="Which programs may write through the API.", no_args_is_help=True)
app.add_typer(group, name="tokens")


@group.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the token is for; for people only.")],
) -> None:
    """Make a token. It is shown this once; only its hash is kept."""
    from web.tokens import made

    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise WrongUse(f"{name!r} can't be a name; use up to {LONGEST_NAME} characters that can be printed")
    with configured(context).opened().write() as session:
        row, token = made(session, name, clock())
        number = row.id
    typer.echo(token)
    typer.echo(
        f"token {number} for {name}: send it as Authorization: Bearer TOKEN; it is not shown again", err=True
    )


@group.command("list")
def list_(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """All tokens, by their numbers and names."""
    with configured(context).opened().read() as session:
        found = [
            {"id": one.id, "name": one.name, "created_at": iso(one.created_at)}
            for one in tokens.every(session)
        ]
    show(found, {"id": "id", "name": "name", "created_at": "since"}, form)


@group.command()
def remove(
    context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID", min=1, max=MOST)]
) -> None:
    """Accept a token no longer."""
    with configured(context).opened().write() as session:
        name = tokens.remove(session, number)
    typer.echo(f"token {number} for {name} is no longer accepted")
