"""The command line: one module a group of commands. What is heavy to import is imported where it is used."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from yaodian import settings


class _Alphabetical(TyperGroup):
    """Whichever module was imported first."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return sorted(self.commands)


app = typer.Typer(
    cls=_Alphabetical,
    help="要点 Yaodian: watches the education work plans that China's governments publish.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"yaodian {version('yaodian')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="Where everything is kept (YAODIAN_DATA; default ./data).")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    context.obj = data


def configured(context: typer.Context) -> settings.Settings:
    """The settings that hold for this call; read only by commands that need them."""
    return settings.load(context.find_root().obj)


def loaded(command: str = "") -> typer.Typer:
    """`app` with its commands: each module adds its own, and a new group is a new file. For a command that a module is
    named after only that one is imported, with those that add to its group (`sources` and `sources_add`)."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    named = [name for name in modules if name.partition("_")[0] == command]
    for name in named or modules:
        import_module(f"{__name__}.{name}")
    return app
