"""Finding a source from an address: its list, wherever the address leads, and a few of its documents as we read them.

Dialogues: they yield the addresses that are to be fetched (see `crawler.fetch`)."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace

from crawler import attachments, safe_reading
from crawler.fetch import Answer, as_asked, page
from crawler.sources.detecting import Detected, Elsewhere, detect
from crawler.sources.schema import DocumentRules, MatchRules
from store.errors import SiteError, Unreachable, Unreadable
from store.flow import Capture, Entry, Page
from store.said import said

DOCUMENTS = 3
MOST_HOPS = 3


@dataclass(frozen=True, slots=True)
class Sample:
    """A document of a listing as it was read, or the problem there was."""

    entry: Entry
    page: Page | None = None
    capture: Capture | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A source that was found, and samples of its documents."""

    detected: Detected
    samples: tuple[Sample, ...]


def find(url: str, *, render: bool = False) -> Generator[str, Answer, Found]:
    """The source at an address: the listing itself, the column of an article, or the newest part of a sitemap. With
    `render` a browser opens the pages. Raises SiteError, saying what is there instead."""
    detected, notes = yield from _listing(url, render=render)
    chosen = samples_of(detected.entries, MatchRules())
    samples = yield from read_samples(chosen, DocumentRules(), None, render=render)
    return Found(replace(detected, notes=(*notes, *detected.notes)), tuple(samples))


def _listing(url: str, *, render: bool) -> Generator[str, Answer, tuple[Detected, list[str]]]:
    notes: list[str] = []
    for _ in range(MOST_HOPS):
        capture = yield from page(as_asked(url, render=render))
        found = safe_reading.run_apart(detect, capture)
        if isinstance(found, Detected):
            return found, notes
        url = following(found, url)
        notes.append(said("this is {what}; looked at {url}", what=found.why, url=url))
    raise Unreadable(said("no listing found; give the address of a column's list"), url)


def following(found: Elsewhere, url: str) -> str:
    """Where to look instead. Raises Unreadable where nobody says."""
    if not found.urls or found.urls[0] == url:
        raise Unreadable(
            said("this is {what} that leads nowhere; give the address of a column's list", what=found.why),
            url,
        )
    return found.urls[0]


def samples_of(entries: Iterable[Entry], match: MatchRules) -> list[Entry]:
    """The documents to look at: plans first, then whatever stands on top."""
    everything = list(entries)
    plans = [entry for entry in everything if match.takes(entry.title)]
    return list(dict.fromkeys([*plans, *everything]))[:DOCUMENTS]


def read_samples(
    entries: Sequence[Entry], rules: DocumentRules, charset: str | None, *, render: bool = False
) -> Generator[str, Answer, list[Sample]]:
    samples = []
    for entry in entries:
        answer = yield as_asked(entry.url, render=render)
        samples.append(_sample(entry, answer, rules, charset))
    return samples


def _sample(entry: Entry, answer: Answer, rules: DocumentRules, charset: str | None) -> Sample:
    if isinstance(answer, Unreachable):
        return Sample(entry, problem=answer.says if answer.url == entry.url else str(answer))
    if answer.status != 200:
        return Sample(entry, capture=answer, problem=said("the site answers {status}", status=answer.status))
    try:
        if attachments.is_file(answer.body):
            found = safe_reading.read_file(answer, entry.title)
        else:
            found = safe_reading.read_document(answer, rules, charset)
    except SiteError as error:
        return Sample(entry, capture=answer, problem=error.says)
    return Sample(entry, found, answer)
