"""`yaodian backup`, `restore`, `verify` and `tidy`: that what is kept stays kept."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from notify import personal
from store import backup as backups
from store import gathering, retention
from store.clock import explain_clock_doubt
from store.database import masked
from store.errors import OperatorError
from store.verify import files
from store.verify import verify as verified
from yaodian.commands import app, configured
from yaodian.commands.crawl import clock
from yaodian.settings import Settings
from yaodian.uptime import uptime


@app.command()
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="DIR", help="A new directory, or an earlier backup.")],
) -> None:
    """Copy everything, also while it runs, into a directory that any command can look into; an earlier backup there
    is brought up to date."""
    settings = configured(context)
    database = settings.opened()
    with _shown() as progress:
        made = backups.backup(database, settings.archive(), settings.data, target, clock(), progress)
    database.close()
    held = made.manifest
    size = sum(held.warc.values()) / 1e6
    typer.echo(f"{target}: {sum(held.tables.values())} rows, {len(held.warc)} WARC files, {size:.1f} MB")
    for problem in made.left_out:
        typer.echo(f"yaodian: not in the backup: {problem}", err=True)
    raise typer.Exit(1 if made.left_out else 0)


@app.command()
def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="A directory that `yaodian backup` made.")],
) -> None:
    """Put a backup into an empty data directory (and the database of YAODIAN_DATABASE_URL), and verify it."""
    settings = configured(context)
    database = settings.database()
    with _shown() as progress:
        held = backups.restore(source, database, settings.archive(), settings.data, progress)
    database.close()
    typer.echo(f"{settings.data}: restored as of {held.made_at}, rows in {masked(database.url)}")
    status = _verify(settings, None)
    backups.finish_restore(settings.data)
    raise typer.Exit(status)


@app.command()
def verify(
    context: typer.Context,
    share: Annotated[bool, typer.Option("--share", help="Only tonight's thirtieth.")] = False,
) -> None:
    """Read every record of the archive that a row points to, and compare it. Exit status 1 when one is not whole."""
    settings = configured(context)
    raise typer.Exit(_verify(settings, clock().toordinal() if share else None))


@app.command()
def tidy(
    context: typer.Context,
    force: Annotated[
        bool, typer.Option("--force", help="Also when the clock contradicts the newest rows.")
    ] = False,
) -> None:
    """Drop what the settings say is not to be kept (by default nothing but old logs); the service does so nightly. Refuses
    when the clock shows a time before, or more than 30 days after, the newest row written before this process started."""
    settings = configured(context)
    database = settings.opened()
    with database.read() as session:
        doubt = explain_clock_doubt(session, clock(), uptime())
    if doubt and not force:
        raise OperatorError(
            f"nothing was dropped, as the clock may be wrong: {doubt}; or run: yaodian tidy --force"
        )
    rules = retention.Rules(settings.keep_runs_days, settings.keep_health_days, settings.keep_log_days)
    for what, count in retention.tidy(database, settings.data, rules, clock()).items():
        typer.echo(f"{what}: {count} dropped")
    for what, count in gathering.tidy(database, settings.archive(), clock()).items():
        typer.echo(f"{what}: {count}" if "gathered" in what else f"{what}: {count} dropped")
    # Requests that nobody confirmed, and what is kept of who has left, are not for the settings to decide.
    typer.echo(f"subscriptions: {personal.tidy(database, clock())} erased")
    database.close()


def _verify(settings: Settings, night: int | None) -> int:
    database = settings.opened()
    archive = settings.archive()
    names = files(database, night)
    captures = problems = 0
    with _shown() as progress:
        for number, found in enumerate(verified(database, archive, names)):
            progress("verifying", number, len(names))
            captures += found.captures
            problems += len(found.problems)
            for problem in found.problems:
                typer.echo(f"yaodian: {problem}", err=True)
    database.close()
    typer.echo(f"{captures} captures in {len(names)} WARC files verified, {problems} not as they should be")
    return 1 if problems else 0


@contextmanager
def _shown() -> Iterator[backups.Progress]:
    """A bar on a terminal; in a pipe a line from time to time."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        console=Console(stderr=True, highlight=False),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    task = bar.add_task("", total=None)
    told = time.monotonic()

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        bar.update(task, description=what, completed=done, total=total)
        if bar.disable and time.monotonic() - told > 30:
            told = time.monotonic()
            typer.echo(f"{what}: {done} of {total}", err=True)

    with bar:
        yield tell
