"""What looking again costs when nothing has changed: one small row update for what was asked for."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event

from store.archive import Archive
from store.database import Database
from store.flow import Attachment, Capture, Entry, Fetched, Listing, Metadata, Origin, Page, Visit
from store.keep import Keeper

LIST = "https://www.example.gov.cn/"
URL = "https://www.example.gov.cn/1.html"
FILE = Attachment(
    "https://www.example.gov.cn/1.pdf", "任务分工.pdf", "application/pdf", "read", "0" * 64, "分工"
)
PAGE = Page(URL, "某市2026年教育工作要点", "一、总体要求\n" + "坚持稳中求进。" * 50, Metadata(), (), (FILE,))


class Clock:
    def __init__(self) -> None:
        self.now = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        self.now += dt.timedelta(hours=1)
        return self.now


@contextmanager
def written(database: Database) -> Iterator[list[str]]:
    """The statements that change rows, without blanks and values."""
    statements: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.split()[0].lower() in ("insert", "update", "delete"):
            statements.append(" ".join(statement.split()))

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def test_an_unchanged_document_or_listing_is_one_small_row_update(database: Database, tmp_path: Path) -> None:
    clock = Clock()
    origin = Origin("bureau", "某市教育局", "某市教育局", "620000", "official")
    keeper = Keeper(database, Archive(tmp_path / "warc"), origin, clock)
    keeper.begin()
    entry = Entry(URL, "某市2026年教育工作要点")
    listed = Capture(LIST, 200, (), b"<ul></ul>", clock())
    (visit,) = keeper.keep_listing(Visit(LIST), listed, Listing((entry,)), [entry]).found
    document = str(visit.document)
    file = Capture(str(FILE.url), 200, (("ETag", '"1"'),), b"%PDF", clock())
    keeper.keep_page(
        document, Capture(URL, 200, (("ETag", '"1"'),), b"<html>", clock()), PAGE, [Fetched(FILE, file)]
    )
    before = sum(path.stat().st_size for path in (tmp_path / "warc").iterdir())

    with written(database) as statements:
        (known,) = keeper.attachments(document)
        keeper.unchanged(document, [Fetched(known.attachment)])
    of_file, of_page = sorted(statements)
    assert of_file.startswith("UPDATE attachments SET believed=")
    assert of_file.split(" WHERE ")[0].count("=") == 1
    written_of_page = re.findall(r"(\w+)=", of_page.removeprefix("UPDATE documents SET ").split(" WHERE ")[0])
    assert set(written_of_page) == {"checked_at", "next_check_at", "missing_since", "failures", "believed"}
    with written(database) as statements:
        keeper.listing_unchanged(Visit(LIST))
    (statement,) = statements
    assert statement.startswith("UPDATE listing_pages SET checked_at=")
    assert sum(path.stat().st_size for path in (tmp_path / "warc").iterdir()) == before
