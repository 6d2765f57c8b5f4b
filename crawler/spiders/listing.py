"""Listings as a crawl walks them, and what goes wrong in it: the half of a source's spider that knows no documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import scrapy
from scrapy import Request
from scrapy.exceptions import CloseSpider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import browser, manners, safe_reading
from crawler.listings._lines import MOST_ENTRIES
from crawler.middlewares.guard import RefusedAddress
from crawler.middlewares.turns import CrawlEnds, HostClosed
from crawler.problems import Problem
from crawler.sources.schema import DocumentRules, Source
from crawler.spiders.walk import Walk
from crawler.wire import capture_of, plainly
from store.errors import Blocked, OperatorError, Unreadable
from store.flow import Capture, Listing, Visit
from store.health import rhythm
from store.hosts import Hosts
from store.keep import Keeper
from store.said import said

OK, NOT_MODIFIED = 200, 304
MISSING = (404, 410)
LISTING_FIRST = 10


class ListingSpider(scrapy.Spider):
    """Asks for the listings of one source; `on_document` is asked for each entry that was not known."""

    def __init__(self, source: Source, keeper: Keeper, hosts: Hosts, *, full: bool) -> None:
        super().__init__()
        self.source = source
        self.keeper = keeper
        self.hosts = hosts
        self.full = full
        self.counts: Counter[str] = Counter()
        self.problems: list[Problem] = []
        self.failure: OperatorError | None = None
        self._listings_asked: set[str] = set()
        self._closed_hosts: set[str] = set()

    def on_document(self, response: Response) -> object:
        raise NotImplementedError

    # ── listings ──

    def _ask_listings(self) -> Iterator[Request]:
        """The first page of each; a back-fill that was cut goes on where it was."""
        most = self.crawler.settings.getint("LISTING_PAGES_MOST")
        for url in self.source.listing.urls:
            if self.full:
                walk = Walk(url, most, self.keeper.filling(url))
            else:
                walk = Walk(url, self.source.listing.max_pages)
            yield self._ask_listing(url, 1, walk)

    def _ask_listing(self, url: str, number: int, walk: Walk) -> Request:
        self._listings_asked.add(url)
        visit = self.keeper.listing(url)
        return self._ask(visit, self.on_listing, number=number, walk=walk)

    async def on_listing(self, response: Response, number: int, walk: Walk) -> AsyncIterator[Request]:
        visit: Visit = response.meta["visit"]
        with self._stopping():
            self.counts["listings"] += 1
            if response.status == NOT_MODIFIED and visit.is_conditional:
                self.counts["not_modified"] += 1
                self.counts["listings_unchanged"] += 1
                self.keeper.listing_unchanged(visit)
                walk.stood(visit.next)
            elif response.status in MISSING and self._may_end(number):
                walk.ended()
            elif response.status == OK:
                listing = await self._listing(response, visit, number)
                if listing is None:
                    return
                for request in self._entries(listing, response, visit, walk):
                    yield request
            else:
                self._refused(response)
                return
            for request in self._go_on(visit, number, walk):
                yield request

    def _may_end(self, number: int) -> bool:
        """Pages that are counted, not linked, end where the next number is not there, or is empty."""
        return number > 1 and self.source.listing.pages is not None

    def _go_on(self, visit: Visit, number: int, walk: Walk) -> Iterator[Request]:
        before, step = walk.filling, walk.step(number)
        if walk.filling is not None and walk.filling != before:
            self.keeper.keep_filling(walk.start, walk.filling)
        if walk.is_cut:
            told = said(
                "it goes on after page {page}; yaodian crawl {source} --full goes on from there",
                page=number,
                source=self.source.id,
            )
            self._problem("cut", visit.url, told)
        elif step is not None and step.url not in self._listings_asked:
            yield self._ask_listing(step.url, step.number, walk)

    async def _listing(self, response: Response, visit: Visit, number: int) -> Listing | None:
        """What the page enumerates; None, told as a problem, where that can't be read."""
        capture = capture_of(response, self.keeper.clock)
        rules = self.source.listing
        try:
            listing = await safe_reading.read_listing_while_others_go_on(
                capture, rules, number, self.source.fetch.charset
            )
        except Unreadable as error:
            self._problem("unreadable", visit.url, error.says, response)
            return None
        if listing.entries or self._may_end(number):
            return listing
        if words := await _challenge(capture):
            self._problem("blocked", visit.url, words, response)
            return None
        lines = listing.addressless
        if lines:
            told = said("the listing has no entries; its {lines} lines lead nowhere", lines=lines)
        else:
            told = said("the listing has no entries; its selectors may no longer fit")
        self._problem("nothing found", visit.url, told, response)
        return None

    def _entries(self, listing: Listing, response: Response, visit: Visit, walk: Walk) -> Iterator[Request]:
        # What has no title, as in a sitemap, is judged when it has been read.
        matched = [
            entry for entry in listing.entries if not entry.title or self.source.match.takes(entry.title)
        ]
        self.counts["listings_read"] += 1
        self.counts["entries"] += len(listing.entries)
        days = [entry.date for entry in listing.entries if entry.date is not None]
        self.counts["dated"] += len(days)
        if (found_rhythm := rhythm(days)) and found_rhythm[0] >= self.counts["newest"]:
            self.counts["newest"], self.counts["pause"] = found_rhythm
        self.counts["matched"] += len(matched)
        if len(listing.entries) + listing.addressless >= MOST_ENTRIES:
            told = said("it names {most} documents or more; the rest is left out", most=MOST_ENTRIES)
            self._problem("cut", visit.url, told, response)
        if not listing.entries:
            walk.ended()
            return
        capture = capture_of(response, self.keeper.clock)
        self.counts["listing_capture"], found = self.keeper.keep_listing(visit, capture, listing, matched)
        walk.read(listing, len(matched), len(found))
        for new in found:
            yield self._ask(new, self.on_document)

    # ── what goes wrong ──

    def on_failure(self, failure: Failure) -> None:
        visit: Visit = failure.request.meta["visit"]  # type: ignore[attr-defined]
        if isinstance(failure.value, CrawlEnds):
            return
        if isinstance(failure.value, HostClosed):
            self._closed(failure.value, visit.url)
            return
        sign, says = "unreachable", plainly(failure)
        if isinstance(failure.value, RefusedAddress):
            sign = "refused address"
            # Which address is told where it is not the one that was asked for.
            says = failure.value.says if failure.value.url == visit.url else says
        with self._stopping():
            self._problem(sign, visit.url, says, document=visit.document)

    def _closed(self, closed: HostClosed, url: str) -> None:
        """Told once: what was not asked for stays due."""
        self.counts["not_asked"] += 1
        if closed.host not in self._closed_hosts:
            self._closed_hosts.add(closed.host)
            with self._stopping():
                self._problem(closed.sign, url, str(closed))

    def _refused(self, response: Response) -> None:
        visit: Visit = response.meta["visit"]
        sign = manners.sign_of(response.status)
        told = said("the site answers {status}", status=response.status)
        self._problem(sign, response.url, told, response, document=visit.document)

    def _problem(
        self, sign: str, url: str, detail: str, response: Response | None = None, document: str | None = None
    ) -> None:
        """Told to whoever watches, and kept; a `document` that could not be had gets a pause."""
        self._count_problem(sign, url, detail)
        capture = capture_of(response, self.keeper.clock) if response else None
        self.keeper.report(sign, url, detail, capture, document)

    def _count_problem(self, sign: str, url: str, detail: str) -> None:
        self.counts["problems"] += 1
        self.problems.append(Problem(sign, url, detail))

    def _ask(self, visit: Visit, callback: Callable[..., object], **kwargs: object) -> Request:
        self.counts["asked"] += 1
        return Request(
            visit.url,
            callback=callback,
            errback=self.on_failure,
            cb_kwargs=kwargs,
            meta={"visit": visit, **(browser.marked() if self.source.fetch.render else {})},
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


async def _challenge(capture: Capture) -> str | None:
    """What is wrong with a page that names nothing, if it is a challenge or an error instead of the list."""
    try:
        await safe_reading.read_document_while_others_go_on(capture, DocumentRules(), None, None)
    except Blocked as error:
        return error.says
    except Unreadable:
        return None
    return None
