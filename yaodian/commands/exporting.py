"""`yaodian export`: what is kept, for other programs."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

from store import export as exports
from store import warcs
from store.errors import WrongUse
from yaodian.commands import app, configured
from yaodian.output import Format, show

WARC, PARQUET = "warc", "parquet"


@app.command()
def export(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help=" | ".join([*exports.KINDS, WARC]))],
    form: Annotated[
        str, typer.Option("--format", help="jsonl, csv, json, or parquet (needs the extra of that name).")
    ] = "jsonl",
    source: Annotated[str | None, typer.Option(help="Of warc: one source's captures alone.")] = None,
    output: Annotated[Path | None, typer.Option(help="A file instead of stdout.")] = None,
) -> None:
    """Everything of one kind, streamed to stdout; warc is every capture as one .warc.gz."""
    if what not in (*exports.KINDS, WARC):
        raise typer.BadParameter(
            f"{what!r} can't be exported; write one of {', '.join([*exports.KINDS, WARC])}"
        )
    if form not in (*(one.value for one in Format if one is not Format.table), PARQUET):
        raise typer.BadParameter(f"{form!r} is no format; write jsonl, csv, json or parquet")
    is_binary = what == WARC or form == PARQUET
    if is_binary and output is None and sys.stdout.isatty():
        raise WrongUse("bytes are no reading for a terminal; write > FILE, or --output FILE")
    settings = configured(context)
    database = settings.opened()
    with database.read() as session:
        if is_binary:
            out = sys.stdout.buffer if output is None else output.open("wb")
            if what == WARC:
                warcs.copy(session, settings.archive(), out, source)
            else:
                with exports.parquet(exports.KINDS[what](session), exports.COLUMNS[what]) as made:
                    shutil.copyfileobj(made, out)
            out.flush()
        else:
            columns = {name: name for name in exports.COLUMNS[what]}
            words = None if output is None else output.open("w", encoding="utf-8", newline="")
            show(exports.KINDS[what](session), columns, Format(form), words)
            if words is not None:
                words.close()
