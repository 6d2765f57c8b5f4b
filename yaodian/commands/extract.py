"""`yaodian extract`: what Yaodian reads out of one page or file; needs no data directory, and for a file no network."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from store.errors import OperatorError, UsageError
from store.flow import Capture
from yaodian.commands import app, configured
from yaodian.output import one


@app.command()
def extract(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="FILE|URL")],
    url: Annotated[
        str | None, typer.Option(help="The address a file came from; links are read against it.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="ID", help="Read as this source's documents are read.")
    ] = None,
) -> None:
    """Read one page, or a file (PDF, Word, WPS, OFD, Excel, ZIP), and print it as JSON."""
    from crawler import attachments, safe_reading
    from crawler.sources.schema import DocumentRules
    from store.shapes import page_to_json
    from yaodian.commands.sources import load

    settings = configured(context)
    rules, charset, render = DocumentRules(), None, False
    if source is not None:
        found = load(settings).find(source)
        rules, charset, render = found.document, found.fetch.charset, found.fetch.render
    if place.startswith(("http://", "https://")):
        from crawler.fetch import fetch

        capture = fetch(place, settings.asker, render=render)
    else:
        capture = _from_file(Path(place), url)
    if attachments.is_file(capture.body):
        page = safe_reading.read_file(capture)
    else:
        page = safe_reading.read_document(capture, rules, charset)
    one(page_to_json(page))


def _from_file(path: Path, url: str | None) -> Capture:
    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageError(f"--url {url!r}: write the whole address, as http://… or https://…")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path}: {error.strerror}; name a file that can be read, or a URL") from error
    return Capture(url or path.resolve().as_uri(), 200, (), body, dt.datetime.now(dt.UTC))
