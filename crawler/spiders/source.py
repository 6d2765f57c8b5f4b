"""The spider that serves every declared source: its listings, the documents that they name, the known documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager

import scrapy
from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import listings, templates
from crawler.middlewares.guard import RefusedAddress
from crawler.sources.schema import Source
from crawler.wire import capture_of, plainly
from store.errors import Blocked, OperatorError, Unreadable
from store.flow import Outcome, Visit
from store.keep import Keeper

OK, NOT_MODIFIED = 200, 304
MISSING = (404, 410)
# 401 and 403 ask who we are; 412 and 521 are how two common shields answer whoever runs no script of theirs.
REFUSING = (401, 403, 405, 412, 418, 429, 521)
LISTING_FIRST = 10

Report = Callable[[Source, str, Outcome], None]


class SourceSpider(scrapy.Spider):
    """Crawls one source. `everything` asks for every known document, else for those that are due; `full` follows
    the listing to its end. `report` is told each document's outcome. `failure` is set when the operator must act."""

    name = "source"

    def __init__(
        self, source: Source, keeper: Keeper, *, everything: bool, full: bool, report: Report
    ) -> None:
        super().__init__()
        self.source = source
        self.keeper = keeper
        self.everything = everything
        self.pages = None if full else source.listing.max_pages
        self.report = report
        self.listing_reader = listings.reader(source.listing.type)
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.failure: OperatorError | None = None
        self._listings_asked: set[str] = set()

    async def start(self) -> AsyncIterator[Request]:
        with self._stopping():
            self.reader = templates.Reader(self.keeper, self.source)
            for url in self.source.listing.urls:
                yield self._ask_listing(url, 1)
            for visit in self.keeper.documents(everything=self.everything):
                yield self._ask(visit, self.on_document)

    # ── listings ──

    def _ask_listing(self, url: str, number: int) -> Request:
        self._listings_asked.add(url)
        visit = self.keeper.listing(url)
        return self._ask(visit, self.on_listing, number=number)

    def on_listing(self, response: Response, number: int) -> Iterator[Request]:
        visit: Visit = response.meta["visit"]
        with self._stopping():
            self.counts["listings"] += 1
            following = None
            if response.status == NOT_MODIFIED:
                self.counts["not_modified"] += 1
                self.keeper.listing_unchanged(visit)
                following = visit.next
            elif response.status == OK:
                following = yield from self._read_listing(response, visit, number)
            elif not (response.status in MISSING and number > 1 and self.source.listing.pages):
                # Pages that are counted, not linked, end where the next number is not there.
                self._refused(response)
            more = self.pages is None or number < self.pages
            if following and more and following not in self._listings_asked:
                yield self._ask_listing(following, number + 1)

    def _read_listing(
        self, response: Response, visit: Visit, number: int
    ) -> Generator[Request, None, str | None]:
        capture = capture_of(response, self.keeper.clock)
        listing = self.listing_reader.read(capture, self.source.listing, number, self.source.fetch.charset)
        if not listing.entries:
            lines = listing.addressless
            told = f"its {lines} lines lead nowhere" if lines else "its selectors may no longer fit"
            self._problem("nothing found", visit.url, f"the listing has no entries; {told}", response)
            return None
        matched = [entry for entry in listing.entries if self.source.match.takes(entry.title)]
        self.counts["entries"] += len(listing.entries)
        self.counts["matched"] += len(matched)
        for found in self.keeper.keep_listing(visit, capture, listing, matched):
            yield self._ask(found, self.on_document)
        return listing.next

    # ── documents ──

    def on_document(self, response: Response) -> None:
        visit: Visit = response.meta["visit"]
        assert visit.document is not None
        with self._stopping():
            self.counts["documents"] += 1
            if response.status == NOT_MODIFIED:
                self.counts["not_modified"] += 1
                self._tell(visit, self.keeper.unchanged(visit.document))
            elif response.status in MISSING:
                outcome = self.keeper.missing(visit.document, capture_of(response, self.keeper.clock))
                self._tell(visit, outcome, "missing")
            elif response.status == OK:
                self._read_document(response, visit, visit.document)
            else:
                self._refused(response)

    def _read_document(self, response: Response, visit: Visit, document: str) -> None:
        capture = capture_of(response, self.keeper.clock)
        if self.keeper.reads_as(document, capture.body):
            self._tell(visit, self.keeper.keep_same(document, capture))
            return
        try:
            page = self.reader.read_fetched(capture)
        except Blocked as error:
            self._problem("blocked", visit.url, _without(capture.url, error), response)
        except Unreadable as error:
            self._count_problem("unreadable", visit.url, _without(capture.url, error))
            self.keeper.keep_unreadable(document, capture, _without(capture.url, error))
        else:
            if self.source.match.is_about(page.title, page.text):
                self._tell(visit, self.keeper.keep_page(document, capture, page, self.reader.read))
            else:
                self.counts["unmatched"] += 1
                self.keeper.keep_unmatched(document, capture)

    def _tell(self, visit: Visit, outcome: Outcome, otherwise: str = "unchanged") -> None:
        self.counts[outcome.change or otherwise] += 1
        self.report(self.source, visit.url, outcome)

    # ── what goes wrong ──

    def on_failure(self, failure: Failure) -> None:
        visit: Visit = failure.request.meta["visit"]  # type: ignore[attr-defined]
        sign = "refused address" if isinstance(failure.value, RefusedAddress) else "unreachable"
        with self._stopping():
            self._problem(sign, visit.url, plainly(failure))

    def _refused(self, response: Response) -> None:
        sign = "blocked" if response.status in REFUSING else "unreachable"
        self._problem(sign, response.url, f"the site answers {response.status}", response)

    def _problem(self, sign: str, url: str, detail: str, response: Response | None = None) -> None:
        self._count_problem(sign, url, detail)
        self.keeper.report(sign, url, detail, capture_of(response, self.keeper.clock) if response else None)

    def _count_problem(self, sign: str, url: str, detail: str) -> None:
        self.counts["problems"] += 1
        self.problems.append(f"{self.source.id}: {url}: {sign}: {detail}")

    def _ask(self, visit: Visit, callback: Callable[..., object], **kwargs: object) -> Request:
        return Request(
            visit.url,
            callback=callback,
            errback=self.on_failure,
            cb_kwargs=kwargs,
            meta={"visit": visit},
            priority=0 if visit.document else LISTING_FIRST,
            dont_filter=True,
        )

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """What the operator has to mend (a full disk, a lost database) ends the crawl; what was kept stays kept."""
        try:
            yield
        except OperatorError as error:
            self.failure = error
            raise CloseSpider("operator") from error


def _without(url: str, error: Exception) -> str:
    """What an error says behind the URL that it begins with."""
    return str(error).removeprefix(f"{url}: ")
