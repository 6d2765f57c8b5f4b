"""An archive that a test fills page by page, as a crawl would, with captures and a clock of its own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from crawler.extraction import outline
from store import models as rows
from store.archive import Archive
from store.database import Database
from store.flow import Capture, Entry, Listing, Metadata, Origin, Outcome, Page, Period, SourceKind, Visit
from store.identity import canonical, document_id
from store.keep import Keeper

DAY_ONE = dt.datetime(2026, 8, 19, 1, tzinfo=dt.UTC)


def page_of(
    title: str,
    text: str,
    *,
    publisher: str | None = None,
    year: int | None = None,
    published: dt.date | None = None,
) -> Page:
    period = Period(year, year) if year else None
    metadata = Metadata(publisher=publisher, period=period, published_at=published)
    return Page("http://www.example.org/", title, text, metadata, outline(text), ())


@dataclass
class Shelf:
    """Each fetch is an hour after the one before."""

    data: Path
    database: Database = field(init=False)
    archive: Archive = field(init=False)
    now: dt.datetime = DAY_ONE

    def __post_init__(self) -> None:
        self.database = Database(f"sqlite:///{self.data / 'yaodian.db'}")
        self.archive = Archive(self.data / "warc")
        self._keepers: dict[str, Keeper] = {}

    def keeper(self, source: str, kind: SourceKind = "official", publisher: str = "某市教育局") -> Keeper:
        if source not in self._keepers:
            origin = Origin(source, source, publisher, "620000", kind)
            self._keepers[source] = Keeper(self.database, self.archive, origin, lambda: self.now)
            self._keepers[source].begin()
        return self._keepers[source]

    def put(
        self,
        source: str,
        name: str,
        page: Page,
        *,
        kind: SourceKind = "official",
        publisher: str = "某市教育局",
        body: bytes | None = None,
    ) -> Outcome:
        """Fetch one document; made known by a listing first when it is new."""
        keeper = self.keeper(source, kind, publisher)
        self.now += dt.timedelta(hours=1)
        url = f"http://{source}.example.org/{name}"
        key = document_id(source, canonical(url))
        with self.database.read() as session:
            is_known = session.get(rows.Document, key) is not None
        if not is_known:
            entry = Entry(url, page.title or name)
            listing = Visit(f"http://{source}.example.org/")
            keeper.keep_listing(listing, self.capture(listing.url, b"list"), Listing((entry,)), [entry])
        capture = self.capture(url, body if body is not None else page.text.encode())
        return keeper.keep_page(key, capture, page)

    def capture(self, url: str, body: bytes) -> Capture:
        return Capture(url, 200, (("Content-Type", "text/html"),), body, self.now)

    def plan_of(self, document: str) -> str:
        with self.database.read() as session:
            found = session.get_one(rows.Document, document).plan_id
        assert found is not None
        return found

    def document(self, key: str) -> rows.Document:
        with self.database.read() as session:
            return session.get_one(rows.Document, key)
