"""Commands for who runs Yaodian: init, doctor."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated

import typer

from store.errors import OperatorError
from store.safe_files import restrict_all, write_private
from yaodian import checkup, wellbeing
from yaodian.commands import app, configured
from yaodian.output import Format, show
from yaodian.settings import TOML
from yaodian.uptime import uptime

FIRST_TOML = """\
# Settings of this Yaodian; environment variables (YAODIAN_CONTACT, …) come before them.

# How the administrator of a site that you watch reaches you; it is sent with each request.
# contact = "mailto:you@example.org"

# timezone = "Asia/Shanghai"
# mail_from = "要点 Yaodian <yaodian@example.org>"
"""


@app.command()
def init(context: typer.Context) -> None:
    """Make a data directory, or bring an older one up to date; what is there stays, and becomes its owner's alone."""
    settings = configured(context)
    try:
        for folder in (settings.data, settings.sources, settings.outbox, settings.data / "warc"):
            folder.mkdir(parents=True, exist_ok=True)
        toml = settings.data / TOML
        if not toml.exists():
            write_private(toml, FIRST_TOML.encode())
        restrict_all(settings.data)
    except OSError as error:
        raise OperatorError(
            f"{error.filename}: {error.strerror}; choose another --data, or make it writable"
        ) from error
    database = settings.database()
    database.upgrade()
    with database.read() as session:
        found = list(checkup.addresses(session, allow_private=settings.allow_private_addresses))
    database.close()
    for finding in found:
        typer.echo(f"warning: {finding.says}", err=True)
    typer.echo(f"{settings.data}: ready. Next: write a source into {settings.sources}, then yaodian crawl")


@app.command()
def doctor(
    context: typer.Context,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
    tell: Annotated[
        bool,
        typer.Option(
            "--tell",
            help="Print what is wrong as events, and write to YAODIAN_OPERATOR when that has changed.",
        ),
    ] = False,
) -> None:
    """Check what Yaodian stands on, one line each, with the remedy. Exit status 1 when something is wrong. The service
    does so hourly."""
    settings = configured(context)
    findings = list(checkup.findings(settings, dt.datetime.now(dt.UTC), uptime()))
    wrong = [finding for finding in findings if not finding.ok]
    if tell:
        for one in wrong:
            event = {"event": "not well", "level": "warning", "what": one.what, "says": one.says}
            typer.echo(json.dumps(event, ensure_ascii=False))
        wellbeing.tell_findings(settings, wrong, dt.datetime.now(dt.UTC))
    else:
        show(
            ({"ok": f.ok, "what": f.what, "says": f.says} for f in findings),
            {"ok": "ok", "what": "what", "says": "says"},
            form,
        )
    raise typer.Exit(1 if wrong else 0)
