"""Checking a source against its live site: what of it works, and an example of it to keep beside its file.

`check` is a dialogue: it yields the addresses that are to be fetched (see `crawler.fetch`)."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from protego import Protego

from crawler import attachments, safe_reading
from crawler.extraction.charset import decode
from crawler.fetch import Answer, as_asked
from crawler.sources.finding import Sample, read_samples, samples_of
from crawler.sources.schema import Source
from store.errors import OperatorError, SiteError, Unreachable
from store.flow import Capture, Listing
from store.said import said

BOT = "yaodian"
NOTHING = Listing(())


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of asking a source's first listing page and three documents. `problem` says why there are no
    entries; `robots` is allowed, forbidden, or the delay it asks for; `seconds` is the mean time of an answer."""

    source: Source
    robots: str
    seconds: float
    capture: Capture | None = None
    listing: Listing = NOTHING
    samples: tuple[Sample, ...] = ()
    problem: str | None = None

    @property
    def read(self) -> list[Sample]:
        return [sample for sample in self.samples if sample.page is not None]

    @property
    def passed(self) -> bool:
        return self.problem is None and bool(self.read) and len(self.read) == len(self.samples)


def check(source: Source, clock: Callable[[], float]) -> Generator[str, Answer, Checked]:
    """Never raises: what a site does is a row of the table."""
    began, asked = clock(), 2
    url = source.listing.urls[0]
    robots = _robots((yield urljoin(url, "/robots.txt")), url)
    answer = yield as_asked(url, render=source.fetch.render)

    def told(problem: str | None, capture: Capture | None = None, **found: Any) -> Checked:
        return Checked(source, robots, (clock() - began) / asked, capture, problem=problem, **found)

    if isinstance(answer, Unreachable):
        return told(answer.says if answer.url == url else str(answer))
    if answer.status != 200:
        return told(said("the site answers {status}", status=answer.status), answer)
    try:
        listing = safe_reading.read_listing(answer, source.listing, 1, source.fetch.charset)
    except SiteError as error:
        return told(error.says, answer)
    if not listing.entries:
        return told(said("no entries; {lines} lines lead nowhere", lines=listing.addressless), answer)
    chosen = samples_of(listing.entries, source.match)
    samples = yield from read_samples(
        chosen, source.document, source.fetch.charset, render=source.fetch.render
    )
    asked += len(samples)
    return told(None, answer, listing=listing, samples=tuple(samples))


def _robots(answer: Answer, url: str) -> str:
    if isinstance(answer, Unreachable) or answer.status != 200:
        return "none"
    rules = Protego.parse(decode(answer.body)[0])
    if not rules.can_fetch(url, BOT):
        return "forbidden"
    delay = rules.crawl_delay(BOT)
    return f"allowed, {delay:g} s" if delay else "allowed"


# ── examples ──


def keep_example(folder: Path, checked: Checked) -> None:
    """listing.html, document.html and expected.json of a source that passed. Raises OperatorError."""
    listing, document = checked.capture, checked.read[0].capture
    assert listing is not None
    assert document is not None
    expected = {
        "fetched_at": listing.fetched_at.isoformat(),
        "listing": {"url": listing.url, "content_type": listing.header("Content-Type")}
        | _listing(checked.listing),
        "document": {"url": document.url, "content_type": document.header("Content-Type")}
        | _document(document, checked.source),
    }
    try:
        folder.mkdir(exist_ok=True)
        (folder / "listing.html").write_bytes(listing.body)
        (folder / "document.html").write_bytes(document.body)
        text = json.dumps(expected, ensure_ascii=False, indent=1)
        (folder / "expected.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise OperatorError(f"{folder}: {error.strerror}; make it a folder that can be written") from error


def compare(folder: Path, source: Source) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a source's example reads as today, and as expected."""
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    at = dt.datetime.fromisoformat(expected["fetched_at"])

    def stored(name: str) -> Capture:
        part = expected[name]
        kind = part["content_type"]
        headers = (("Content-Type", kind),) if kind else ()
        return Capture(part["url"], 200, headers, (folder / f"{name}.html").read_bytes(), at)

    listing = safe_reading.read_listing(stored("listing"), source.listing, 1, source.fetch.charset)
    got = {"listing": _listing(listing), "document": _document(stored("document"), source)}
    return got, {name: {key: expected[name][key] for key in part} for name, part in got.items()}


def _listing(listing: Listing) -> dict[str, Any]:
    entries = [dataclasses.asdict(entry) for entry in listing.entries]
    return {
        "entries": [e | {"date": e["date"].isoformat() if e["date"] else None} for e in entries],
        "next": listing.next,
    }


def _document(capture: Capture, source: Source) -> dict[str, Any]:
    if attachments.is_file(capture.body):
        page = safe_reading.read_file(capture)
    else:
        page = safe_reading.read_document(capture, source.document, source.fetch.charset)
    return {"title": page.title, "text": page.text, "document_number": page.metadata.document_number}
