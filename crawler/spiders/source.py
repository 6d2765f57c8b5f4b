"""The spider that serves every declared source: its listings, the documents that they name, the known documents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from scrapy import Request, signals
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import attachments, safe_reading, templates
from crawler.extraction import files, join
from crawler.middlewares.turns import CrawlEnds
from crawler.sources.schema import Source
from crawler.spiders.gathering import Gathering, answered, failed, wanted
from crawler.spiders.listing import MISSING, NOT_MODIFIED, OK, ListingSpider
from crawler.wire import capture_of
from store.errors import Blocked, Unfinished, Unreadable
from store.flow import Capture, Fetched, Known, Outcome, Page, Visit
from store.hosts import Hosts
from store.keep import Keeper
from store.moves import is_front_page
from store.said import said

PERMANENT = {301, 308}
# Before the next document, so that few pages wait for their attachments at a time.
ATTACHMENT_FIRST = 5

KNOWN_AT_ONCE = 100

# Pages of one article that are put together; what claims more is no article.
MOST_PARTS = 50

# Fields of a source's `document`, and what a page says of where they were found.
SELECTED = (("content", "text"), ("title", "title"), ("published", "published_at"))

Parts = tuple[tuple[Capture, Page], ...]
Report = Callable[[Source, str, Outcome], None]


class SourceSpider(ListingSpider):
    """Crawls one source: its listings, if wanted, and every known document, or with `most_rechecks`, the budget of a
    host and day, those that are due; `full` follows the listing to its end. `report` is told each document's outcome.
    `failure` is set when the operator must act, `left` counts the documents
    that the budget left for another day."""

    name = "source"

    def __init__(
        self,
        source: Source,
        keeper: Keeper,
        hosts: Hosts,
        *,
        listings_too: bool,
        most_rechecks: int | None,
        full: bool,
        report: Report,
    ) -> None:
        super().__init__(source, keeper, hosts, full=full)
        self.listings_too = listings_too
        self.most_rechecks = most_rechecks
        self.left = 0
        self.report = report
        # Of the documents asked for in this crawl: those that were read, those that are gone (told at the end, since
        # one may turn up at another address), and entries that turned out to be another document's new address.
        self._standing: set[str] = set()
        self._gone: dict[str, tuple[Visit, Capture]] = {}
        self._absorbed: set[str] = set()
        self._missed: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        with self._stopping():
            self.reading = await templates.open_reading(self.keeper, self.source)
            if self.listings_too:
                for request in self._ask_listings():
                    yield request
            known, self.left = self.keeper.documents(most_rechecks=self.most_rechecks)
            for place, visit in enumerate(known):
                # A request weighs some KB, and a source may have 100 000 documents.
                if place and place % KNOWN_AT_ONCE == 0:
                    await self.crawler.signals.wait_for(signals.scheduler_empty)
                yield self._ask(visit, self.on_document)

    # ── documents ──

    async def on_document(self, response: Response) -> AsyncIterator[Request]:
        visit: Visit = response.meta["visit"]
        assert visit.document is not None
        if visit.document in self._absorbed:
            return
        with self._stopping():
            self.counts["documents"] += 1
            if response.status == NOT_MODIFIED and visit.is_conditional:
                self.counts["not_modified"] += 1
                self._standing.add(visit.document)
                asked = await self._gather(visit, (), None)
            elif response.status in MISSING or self._leads_astray(response, visit):
                self._gone[visit.document] = visit, capture_of(response, self.keeper.clock)
                return
            elif response.status == OK:
                asked = await self._read_document(response, visit, visit.document)
            else:
                self._refused(response)
                return
            for request in asked:
                yield request

    async def on_part(self, response: Response, first: Visit, parts: Parts) -> AsyncIterator[Request]:
        """A further page of an article. Without it nothing of the document is kept: it would be a shorter version."""
        assert first.document is not None
        with self._stopping():
            if response.status != OK:
                self._refused(response)
                return
            for request in await self._read_document(response, first, first.document, parts):
                yield request

    async def _read_document(
        self, response: Response, visit: Visit, document: str, before: Parts = ()
    ) -> list[Request]:
        capture = capture_of(response, self.keeper.clock)
        if not before and self.keeper.reads_as(document, capture):
            self._stands(response, document)
            return await self._gather(visit, (capture,), None)
        try:
            page = await self._read(capture, visit)
        except Blocked as error:
            url = capture.url if before else visit.url
            self._problem("blocked", url, error.says, response, document)
        except Unreadable as error:
            # what took too long may be read another time, also if its bytes are the same then
            if before or isinstance(error, Unfinished):
                self._problem("unreadable", capture.url, error.says, response, document)
            else:
                self._count_problem("unreadable", visit.url, error.says)
                self.keeper.keep_unreadable(document, capture, error.says)
        else:
            self._judge_reading(page, capture)
            return await self._follow(response, visit, document, (*before, (capture, page)))
        return []

    def _judge_reading(self, page: Page, capture: Capture) -> None:
        """How sure the reading is, and whether the source's own selectors find anything still: for its health."""
        if attachments.is_file(capture.body):
            return
        self.counts["read"] += 1
        self.counts["confidence"] += round(page.confidence * 100)
        missed = [
            field
            for field, place in SELECTED
            if getattr(self.source.document, field) and page.origins.get(place) != "source"
        ]
        self.counts["selectors_missed"] += bool(missed)
        for field in missed:
            if field not in self._missed:
                self._missed.add(field)
                told = said("`document: {field}` in the source file finds nothing on this page", field=field)
                self.keeper.report("selector missed", capture.url, told, capture)

    async def _follow(self, response: Response, visit: Visit, document: str, parts: Parts) -> list[Request]:
        """Ask for the article's next page; where there is none, go on to its attachments."""
        following = parts[-1][1].next
        if following is None or following in {capture.url for capture, _ in parts}:
            return await self._joined(response, visit, document, parts)
        if len(parts) < MOST_PARTS:
            return [self._ask(Visit(following, document), self.on_part, first=visit, parts=parts)]
        told = said("the article has more than {most} pages", most=MOST_PARTS)
        self._problem("unreadable", visit.url, told, document=document)
        return []

    async def _joined(self, response: Response, visit: Visit, document: str, parts: Parts) -> list[Request]:
        captures = tuple(capture for capture, _ in parts)
        page = parts[0][1] if len(parts) == 1 else join([page for _, page in parts])
        if len(parts) > 1 and self.keeper.reads_as(document, *captures):
            self._standing.add(document)
            return await self._gather(visit, captures, None)
        is_other = visit.title == "" and not self.source.match.takes(page.title or "")
        if is_other or not (self.source.match.is_about(page.title, page.text) or files.may_be_cover(page)):
            self._unmatched(document, captures)
            return []
        self._stands(response, document)
        return await self._gather(visit, captures, page)

    async def _read(self, capture: Capture, visit: Visit) -> Page:
        """The document: a page, or a file that the listing leads to directly. Raises Blocked or Unreadable."""
        if not attachments.is_file(capture.body):
            return await self.reading.read(capture)
        return await safe_reading.read_file_while_others_go_on(capture, visit.title)

    def _unmatched(self, document: str, captures: Sequence[Capture]) -> None:
        self.counts["unmatched"] += 1
        self.keeper.keep_unmatched(document, captures[0], captures[1:])

    # ── attachments ──

    async def _gather(self, visit: Visit, captures: tuple[Capture, ...], page: Page | None) -> list[Request]:
        """Ask for the document's attachments; what has none is kept at once. There is no capture when the page
        answered 304."""
        assert visit.document is not None
        asked = wanted(self.keeper.attachments(visit.document, page.attachments if page else None))
        gathering = Gathering(visit, visit.document, captures, page, asked)
        if not asked:
            return await self._settle(gathering)
        requests = []
        for known in asked:
            try:
                requests.append(self._ask_attachment(gathering, known))
            except ValueError as error:
                nowhere = Fetched(known.attachment, problem=said("no web address: {error}", error=error))
                requests += await self._came(gathering, known, nowhere)
        return requests

    def _ask_attachment(self, gathering: Gathering, known: Known) -> Request:
        return Request(
            known.visit.url,
            callback=self.on_attachment,
            errback=self.on_attachment_failure,
            cb_kwargs={"gathering": gathering, "known": known},
            meta={"visit": known.visit, "gathering": gathering, "known": known},
            priority=ATTACHMENT_FIRST,
            dont_filter=True,
        )

    async def on_attachment(self, response: Response, gathering: Gathering, known: Known) -> list[Request]:
        with self._stopping():
            capture = capture_of(response, self.keeper.clock)
            fetched = await asyncio.to_thread(answered, known, response, capture, gathering.held)
            return await self._came(gathering, known, fetched)

    async def on_attachment_failure(self, failure: Failure) -> list[Request]:
        if isinstance(failure.value, CrawlEnds):
            return []
        meta = failure.request.meta  # type: ignore[attr-defined]
        with self._stopping():
            return await self._came(meta["gathering"], meta["known"], failed(meta["known"], failure))

    async def _came(self, gathering: Gathering, known: Known, fetched: Fetched) -> list[Request]:
        self.counts["attachments"] += 1
        if fetched.problem and fetched.problem != known.problem:
            self._count_attachment_problem(known, fetched)
        gathering.came[known.visit.url] = fetched
        return await self._settle(gathering) if gathering.is_whole else []

    def _count_attachment_problem(self, known: Known, fetched: Fetched) -> None:
        """A dead link of an old page is that page's matter, told in its version; the crawl has read all there is."""
        if fetched.attachment.state == "missing":
            self.counts["attachments_missing"] += 1
        else:
            self._count_problem("attachment", known.visit.url, fetched.problem or "")

    async def _settle(self, gathering: Gathering) -> list[Request]:
        """The page and all of its attachments are there: keep them together, unless they may be a document that moved."""
        visit, document, page = gathering.visit, gathering.document, gathering.page
        capture, parts = gathering.capture, gathering.captures[1:]
        if gathering.is_unchanged and capture is None:
            self._tell(visit, self.keeper.unchanged(document, gathering.fetched))
            return []
        if gathering.is_unchanged and capture is not None:
            self._tell(visit, self.keeper.keep_same(document, capture, gathering.fetched, parts))
            return []
        if page is None:
            newest = self.keeper.newest(document)
            assert newest is not None, "only what has a version has attachments that are known"
            page = files.bare(newest)
        try:
            whole = await safe_reading.join_while_others_go_on(page, gathering.contents(page.attachments))
        except Unfinished as error:
            self._count_problem("unreadable", visit.url, error.says)
            self.keeper.report("unreadable", visit.url, error.says, capture, document)
            return []
        if capture is not None and not self.source.match.is_about(whole.title, whole.text):
            self._unmatched(document, gathering.captures)
            return []
        twin = self.keeper.twin(document, whole)
        if twin is not None and twin.document in self._gone:
            return self._moved_here(twin, visit)
        if twin is not None and twin.document not in self._standing:
            return [self._ask(twin, self.on_twin, found=visit)]
        # a page that was not read now is as it was read then
        today = await self.reading.look_back(document, whole) if gathering.page else None
        kept = self.keeper.keep_page(document, capture, whole, gathering.fetched, parts, today)
        self._tell(visit, kept)
        return []

    # ── documents that moved ──

    async def on_twin(self, response: Response, found: Visit) -> AsyncIterator[Request]:
        """What stands at the old address of a text that was found at a new one. If nobody can tell, what was found
        stays to be read by the next crawl."""
        visit: Visit = response.meta["visit"]
        async for request in self.on_document(response):
            yield request
        with self._stopping():
            if visit.document in self._gone:
                for request in self._moved_here(visit, found):
                    yield request
            elif visit.document in self._standing and found.document not in self._absorbed:
                yield self._ask(found, self.on_document)

    def _stands(self, response: Response, document: str) -> None:
        """The document was read; where the site says that it lives elsewhere for good, it is asked there next time."""
        self._standing.add(document)
        reasons = response.meta.get("redirect_reasons", ())
        if reasons and PERMANENT.issuperset(reasons):
            self._move(document, response.url)

    def _moved_here(self, old: Visit, found: Visit) -> list[Request]:
        """The document of `old` is asked for where its text was found."""
        assert old.document is not None
        self._gone.pop(old.document)
        self._move(old.document, found.url)
        return [self._ask(Visit(found.url, old.document), self.on_document)]

    def _move(self, document: str, url: str) -> None:
        absorbed = self.keeper.moved(document, url)
        if absorbed:
            self._absorbed.add(absorbed)

    def _leads_astray(self, response: Response, visit: Visit) -> bool:
        """Sent on to the site's front page or to the listing: a polite way to say that nothing stands there."""
        if not response.meta.get("redirect_urls"):
            return False
        return response.url in self._listings_asked or (
            is_front_page(response.url) and not is_front_page(visit.url)
        )

    def closed(self, reason: str) -> None:
        if self.failure:
            return
        with self._stopping():
            for document, (visit, capture) in self._gone.items():
                if document not in self._standing:
                    self._tell(visit, self.keeper.missing(document, capture), "missing")

    def _tell(self, visit: Visit, outcome: Outcome, otherwise: str = "unchanged") -> None:
        self.counts[outcome.change or otherwise] += 1
        self.report(self.source, visit.url, outcome)
