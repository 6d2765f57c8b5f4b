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

from crawler import listings
from crawler.extraction import join, read
from crawler.middlewares.guard import RefusedAddress
from crawler.sources.schema import Source
from crawler.wire import capture_of, plainly
from store.errors import Blocked, OperatorError, Unreadable
from store.flow import Capture, Outcome, Page, Visit
from store.keep import Keeper

OK, NOT_MODIFIED = 200, 304
MISSING = (404, 410)
# 401 and 403 ask who we are; 412 and 521 are how two common shields answer whoever runs no script of theirs.
REFUSING = (401, 403, 405, 412, 418, 429, 521)
LISTING_FIRST = 10

# Pages of one article that are put together; what claims more is no article.
MOST_PARTS = 50

Parts = tuple[tuple[Capture, Page], ...]
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

    def on_document(self, response: Response) -> Iterator[Request]:
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
                yield from self._read_document(response, visit, visit.document, ())
            else:
                self._refused(response)

    def on_part(self, response: Response, first: Visit, parts: Parts) -> Iterator[Request]:
        """A further page of an article. Without it nothing of the document is kept: it would be a shorter version."""
        assert first.document is not None
        with self._stopping():
            if response.status == OK:
                yield from self._read_document(response, first, first.document, parts)
            else:
                self._refused(response)

    def _read_document(
        self, response: Response, visit: Visit, document: str, before: Parts
    ) -> Iterator[Request]:
        capture = capture_of(response, self.keeper.clock)
        if not before and self.keeper.reads_as(document, capture):
            self._tell(visit, self.keeper.keep_same(document, capture))
            return
        try:
            page = read(capture, self.source.document, self.source.fetch.charset)
        except Blocked as error:
            url = capture.url if before else visit.url
            self._problem("blocked", url, _without(capture.url, error), response)
        except Unreadable as error:
            if before:
                self._problem("unreadable", capture.url, _without(capture.url, error), response)
                return
            self._count_problem("unreadable", visit.url, _without(capture.url, error))
            self.keeper.keep_unreadable(document, capture, _without(capture.url, error))
        else:
            yield from self._follow(visit, document, (*before, (capture, page)))

    def _follow(self, visit: Visit, document: str, parts: Parts) -> Iterator[Request]:
        """Ask for the article's next page; where there is none, keep what was read."""
        following = parts[-1][1].next
        if following is None or following in {capture.url for capture, _ in parts}:
            self._keep_document(visit, document, parts)
        elif len(parts) < MOST_PARTS:
            yield self._ask(Visit(following, document), self.on_part, first=visit, parts=parts)
        else:
            self._problem("unreadable", visit.url, f"the article has more than {MOST_PARTS} pages")

    def _keep_document(self, visit: Visit, document: str, parts: Parts) -> None:
        first, *others = (capture for capture, _ in parts)
        page = parts[0][1] if not others else join([page for _, page in parts])
        if others and self.keeper.reads_as(document, first, *others):
            self._tell(visit, self.keeper.keep_same(document, first, others))
        elif self.source.match.is_about(page.title, page.text):
            self._tell(visit, self.keeper.keep_page(document, first, page, others))
        else:
            self.counts["unmatched"] += 1
            self.keeper.keep_unmatched(document, first, others)

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
