"""The life of a document: what is told when it comes, changes, goes, comes back, or moves to another address."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Run
from sqlalchemy import select

from crawler.extraction import read
from store import models as rows
from store.archive import Archive
from store.database import Database
from store.flow import Capture, ChangeType, Entry, Listing, Origin, Outcome, Visit
from store.keep import Keeper

pytestmark = pytest.mark.one_database

URL = "https://www.example.gov.cn/jyj/202603/t1.html"
NEW_URL = "https://www.example.gov.cn/zwgk/jyj/1.html"
LIST = Visit("https://www.example.gov.cn/jyj/")
TEXT = "一、重点任务\n1.推进学前教育普及普惠。新建公办幼儿园{}所，公办园在园幼儿占比达到55%以上。\n2.落实“双减”任务。"


def html(kindergartens: int, title: str = "某市2026年教育工作要点") -> bytes:
    lines = "".join(f"<p>{line}</p>" for line in TEXT.format(kindergartens).splitlines())
    return f"<html><head><title>{title}</title></head><body><h1>{title}</h1><div>{lines}</div></body></html>".encode()


class Life:
    """A document of a source, looked at hour by hour."""

    def __init__(self, data: Path) -> None:
        self.database = Database(f"sqlite:///{data / 'yaodian.db'}")
        origin = Origin("bureau", "某市教育局", "某市教育局", "620000", "official")
        self.now = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
        self.keeper = Keeper(self.database, Archive(data / "warc"), origin, lambda: self.now)
        self.keeper.begin()
        (self.visit,) = self.listed(URL)
        assert self.visit.document
        self.id = self.visit.document

    def listed(self, *urls: str) -> list[Visit]:
        entries = tuple(Entry(url, "某市2026年教育工作要点") for url in urls)
        capture = self._answer(200, b"<ul></ul>")
        return self.keeper.keep_listing(LIST, capture, Listing(entries), entries).found

    def shows(self, kindergartens: int) -> Outcome:
        capture = self._answer(200, html(kindergartens))
        if self.keeper.reads_as(self.id, capture):
            return self.keeper.keep_same(self.id, capture)
        return self.keeper.keep_page(self.id, capture, read(capture))

    def answers(self, status: int) -> Outcome:
        return self.keeper.missing(self.id, self._answer(status, b"gone"))

    def told(self) -> list[ChangeType]:
        with self.database.read() as session:
            return list(session.scalars(select(rows.Change.type).order_by(rows.Change.id)))

    def _answer(self, status: int, body: bytes) -> Capture:
        self.now += dt.timedelta(hours=1)
        return Capture(URL, status, (("Content-Type", "text/html"),), body, self.now)


@pytest.fixture
def life(data: Path) -> Life:
    return Life(data)


def test_a_change_and_its_undoing_are_two_changes(life: Life) -> None:
    outcomes = [life.shows(count) for count in (12, 13, 12, 12)]
    assert [(outcome.change, outcome.version) for outcome in outcomes] == [
        ("new", 1), ("changed", 2), ("changed", 3), (None, None)
    ]  # fmt: skip
    (there,), (back,) = outcomes[1].difference.items, outcomes[2].difference.items
    assert (there.old, there.new) == (back.new, back.old)
    with life.database.read() as session:
        first, _, third = session.scalars(select(rows.Version).order_by(rows.Version.number))
        assert first.content_hash == third.content_hash


def test_a_404_is_believed_at_the_second_look_and_told_once(life: Life) -> None:
    life.shows(12)
    assert [life.answers(404).change for _ in range(3)] == [None, "withdrawn", None]
    assert life.told() == ["new", "withdrawn"]


def test_a_page_that_is_there_again_at_the_second_look_was_never_gone(life: Life) -> None:
    life.shows(12)
    for _ in range(3):
        assert life.answers(404).change is None
        assert life.shows(12).change is None
    assert life.told() == ["new"]


def test_a_410_is_believed_at_once(life: Life) -> None:
    life.shows(12)
    assert life.answers(410).change == "withdrawn"


def test_what_was_never_read_is_not_withdrawn(life: Life) -> None:
    assert life.answers(410).change is None
    assert life.told() == []
    assert life.shows(12).change == "new"


@pytest.mark.parametrize(("again", "version", "differs"), [(12, 1, False), (13, 2, True)])
def test_what_comes_back_is_restored(life: Life, again: int, version: int, differs: bool) -> None:
    life.shows(12)
    life.answers(410)
    outcome = life.shows(again)
    assert (outcome.change, outcome.version, bool(outcome.difference)) == ("restored", version, differs)
    assert life.shows(again).change is None
    assert life.told() == ["new", "withdrawn", "restored"]


def test_what_can_not_be_read_for_a_while_has_not_changed(life: Life) -> None:
    life.shows(12)
    life.keeper.keep_unreadable(life.id, life._answer(200, b"%PDF-1.7"), "this is a binary file")
    assert life.shows(12).change is None
    assert life.shows(13).change == "changed"
    assert life.told() == ["new", "changed"]


def test_an_unreadable_document_is_new_when_it_is_read_first(life: Life) -> None:
    life.keeper.keep_unreadable(life.id, life._answer(200, b"%PDF-1.7"), "this is a binary file")
    assert life.shows(12).change == "new"


# ── moving ──


def test_an_entry_at_the_new_address_is_the_same_document(life: Life) -> None:
    life.shows(12)
    (entry,) = life.listed(NEW_URL, URL)
    assert life.keeper.moved(life.id, NEW_URL) == entry.document
    assert life.listed(URL, NEW_URL) == []
    assert [visit.url for visit in life.keeper.documents(most_rechecks=None)[0]] == [NEW_URL]
    assert life.shows(12).change is None
    assert life.told() == ["new"]
    third = NEW_URL.replace("1.html", "2.html")
    life.keeper.moved(life.id, third)
    assert life.listed(URL, NEW_URL, third) == []


def test_what_stands_at_the_new_address_and_was_told_of_stays(life: Life) -> None:
    life.shows(12)
    (entry,) = life.listed(NEW_URL)
    assert entry.document
    capture = life._answer(200, html(20))
    life.keeper.keep_page(entry.document, capture, read(capture))
    assert life.keeper.moved(life.id, NEW_URL) is None
    assert {visit.url for visit in life.keeper.documents(most_rechecks=None)[0]} == {URL, NEW_URL}


def test_the_same_text_elsewhere_points_to_where_it_was(life: Life) -> None:
    life.shows(12)
    (entry,) = life.listed(NEW_URL)
    assert entry.document
    twin = life.keeper.twin(entry.document, read(life._answer(200, html(12))))
    assert twin is not None
    assert (twin.url, twin.document) == (URL, life.id)
    assert life.keeper.twin(entry.document, read(life._answer(200, html(13)))) is None


class Site:
    """A site of a listing and some pages, each (status, body or new address)."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, bytes | str]] = {}
        self.listed: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = site.answer(self.path)
                self.send_response(status)
                if isinstance(body, str):
                    self.send_header("Location", body)
                    body = b""
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing on the terminal."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str) -> tuple[int, bytes | str]:
        if path == "/list.html":
            lines = "".join(f'<li><a href="{to}">2026年教育工作要点</a></li>' for to in self.listed)
            return 200, f"<ul>{lines}</ul>".encode()
        return self.pages.get(path, (404, b"<h1>404 Not Found</h1>"))


@pytest.fixture
def site(data: Path) -> Iterator[Site]:
    made = Site()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    text = f"""
id: bureau
name: 某市教育局
publisher: 某市教育局
region: "620000"
kind: official
listing: {{urls: ["{made.url}/list.html"], item: ul li}}
fetch: {{delay: 0}}
"""
    (data / "sources" / "bureau.yaml").write_text(text, encoding="utf-8")
    yield made
    made.server.shutdown()
    made.server.server_close()


def _told(data: Path) -> list[tuple[str, str]]:
    with Database(f"sqlite:///{data / 'yaodian.db'}").read() as session:
        found = session.execute(
            select(rows.Change.type, rows.Document.url).join(rows.Document).order_by(rows.Change.id)
        )
        return [(kind, url.rpartition("/")[2]) for kind, url in found]


@pytest.mark.parametrize("old", [(301, "/new.html"), (404, b"gone"), (410, b"gone"), (302, "/")])
def test_a_page_that_moved_is_followed(
    site: Site, data: Path, yaodian: Run, old: tuple[int, bytes | str]
) -> None:
    """However the old address answers: redirected, gone, or sent on to the front page."""
    site.listed, site.pages = ["/old.html"], {"/old.html": (200, html(12))}
    yaodian("crawl", "bureau")
    site.listed = ["/new.html"]
    site.pages = {"/new.html": (200, html(12)), "/old.html": old, "/": (200, html(1, "某市教育局"))}
    yaodian("crawl", "bureau")
    assert _told(data) == [("new", "new.html")]
    site.listed = ["/new.html", "/old.html"]
    site.pages["/new.html"] = (200, html(13))
    yaodian("crawl", "bureau")
    assert _told(data) == [("new", "new.html"), ("changed", "new.html")]


def test_a_copy_in_another_column_is_a_document_of_its_own(site: Site, data: Path, yaodian: Run) -> None:
    site.listed, site.pages = ["/old.html"], {"/old.html": (200, html(12))}
    yaodian("crawl", "bureau")
    site.listed.append("/copy.html")
    site.pages["/copy.html"] = (200, html(12))
    yaodian("crawl", "bureau")
    assert _told(data) == [("new", "old.html"), ("new", "copy.html")]


def test_errors_say_nothing_about_a_document(site: Site, data: Path, yaodian: Run) -> None:
    """Nor is what was found at a new address told of, while nobody knows whether it moved there."""
    site.listed, site.pages = ["/old.html"], {"/old.html": (200, html(12))}
    yaodian("crawl", "bureau")
    site.listed.append("/new.html")
    site.pages["/new.html"] = (200, html(12))
    for status in (500, 503, 403, 412):
        site.pages["/old.html"] = (status, b"busy")
        yaodian("crawl", "bureau")
        assert _told(data) == [("new", "old.html")]
    site.pages["/old.html"] = (410, b"gone")
    yaodian("crawl", "bureau")
    assert _told(data) == [("new", "new.html")]
