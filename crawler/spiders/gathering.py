"""A document between its page and the last of its attachments: they make a version together, or not at all.

Nothing of it is kept before; a crawl that is killed in between asks for all of it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from scrapy.exceptions import DownloadCancelledError
from scrapy.http import Response
from twisted.python.failure import Failure

from crawler import apart, attachments
from crawler.extraction.attachments import TYPES
from crawler.wire import plainly
from store.archive import digest
from store.flow import Attachment, Capture, Fetched, Known, Page, Visit
from store.said import said

READ = frozenset(TYPES[suffix] for suffix in ("pdf", "doc", "docx", "wps", "et", "xls", "xlsx", "ofd", "zip"))
MOST = 60
"""Attachments of one document that are asked for."""
MOST_HELD = 96 << 20
"""Bytes of a document's attachments that are held until the last has come."""


@dataclass(slots=True)
class Gathering:
    """`captures` are the page's, of an article split over several pages all of them, and none when the page answered
    304; `page` is None when its bytes are those that were read last."""

    visit: Visit
    document: str
    captures: tuple[Capture, ...]
    page: Page | None
    asked: tuple[Known, ...]
    came: dict[str, Fetched] = field(default_factory=dict)

    @property
    def capture(self) -> Capture | None:
        return self.captures[0] if self.captures else None

    @property
    def is_whole(self) -> bool:
        return len(self.came) == len(self.asked)

    @property
    def fetched(self) -> list[Fetched]:
        return [self.came[known.visit.url] for known in self.asked]

    @property
    def is_unchanged(self) -> bool:
        return self.page is None and all(
            self.came[known.visit.url].attachment == known.attachment for known in self.asked
        )

    @property
    def held(self) -> int:
        return sum(len(one.capture.body) for one in self.came.values() if one.capture)

    def contents(self, links: Iterable[Attachment]) -> list[Attachment]:
        """The page's attachments, with what is known of those that were asked for."""
        return [self.came[link.url].attachment if link.url in self.came else link for link in links]


def wanted(known: Iterable[Known]) -> tuple[Known, ...]:
    """The attachments of the kinds that are read, or of which only the bytes tell their kind."""
    found = [one for one in known if one.attachment.media_type is None or one.attachment.media_type in READ]
    return tuple(found[:MOST])


def answered(known: Known, response: Response, capture: Capture, held: int) -> Fetched:
    """What an answer says of an attachment. Reads a file that is new, which may take its time: see `crawler.apart`."""
    if response.status == 304:
        return Fetched(known.attachment)
    if response.status in (404, 410):
        return _missed(
            known, said("the site answers {status}", status=response.status), capture, is_missing=True
        )
    if response.status != 200:
        return _missed(known, said("the site answers {status}", status=response.status), capture)
    if _is_page(capture):
        return _missed(known, said("the site answers with a page instead of the file"), capture)
    if held + len(capture.body) > MOST_HELD:
        return _too_large(known)
    found = digest(capture.body)
    if found == known.attachment.digest:
        return Fetched(known.attachment, capture)
    reading = apart.read(capture.body)
    told = replace(
        known.attachment,
        state=reading.state,
        digest=found,
        text=reading.text or None,
        detail=reading.detail,
    )
    return Fetched(told, capture)


def failed(known: Known, failure: Failure) -> Fetched:
    if isinstance(failure.value, DownloadCancelledError):
        return _too_large(known)
    return _missed(known, plainly(failure), None)


def _missed(known: Known, problem: str, capture: Capture | None, *, is_missing: bool = False) -> Fetched:
    """What was known of the file stays: that it can't be had today is no change of the document."""
    attachment = known.attachment
    if is_missing and attachment.digest is None:
        attachment = replace(attachment, state="missing")
    return Fetched(attachment, capture, problem)


def _too_large(known: Known) -> Fetched:
    if known.attachment.digest is not None:
        return _missed(known, said("the file has become larger than what is fetched"), None)
    return Fetched(replace(known.attachment, state="too large"))


def _is_page(capture: Capture) -> bool:
    if attachments.is_file(capture.body):
        return False
    media = (capture.header("Content-Type") or "").lower()
    return "html" in media or capture.body[:512].lstrip().startswith(b"<")
