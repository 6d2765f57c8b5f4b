"""Read what a site sent within limits of time and memory.

Small input with cheap rules is read in this process, since that takes well below a second whatever the page says.
All else is read in a separate process (`crawler.reader_process`), which is stopped when its time is over.

Callers on a reactor await the `…_while_others_go_on` form of a function; the plain form blocks.
"""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Callable, Sequence
from functools import partial
from typing import ParamSpec, TypeVar

from crawler import apart, extraction, listings, selectors
from crawler.extraction import Template, decode, files, limits
from crawler.extraction.tree import is_deep
from crawler.reader_process import WALL_S, ReaderProcess
from crawler.sources.schema import DocumentRules, ListingRules
from store.flow import Attachment, Capture, Listing, Page, Reading

P = ParamSpec("P")
T = TypeVar("T")

LEARNING_S = 3 * WALL_S
"""Seconds for what reads many pages."""
LEARNING_BYTES, LEARNING_TAGS = 1 << 20, 24_000
"""Of all pages that a template is learned from here, once in a month: 24 usual ones have 0.7 MB and 10 000 tags."""
SMALL_TEXT = 100_000
"""Characters of a file's text, or bytes of a reply, that are divided here."""
LISTING_TAGS = 4_000
"""Of a listing that is read here: the text of each line is looked at on its own, and a line may hold the others."""
MARKUP = ("html", "jpage")

_process = ReaderProcess()
atexit.register(_process.close)
# So that pages that wait for their turn take no thread from the files.
_turn = asyncio.Lock()


def read_document(
    capture: Capture,
    rules: DocumentRules = DocumentRules(),  # noqa: B008
    charset: str | None = None,
    template: Template | None = None,
) -> Page:
    """Run `extraction.read` within the limits.

    Raises what that function raises, and Unfinished.
    """
    return _run(
        _is_quick_document(capture, rules), WALL_S, extraction.read, capture, rules, charset, template
    )


async def read_document_while_others_go_on(
    capture: Capture, rules: DocumentRules, charset: str | None, template: Template | None
) -> Page:
    is_quick = _is_quick_document(capture, rules)
    return await _await(is_quick, WALL_S, extraction.read, capture, rules, charset, template)


def read_file(capture: Capture, listed: str | None = None) -> Page:
    """Read a downloaded file as a document, by `apart.read` and `files.read_file` within the limits."""
    reading = apart.read(capture.body)
    return _run(len(reading.text) <= SMALL_TEXT, WALL_S, files.read_file, capture, reading, listed)


async def read_file_while_others_go_on(capture: Capture, listed: str | None) -> Page:
    reading: Reading = await asyncio.to_thread(apart.read, capture.body)
    is_quick = len(reading.text) <= SMALL_TEXT
    return await _await(is_quick, WALL_S, files.read_file, capture, reading, listed)


async def join_while_others_go_on(page: Page, contents: Sequence[Attachment]) -> Page:
    """Run `files.joined` within the limits: return the page with the content of its attachments."""
    is_quick = sum(len(one.text or "") for one in contents) <= SMALL_TEXT
    return await _await(is_quick, WALL_S, files.joined, page, contents)


def read_listing(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    """Read a listing page with the reader of its type, within the limits.

    Raises what that reader raises, and Unfinished.
    """
    return _run(
        _is_quick_listing(capture, rules, charset), WALL_S, _read_listing, capture, rules, number, charset
    )


async def read_listing_while_others_go_on(
    capture: Capture, rules: ListingRules, number: int, charset: str | None
) -> Listing:
    is_quick = _is_quick_listing(capture, rules, charset)
    return await _await(is_quick, WALL_S, _read_listing, capture, rules, number, charset)


async def learn_while_others_go_on(
    captures: list[Capture], rules: DocumentRules, charset: str | None
) -> Template | None:
    """Run `extraction.learn` within the limits."""
    bodies = [capture.body for capture in captures]
    is_quick = (
        all(map(limits.is_small, bodies))
        and sum(map(len, bodies)) <= LEARNING_BYTES
        and sum(body.count(b"<") for body in bodies) <= LEARNING_TAGS
        and _are_cheap(rules)
    )
    return await _await(is_quick, LEARNING_S, extraction.learn, captures, rules, charset)


def run_apart(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a module's function that reads a foreign page in the process apart, whatever the page is."""
    return _process.run(WALL_S, function, *args, **kwargs)


def _run(is_quick: bool, wall_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return function(*args, **kwargs) if is_quick else _process.run(wall_s, function, *args, **kwargs)


async def _await(
    is_quick: bool, wall_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    if is_quick:
        return function(*args, **kwargs)
    async with _turn:
        return await asyncio.to_thread(partial(_process.run, wall_s, function, *args, **kwargs))


def _read_listing(capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
    return listings.reader(rules.type).read(capture, rules, number, charset)


def _is_quick_document(capture: Capture, rules: DocumentRules) -> bool:
    return limits.is_small(capture.body) and _are_cheap(rules)


def _are_cheap(rules: DocumentRules) -> bool:
    chosen = (rules.content, rules.title, rules.published, *rules.remove)
    return all(selectors.is_cheap(one) for one in chosen if one is not None)


def _is_quick_listing(capture: Capture, rules: ListingRules, charset: str | None) -> bool:
    is_cheap = selectors.is_cheap_jmespath if rules.type == "json" else selectors.is_cheap
    chosen = (rules.item, rules.link, rules.title, rules.date, rules.next)
    return (
        limits.is_small(capture.body)
        and capture.body.count(b"<") <= LISTING_TAGS
        and all(is_cheap(one) for one in chosen if one is not None)
        and (rules.type not in MARKUP or not is_deep(decode(capture.body, None, charset)[0]))
    )
