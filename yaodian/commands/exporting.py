"""`yaodian export`: what is kept, for other programs."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from store import export as exports
from store import warcs
from store.errors import OperatorError, WrongUse
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
    """Everything of one kind, streamed to stdout; warc is every capture as one .warc.gz. A damaged record is left out and
    named on stderr; the exit status is then 1."""
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
    damaged = 0
    with database.read() as session, _opened(output) as out:
        if what == WARC:
            for error in warcs.copy_records(session, settings.archive(), out, source):
                damaged += 1
                typer.echo(f"yaodian: {error}", err=True)
        elif form == PARQUET:
            with exports.parquet(exports.KINDS[what](session), exports.COLUMNS[what]) as made:
                shutil.copyfileobj(made, out)
        else:
            columns = {name: name for name in exports.COLUMNS[what]}
            words = None if output is None else io.TextIOWrapper(out, encoding="utf-8", newline="")
            show(exports.KINDS[what](session), columns, Format(form), words)
            if words is not None:
                words.detach()
    if damaged:
        typer.echo(f"yaodian: {damaged} damaged records were left out, all others were written", err=True)
        raise typer.Exit(1)


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    """stdout, or a file that is there under its name when it is whole. Raises OperatorError."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    is_device = output.exists() and not output.is_file()
    part = output if is_device else output.with_name(f".{output.name}.part")
    try:
        with part.open("wb") as out:
            yield out
        if not is_device:
            part.replace(output)
    except OSError as error:
        raise OperatorError(f"{output}: {error.strerror}; make room or make it writable") from error
    finally:
        if not is_device:
            part.unlink(missing_ok=True)
