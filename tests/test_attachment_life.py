"""The life of an attachment through crawls: new, the same, swapped, gone, unreachable; a cover and its plan."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import samples
from conftest import Run

from store import export
from store.archive import Archive, Place
from store.database import Database

HTML = "text/html; charset=utf-8"
PROSE = "各学校要对照任务逐项落实，明确责任人和时间表，重要情况及时报告，年底前完成全部自查。" * 6
INLINE = f"<p>一、总体要求</p><p>{PROSE}</p><p>二、重点任务</p><p>{PROSE}</p>"
COVER = (
    "<p>各学校：</p><p>现将《云溪市教育局2026年工作要点》印发给你们，请认真贯彻执行。</p>"
    "<p>云溪市教育局</p><p>2026年3月2日</p>"
)

pytestmark = pytest.mark.one_database
SOURCE = """\
id: yunxi
name: 云溪市教育局
publisher: 云溪市教育局
region: "620000"
kind: official
listing: {{urls: ["{url}/list.html"], item: ul li}}
fetch: {{delay: 0}}
"""


class Site:
    """A site of the test's own: `put` a path's body and type, `asked` lists (path, status). Validators as nginx gives."""

    def __init__(self) -> None:
        self.pages: dict[str, tuple[int, bytes, str]] = {}
        self.asked: list[tuple[str, int]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body, kind = site.pages.get(self.path, (404, b"<p>404</p>", HTML))
                etag = f'"{hashlib.md5(body).hexdigest()}"'
                if status == 200 and self.headers.get("If-None-Match") == etag:
                    status, body = 304, b""
                site.asked.append((self.path, status))
                self.send_response(status)
                self.send_header("ETag", etag)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def put(self, path: str, body: bytes | str, kind: str = HTML, status: int = 200) -> None:
        self.pages[path] = (status, body.encode() if isinstance(body, str) else body, kind)

    def page(
        self, inner: str, *files: str, title: str = "关于印发《云溪市教育局2026年工作要点》的通知"
    ) -> None:
        links = "".join(f'<p>附件：<a href="/{name}">{name}</a></p>' for name in files)
        self.put(
            "/1.html",
            f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{inner}{links}</body></html>",
        )


@pytest.fixture
def site(data: Path) -> Iterator[Site]:
    running = Site()
    thread = threading.Thread(target=running.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    running.put("/list.html", '<ul><li><a href="/1.html">云溪市教育局2026年工作要点</a> 2026-03-02</li></ul>')
    running.put("/robots.txt", "", "text/plain")
    (data / "sources" / "yunxi.yaml").write_text(SOURCE.format(url=running.url), encoding="utf-8")
    yield running
    running.server.shutdown()
    thread.join()
    running.server.server_close()


@pytest.fixture
def look(site: Site, yaodian: Run, data: Path) -> Any:
    """Crawl once and tell what was reported: (type, attachments, paths of items)."""
    seen = 0

    def crawl(returncode: int = 0) -> list[tuple[str, list[tuple[str, str]], list[str]]]:
        nonlocal seen
        site.asked.clear()
        done = yaodian("crawl", "yunxi")
        assert done.returncode == returncode, done.stdout + done.stderr
        changes = rows(data, "changes")
        new, seen = changes[seen:], len(changes)
        return [
            (
                change["type"],
                [(file["op"], file["name"]) for file in change["attachments"]],
                [item["new_path"] or item["old_path"] for item in change["items"]],
            )
            for change in new
        ]

    return crawl


def rows(data: Path, what: str) -> list[dict[str, Any]]:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.read() as session:
        return [dict(row) for row in export.KINDS[what](session)]


def newest(data: Path) -> dict[str, Any]:
    return rows(data, "versions")[-1]


def health(data: Path) -> list[tuple[str, str]]:
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("select sign, detail from health_events")]


@cache  # a spreadsheet tells when it was made
def table(*first: str) -> bytes:
    return samples.sheet([*samples.TABLE, first or ("3", "校园安全", "安全科")])


def test_new_same_swapped_renamed_gone(site: Site, look: Any, data: Path) -> None:
    site.page(INLINE, "fengong.xlsx")
    site.put("/fengong.xlsx", table(), "application/octet-stream")
    assert look() == [("new", [], [])]
    (file,) = newest(data)["attachments"]
    assert (file["state"], file["digest"]) == ("read", hashlib.sha256(table()).hexdigest())
    assert "校园安全" in file["text"]
    assert rows(data, "versions")[-1]["text"].startswith("一、总体要求")

    assert look() == []
    assert {("/1.html", 304), ("/fengong.xlsx", 304)} <= set(site.asked)

    # swapped under the same name, while the page answers 304
    site.put("/fengong.xlsx", table("3", "校园安全", "综治科"), "application/octet-stream")
    assert look() == [("changed", [("edited", "fengong.xlsx")], [])]
    assert ("/1.html", 304) in site.asked
    assert newest(data)["number"] == 2
    assert "综治科" in newest(data)["attachments"][0]["text"]

    # other bytes that say the same: saved again by another program
    site.put(
        "/fengong.xlsx", samples.old_sheet([*samples.TABLE, ("3", "校园安全", "综治科")]), "application/x"
    )
    assert look() == []

    site.page(INLINE + "<p>三、保障</p>")
    # the line that named it goes, too
    assert look() == [("changed", [("removed", "fengong.xlsx")], ["¶1", "三、"])]
    assert newest(data)["attachments"] == []
    assert look() == []
    assert health(data) == []


def test_every_fetched_file_is_in_the_archive(site: Site, look: Any, data: Path) -> None:
    site.page(INLINE, "fengong.xlsx")
    for body in (table(), table("4", "招生", "基教科")):
        site.put("/fengong.xlsx", body, "application/octet-stream")
        look()
    database = Database(f"sqlite:///{data / 'yaodian.db'}")
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql(
            "select file, \"offset\", length, digest from captures where url like '%fengong.xlsx'"
        ).all()
    archive = Archive(data / "warc")
    bodies = [archive.read(Place(file, offset, length)).body for file, offset, length, _ in kept]
    assert [hashlib.sha256(body).hexdigest() for body in bodies] == [row[3] for row in kept]
    assert bodies == [table(), table("4", "招生", "基教科")]


def test_a_cover_and_its_plan(site: Site, look: Any, yaodian: Run, data: Path) -> None:
    site.page(COVER, "yaodian.pdf")
    site.put("/yaodian.pdf", samples.pdf(), "application/pdf")
    assert look() == [("new", [], [])]
    version = newest(data)
    assert version["text"].split("\n") == list(samples.PLAN)
    assert version["text_from"] == site.url + "/yaodian.pdf"
    assert version["cover"].startswith("各学校：\n现将《云溪市教育局2026年工作要点》印发给你们")
    assert version["title"] == "关于印发《云溪市教育局2026年工作要点》的通知"
    assert version["metadata"]["issued_on"] == "2026-03-02"
    assert version["metadata"]["addressees"] == "各学校："
    assert [node["label"] for node in version["outline"] if node["label"]] == ["一、", "二、", "三、"]
    assert f"text from        {site.url}/yaodian.pdf" in yaodian("show", version["document"]).stdout

    # one figure of one item, in the file alone
    edited = [line.replace("1200", "1500") for line in samples.PLAN]
    site.put("/yaodian.pdf", samples.pdf(edited), "application/pdf")
    assert look() == [("changed", [("edited", "yaodian.pdf")], ["二、/（一）"])]
    assert "1500" in newest(data)["text"]

    # the same plan as a Word file: another file, the same text
    site.page(COVER, "yaodian.docx")
    site.put("/yaodian.docx", samples.word(edited), "application/msword")
    assert look() == [("changed", [("added", "yaodian.docx"), ("removed", "yaodian.pdf")], [])]

    # a word of the cover
    site.page(COVER.replace("请认真", "请"), "yaodian.docx")
    look()
    assert [field["field"] for field in rows(data, "changes")[-1]["metadata"]] == ["cover"]


@pytest.mark.parametrize("inner", [INLINE, COVER])
@pytest.mark.parametrize("old", [410, 404])
def test_a_document_with_attachments_that_moved_is_followed(
    site: Site, look: Any, data: Path, inner: str, old: int
) -> None:
    site.page(inner, "yaodian.pdf")
    site.put("/yaodian.pdf", samples.pdf(), "application/pdf")
    assert look() == [("new", [], [])]
    document = newest(data)["document"]

    # the site is built anew: another address of page and file
    site.page(inner, "files/yaodian.pdf")
    site.pages["/new/1.html"] = site.pages["/1.html"]
    site.put("/1.html", "<p>gone</p>", status=old)
    site.put("/files/yaodian.pdf", samples.pdf(), "application/pdf")
    site.put(
        "/list.html", '<ul><li><a href="/new/1.html">云溪市教育局2026年工作要点</a> 2026-03-02</li></ul>'
    )
    site.pages["/new/1.html"] = renamed(site.pages["/new/1.html"], "files/yaodian.pdf</a>", "yaodian.pdf</a>")
    assert look() == []
    (kept,) = rows(data, "documents")
    assert (kept["id"], kept["url"]) == (document, site.url + "/new/1.html")
    assert look() == []

    site.put("/files/yaodian.pdf", samples.pdf([*samples.PLAN, "2.再加一条。"]), "application/pdf")
    assert [kind for kind, _, _ in look()] == ["changed"]


def renamed(page: tuple[int, bytes, str], old: str, new: str) -> tuple[int, bytes, str]:
    return page[0], page[1].replace(old.encode(), new.encode()), page[2]


def test_a_file_that_cannot_be_had_loses_no_document_and_is_told_once(
    site: Site, look: Any, yaodian: Run, data: Path
) -> None:
    site.page(COVER, "yaodian.pdf")
    site.put("/yaodian.pdf", "busy", status=503)
    assert look(returncode=1) == [("new", [], [])]
    assert newest(data)["text"].startswith("各学校：")
    assert health(data) == [("attachment", "the site answers 503")]
    assert look() == []
    assert len(health(data)) == 1

    # it comes: the version has the plan now, but nobody did anything to the document
    site.put("/yaodian.pdf", samples.pdf(), "application/pdf")
    assert look() == []
    version = newest(data)
    assert (version["number"], version["text"].split("\n")[1]) == (2, "一、总体要求")

    # it goes again: what is known stays
    del site.pages["/yaodian.pdf"]
    assert look(returncode=1) == []
    assert newest(data) == version
    assert [detail for _, detail in health(data)] == ["the site answers 503", "the site answers 404"]
    site.put("/yaodian.pdf", samples.pdf(), "application/pdf")
    assert look() == []
    assert newest(data) == version


def test_what_has_no_text_is_said(site: Site, look: Any, yaodian: Run, data: Path) -> None:
    nowhere = '<p>附件：<a href="http://a.example:99999/port.doc">port.doc</a></p>'
    site.page(COVER + nowhere, "scan.pdf", "dead.doc", "tupian.rar", "locked.pdf", "login.doc")
    site.put("/scan.pdf", samples.scanned_pdf(), "application/pdf")
    site.put("/locked.pdf", samples.pdf(password="secret"), "application/pdf")
    site.put("/login.doc", "<html><body>请先登录</body></html>")
    look(returncode=1)
    version = newest(data)
    assert version["text"].startswith("各学校：")
    states = {file["name"]: file.get("state") for file in version["attachments"]}
    assert states == {
        "port.doc": None,
        "scan.pdf": "scanned",
        "dead.doc": "missing",
        "tupian.rar": None,
        "locked.pdf": "encrypted",
        "login.doc": None,
    }
    shown = yaodian("show", version["document"]).stdout
    assert "scan.pdf  scanned (its pages have no text layer)" in shown
    assert "tupian.rar  not fetched" in shown
    assert not any(path == "/tupian.rar" for path, _ in site.asked)

    # without text its bytes tell
    site.put("/scan.pdf", samples.scanned_pdf(5), "application/pdf")
    assert look() == [("changed", [("edited", "scan.pdf")], [])]


def test_an_entry_that_is_a_file_is_a_document(site: Site, look: Any, data: Path) -> None:
    entries = [
        ("a.pdf", "云溪市教育局2026年工作要点.pdf"),
        ("b.docx", "云溪市教育局2026年工…"),
        ("c.pdf", "2025年工作要点"),
    ]
    listed = "".join(f'<li><a href="/{path}">{name}</a></li>' for path, name in entries).replace(
        "工…", "工作要…"
    )
    site.put("/list.html", f"<ul>{listed}</ul>")
    site.put("/a.pdf", samples.pdf(), "application/pdf")
    site.put("/b.docx", samples.word(), "application/octet-stream")
    site.put("/c.pdf", samples.scanned_pdf(), "application/pdf")
    (data / "sources" / "yunxi.yaml").write_text(
        SOURCE.format(url=site.url) + "match: {any: [工作要]}\n", encoding="utf-8"
    )
    assert [kind for kind, _, _ in look(returncode=1)] == ["new", "new"]
    assert health(data) == [("unreadable", "the file is scanned: its pages have no text layer")]
    versions = rows(data, "versions")
    assert [version["title"] for version in versions] == [samples.TITLE, samples.TITLE]
    for version in versions:
        assert version["text"].split("\n") == list(samples.PLAN)
        assert version["metadata"]["period"] == {"start": 2026, "end": 2026}
    edited = [line.replace("36", "40") for line in samples.PLAN]
    site.put("/a.pdf", samples.pdf(edited), "application/pdf")
    assert look() == [("changed", [], ["二、/（二）"])]


def test_extract_reads_a_file(yaodian: Run, tmp_path: Path) -> None:
    file = tmp_path / "要点.pdf"
    file.write_bytes(samples.pdf())
    page = json.loads(yaodian("extract", str(file)).stdout)
    assert page["title"] == samples.TITLE
    assert page["text"].split("\n") == list(samples.PLAN)
    file.write_bytes(samples.scanned_pdf())
    refused = yaodian("extract", str(file))
    assert refused.returncode == 1
    assert refused.stderr.rstrip().endswith("the file is scanned: its pages have no text layer")
