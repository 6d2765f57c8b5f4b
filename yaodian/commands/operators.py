"""`yaodian operators`: who may sign in to the web pages and change things there."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from store import operators
from store.errors import WrongUse
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.output import Format, show

group = typer.Typer(help="Who may sign in to the web pages and change things there.", no_args_is_help=True)
app.add_typer(group, name="operators")

Name = Annotated[str, typer.Argument(metavar="NAME")]


@group.command()
def add(
    context: typer.Context,
    name: Name,
    password: Annotated[
        str,
        typer.Option(
            prompt=True, confirmation_prompt=True, hide_input=True, help="Asked for when it is not given."
        ),
    ],
) -> None:
    """Make an operator, or give one another password, which signs him out everywhere."""
    from web.hashing import hashed
    from web.sign_ins import LONGEST, SHORTEST

    if not re.fullmatch(r"[\w.@-]{1,64}", name):
        raise WrongUse(f"{name!r} can't be a name; use up to 64 letters, digits, dots, dashes")
    if not SHORTEST <= len(password) <= LONGEST:
        raise WrongUse(f"the password has {len(password)} characters; take {SHORTEST} to {LONGEST}")
    database = configured(context).opened()
    with database.write() as session:
        operators.put(session, name, hashed(password), clock())
    typer.echo(f"{name} may sign in at /operator")


@group.command("list")
def list_(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Who may sign in."""
    with configured(context).opened().read() as session:
        found = [
            {"name": one.name, "created_at": one.created_at.isoformat()} for one in operators.every(session)
        ]
    show(found, {"name": "name", "created_at": "since"}, form)


@group.command()
def remove(context: typer.Context, name: Name) -> None:
    """Let somebody no longer in; his sessions end at once."""
    with configured(context).opened().write() as session:
        operators.remove(session, name)
    typer.echo(f"{name} may no longer sign in")
