"""Commands for who runs Yaodian: init, doctor."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from store import queries
from store.conditions import Condition, conditions
from store.database import masked
from store.errors import OperatorError, YaodianError
from yaodian import checkup
from yaodian.checkup import Finding
from yaodian.commands import app, configured
from yaodian.output import Format, show
from yaodian.settings import TOML, Settings

# What a crawl of some thousand pages takes, with room for the database to breathe.
ENOUGH_BYTES = 1 << 30

FIRST_TOML = """\
# Settings of this Yaodian; environment variables (YAODIAN_CONTACT, …) come before them.

# How the administrator of a site that you watch reaches you; it is sent with each request.
# contact = "mailto:you@example.org"

# timezone = "Asia/Shanghai"
# mail_from = "要点 Yaodian <yaodian@example.org>"
"""


@app.command()
def init(context: typer.Context) -> None:
    """Make a data directory, or bring an older one up to date; what is there stays."""
    settings = configured(context)
    try:
        for folder in (settings.data, settings.sources, settings.outbox, settings.data / "warc"):
            folder.mkdir(parents=True, exist_ok=True)
        toml = settings.data / TOML
        if not toml.exists():
            toml.write_text(FIRST_TOML, encoding="utf-8")
    except OSError as error:
        raise OperatorError(
            f"{error.filename}: {error.strerror}; choose another --data, or make it writable"
        ) from error
    settings.database().upgrade()
    typer.echo(f"{settings.data}: ready. Next: write a source into {settings.sources}, then yaodian crawl")


@app.command()
def doctor(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """Check what Yaodian stands on, one line each, with the remedy. Exit status 1 when something is wrong."""
    findings = list(_findings(configured(context)))
    show(
        ({"ok": f.ok, "what": f.what, "says": f.says} for f in findings),
        {"ok": "ok", "what": "what", "says": "says"},
        form,
    )
    raise typer.Exit(0 if all(f.ok for f in findings) else 1)


def _findings(settings: Settings) -> Iterator[Finding]:
    from crawler.sources import catalogue

    found, now = catalogue.load(catalogue.bundled(), settings.sources), dt.datetime.now(dt.UTC)
    yield _data(settings.data)
    try:
        database = settings.opened()
    except YaodianError as error:
        yield Finding("database", False, str(error))
    else:
        yield Finding("database", True, f"{masked(database.url)}: tables are up to date")
        with database.read() as session:
            yield _archive(settings.data / "warc", queries.archive_files(session))
            yield from _health(conditions(session).values())
            yield from checkup.overdue(session, now)
            yield checkup.names(session, found.sources.values())
            yield checkup.clock(session, now, settings.timezone)
        database.close()
    yield _disk(settings.data)
    yield checkup.mail(settings.smtp_url.get_secret_value())
    yield Finding("sources", True, f"{len(found.sources)} usable")
    for spoiled in found.errors:
        yield Finding("sources", False, str(spoiled))


def _data(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding("data", False, f"{folder} is not there; run: yaodian init --data {folder}")
    if not os.access(folder, os.W_OK):
        return Finding("data", False, f"{folder} can't be written; change its owner or its mode")
    return Finding("data", True, str(folder))


def _archive(folder: Path, named: Iterable[str]) -> Finding:
    files = {file.name.removesuffix(".open"): file.stat().st_size for file in folder.glob("*.warc.gz*")}
    lost = sorted(set(named) - set(files))
    if lost:
        says = f"{len(lost)} of its files are not there, such as {lost[0]}; restore them from a backup"
        return Finding("archive", False, says)
    return Finding("archive", True, f"{len(files)} WARC files, {sum(files.values()) / 1e6:.1f} MB")


def _health(known: Iterable[Condition]) -> Iterator[Finding]:
    """One line for each source that is not well; quiet is no fault of ours or the site's."""
    poor = [one for one in known if one.state not in ("ok", "quiet")]
    for one in poor:
        says = f"{one.source} is {one.state} since {one.since:%Y-%m-%d}: {one.says}; see: yaodian sources show {one.source}"
        yield Finding("health", False, says)
    if not poor:
        yield Finding("health", True, "every source that was crawled can be read")


def _disk(folder: Path) -> Finding:
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    says = f"{free / 1e9:.1f} GB free"
    return Finding(
        "disk", free > ENOUGH_BYTES, says if free > ENOUGH_BYTES else says + "; free at least 1 GB"
    )
