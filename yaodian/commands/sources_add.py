"""`yaodian sources detect` and `add`: a source from nothing but an address."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crawler.sources.schema import MatchRules
from store.errors import OperatorError, Unreadable, UsageError
from store.flow import Capture, Entry, SourceKind
from yaodian.commands import configured
from yaodian.commands.sources import group
from yaodian.options import Region
from yaodian.output import Format, one, show
from yaodian.settings import Settings

if TYPE_CHECKING:
    from crawler.sources.finding import Found, Sample

Place = Annotated[
    str,
    typer.Argument(metavar="URL|FILE", help="A column's list, feed, JSON or sitemap; or an article in it."),
]
Render = Annotated[bool, typer.Option("--render", help="Let a browser run the pages' scripts first.")]
Address = Annotated[str | None, typer.Option("--url", help="The address a file came from.")]
ENTRIES = {"date": "date", "plan": "plan", "title": "title", "url": "url"}
DOCUMENTS = {
    "title": "title",
    "document_number": "文号",
    "published_at": "published",
    "sections": "sections",
    "characters": "characters",
    "confidence": "confidence",
    "problem": "problem",
}
SHOWN = 20
HEADINGS = 12


@group.command("detect")
def detect_(
    context: typer.Context,
    place: Place,
    url: Address = None,
    render: Render = False,
    form: Annotated[Format, typer.Option("--format", help="How to print.")] = Format.table,
) -> None:
    """A source from a list's address alone: its file, its entries, and three documents as they are read.

    Writes nothing, needs no data directory, and for a FILE no network."""
    from crawler.sources.desk import as_text
    from crawler.sources.detecting import as_file

    found = look(place, url, configured(context), render=render)
    source = as_file(found.detected, render=render)
    entries = [entry_of(entry) for entry in found.detected.entries]
    if form is Format.table:
        typer.echo(as_text(source))
        preview(found)
    elif form is Format.json:
        one(
            {
                "source": source,
                "entries": entries,
                "documents": [document_of(sample) for sample in found.samples],
                "charset": found.detected.charset,
                "notes": list(found.detected.notes),
            }
        )
    else:
        show(entries, {"url": "url", "title": "title", "date": "date"}, form)


@group.command("add")
def add(
    context: typer.Context,
    place: Place,
    url: Address = None,
    render: Render = False,
    id_: Annotated[str | None, typer.Option("--id", help="Its id; else one is made of the address.")] = None,
    name: Annotated[str | None, typer.Option(help="What people call it.")] = None,
    publisher: Annotated[str | None, typer.Option(help="Who publishes what it lists.")] = None,
    region: Region = None,
    kind: Annotated[SourceKind | None, typer.Option(help="official or mirror.")] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing; fail where something is not known.")
    ] = False,
) -> None:
    """Write a source file from a list's address alone; asks for what the page doesn't say."""
    from crawler.sources import desk
    from crawler.sources.detecting import NO_PUBLISHER, NO_REGION, as_file

    settings = configured(context)
    if not settings.sources.is_dir():
        raise OperatorError(
            f"{settings.data} is no Yaodian data directory; run: yaodian init --data {settings.data}"
        )
    if id_ is not None:
        _refuse_taken(settings, id_)
    found = look(place, url, settings, render=render)
    asks = not yes and sys.stdin is not None and sys.stdin.isatty()
    source = as_file(
        found.detected,
        render=render,
        id=id_,
        name=name,
        publisher=publisher,
        region=region,
        kind=kind,
    )
    _refuse_taken(settings, source["id"])
    if asks:
        preview(found)
    source = _completed(source, asks)
    if asks:
        typer.echo(desk.as_text(source))
        typer.confirm("write this file?", default=True, abort=True)
    path, valid = desk.write(settings.sources, desk.as_text(source))
    typer.echo(f"{path}: {_counted(found.detected.entries, valid.match)}")
    for note in found.detected.notes:
        if note not in (NO_PUBLISHER, NO_REGION):  # the file says it now
            typer.echo(f"note: {note}")
    typer.echo(f"next: yaodian crawl {valid.id}")


def look(place: str, url: str | None, settings: Settings, *, render: bool) -> Found:
    """What is found at an address or in a file. Raises SiteError or OperatorError."""
    if place.startswith(("http://", "https://")):
        from crawler.fetch import converse
        from crawler.sources.finding import find

        return converse(find(place, render=render), settings.asker, render=render)
    if render:
        raise UsageError("--render is for an address; what a browser saved needs no scripts")
    return _in_file(Path(place), url)


def _in_file(path: Path, url: str | None) -> Found:
    from crawler import safe_reading
    from crawler.sources.detecting import Detected, address_of, detect
    from crawler.sources.finding import Found, following

    if url is not None and not url.startswith(("http://", "https://")):
        raise UsageError(f"--url {url!r}: write the whole address, as http://… or https://…")
    try:
        body = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"{path}: {error.strerror}; name a file that can be read, or a URL") from error
    try:
        address = url or safe_reading.run_apart(address_of, body, path.name)
        capture = Capture(address, 200, (), body, dt.datetime.now(dt.UTC))
        found = safe_reading.run_apart(detect, capture)
        if not isinstance(found, Detected):
            column = following(found, capture.url)
            raise Unreadable(f"this is {found.why}; run: yaodian sources detect {column}")
    except Unreadable as error:
        raise Unreadable(error.says, str(path)) from error
    return Found(found, ())


def _completed(source: dict[str, Any], asks: bool) -> dict[str, Any]:
    """With what the page doesn't say: asked for, or refused with the option that says it."""
    from store import regions

    if "publisher" not in source:
        source["publisher"] = _ask("publisher", "who publishes it", asks)
    while not regions.is_region(source.get("region", "")):
        source["region"] = _ask("region", "its region (six digits of GB/T 2260, 000000 is national)", asks)
    source.setdefault("name", source["publisher"])
    order = ("id", "name", "publisher", "region", "kind")
    return {key: source[key] for key in order} | {
        key: value for key, value in source.items() if key not in order
    }


def _ask(option: str, question: str, asks: bool) -> str:
    if not asks:
        raise OperatorError(f"the page doesn't say {question}; give --{option}")
    return str(typer.prompt(question)).strip()


def _refuse_taken(settings: Settings, source_id: str) -> None:
    from crawler.sources import catalogue

    for folder in (settings.sources, catalogue.bundled()):
        path = folder / f"{source_id}.yaml"
        if path.exists():
            raise OperatorError(f"{path}: there is a source {source_id!r} already; give another --id")


def preview(found: Found) -> None:
    """The entries, the documents, and what could not be found."""
    seen(found.detected.entries, found.samples, found.detected.notes, MatchRules())


def seen(
    entries: Sequence[Entry], samples: Sequence[Sample], notes: Iterable[str], match: MatchRules
) -> None:
    typer.echo(_counted(entries, match))
    rows = [entry_of(entry) | {"plan": "yes" if match.takes(entry.title) else ""} for entry in entries]
    show(rows[:SHOWN], ENTRIES, Format.table)
    if len(rows) > SHOWN:
        typer.echo(f"… and {len(rows) - SHOWN} more")
    if samples:
        typer.echo(f"\n{sum(sample.page is not None for sample in samples)} documents read")
        show((document_of(sample) for sample in samples), DOCUMENTS, Format.table)
    for note in notes:
        typer.echo(f"note: {note}")


def _counted(entries: Sequence[Entry], match: MatchRules) -> str:
    dated = [entry.date for entry in entries if entry.date]
    span = f" ({min(dated)} to {max(dated)})" if dated else ""
    plans = sum(match.takes(entry.title) for entry in entries)
    return f"{len(entries)} entries, {len(dated)} dated{span}, {plans} plans"


def entry_of(entry: Entry) -> dict[str, Any]:
    return {"url": entry.url, "title": entry.title, "date": entry.date.isoformat() if entry.date else None}


def document_of(sample: Sample) -> dict[str, Any]:
    """A sample as a row: what was read of the document, or the problem there was."""
    page = sample.page
    told: dict[str, Any] = {"url": sample.entry.url, "title": sample.entry.title, "problem": sample.problem}
    if page is None:
        return told
    published = page.metadata.published_at
    return told | {
        "title": page.title or sample.entry.title,
        "document_number": page.metadata.document_number,
        "published_at": published.isoformat() if published else None,
        "sections": sum(node.label is not None for node in page.outline),
        "characters": len(page.text),
        "headings": [f"{n.label}{n.heading}" for n in page.outline if n.label and n.heading][:HEADINGS],
        "confidence": page.confidence,
    }
