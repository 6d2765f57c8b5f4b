"""The template of a source during its crawl: learned from its archived captures, relearned when it no longer fits."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

from crawler import safe_reading
from crawler.extraction import Template
from crawler.extraction.confidence import MISFIT
from crawler.extraction.learning import LEAST
from crawler.extraction.template import from_json, to_json
from crawler.rereading import reader
from crawler.sources.schema import Source
from store import templates
from store.database import Database
from store.errors import Unfinished
from store.flow import Capture, Page
from store.keep import Keeper
from store.templates import Learned

MOST = 24
"""Documents to learn from."""
LARGEST = 1_000_000
"""Bytes of a capture to learn from: all are in memory at once."""
AGE = dt.timedelta(days=30)
DOUBTS = 3
"""Pages that a template may fail to fit before it is learned anew."""
PATIENCE = dt.timedelta(days=1)
"""How long a template is kept though it is doubted: some sources have pages of no layout."""
LAYOUTS = 6
"""Layouts kept: those of before a redesign read the captures of before it."""


class Reading:
    """How one crawl reads its source's documents: with one template from beginning to end. `again` reads what was
    read before in the same way."""

    def __init__(self, keeper: Keeper, source: Source, template: Template | None) -> None:
        self.keeper = keeper
        self.source = source
        self.template = template
        self.again = reader(source, template)

    async def look_back(self, document: str, page: Page) -> Page | None:
        """Return the document's previous version as it is read today (see `Keeper.read_before`).

        Runs in a separate thread, since that version may be large.
        """
        if not self.keeper.has_version_before(document):
            return None
        return await asyncio.to_thread(self.keeper.read_before, document, page, self.again)

    async def read(self, capture: Capture) -> Page:
        """The page that came just now; that the template does not fit it is noted. Raises what `extraction.read`
        raises."""
        page = await safe_reading.read_document_while_others_go_on(
            capture, self.source.document, self.source.fetch.charset, self.template
        )
        if self.template is not None and page.confidence <= MISFIT:
            templates.doubt(self.keeper.database, self.source.id)
        return page


async def open_reading(keeper: Keeper, source: Source) -> Reading:
    """Return the reading of this crawl for the source, after relearning its template if that is due."""
    return Reading(keeper, source, await _current(keeper, source))


def stored(database: Database, source: Source) -> Template | None:
    """What was learned last; None also where the operator has said where the text is."""
    known = None if source.document.content else templates.load(database, source.id)
    return from_json(known.template) if known and known.template is not None else None


async def _current(keeper: Keeper, source: Source) -> Template | None:
    if source.document.content:
        return None  # the operator has said where the text is
    known = templates.load(keeper.database, source.id)
    before = stored(keeper.database, source)
    documents = templates.readable(keeper.database, source.id)
    if not _is_due(known, documents, keeper.clock()):
        return before
    captures = templates.samples(keeper.database, keeper.archive, source.id, MOST)
    small = [capture for capture in captures if len(capture.body) <= LARGEST]
    try:
        found = await safe_reading.learn_while_others_go_on(small, source.document, source.fetch.charset)
    except Unfinished:
        found = None  # some page of them is made to be slow; the template of before is kept
    template = _joined(found, before)
    value = to_json(template) if template else None
    templates.keep(keeper.database, source.id, Learned(keeper.clock(), documents, 0, value))
    return template


def _is_due(known: Learned | None, documents: int, now: dt.datetime) -> bool:
    if documents < LEAST:
        return False
    if known is None or now - known.at > (PATIENCE if known.doubts >= DOUBTS else AGE):
        return True
    return documents >= 2 * known.documents


def _joined(found: Template | None, before: Template | None) -> Template | None:
    """What was found, and the older layouts behind it."""
    if found is None or before is None:
        return found or before
    paths = {layout.content for layout in found.layouts}
    older = tuple(layout for layout in before.layouts if layout.content not in paths)
    return replace(found, layouts=(*found.layouts, *older)[:LAYOUTS])
