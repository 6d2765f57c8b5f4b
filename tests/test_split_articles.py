"""Articles split over several pages: the next page is known for certain or not at all, and all pages are one document."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Run
from sqlalchemy import func, select

from crawler.extraction import join, read
from store import models as rows
from store.database import Database
from store.flow import Capture, Page, walk

WHEN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PROSE = "全市各级各类学校要把安全放在首位，逐校排查、逐项整改，确保师生平安。" * 2
PARTS = (
    "<p>一、总体要求</p><p>1.明确目标。" + PROSE + "</p>",
    "<p>2.压实责任。" + PROSE + "</p><p>二、重点任务</p>",
    "<p>3.排查隐患。" + PROSE + "</p><p>云溪市教育局</p><p>2024年3月1日</p>",
)

pytestmark = pytest.mark.one_database


def html(part: str, pager: str, title: str = "云溪市2024年教育工作要点") -> str:
    return (
        f"<html><head><meta charset=utf-8><title>{title}</title></head><body><h1>{title}</h1>"
        f"<p>发布时间：2024-03-02</p><div class=content>{part}</div><div>{pager}</div></body></html>"
    )


def page_at(url: str, part: str, pager: str) -> Page:
    return read(Capture(url, 200, (("Content-Type", "text/html"),), html(part, pager).encode(), WHEN))


HOST = "http://jyj.example.gov.cn"


@pytest.mark.parametrize(
    ("path", "pager", "following"),
    [
        ("/a/8341.html", "<a href='8341_2.html'>下一页</a>", "/a/8341_2.html"),
        ("/a/8341.html", "<a href=#>1</a> <a href='8341_2.html'>[2]</a>", "/a/8341_2.html"),
        ("/a/8341_2.html", "<a href='8341.html'>1</a> <a href='8341_3.html'>下页</a>", "/a/8341_3.html"),
        ("/a/t20240301_77.htm", "<a href='t20240301_77_1.htm'>下一页 ></a>", "/a/t20240301_77_1.htm"),
        ("/show.php?id=3", "<a href='?id=3&page=2'>下一页</a>", "/show.php?id=3&page=2"),
        ("/show.php?id=3&page=2", "<a href='?id=3&page=3'>下一页</a>", "/show.php?id=3&page=3"),
        (
            "/a/t20240301_9.shtml",
            "<script>createPageHTML(2, 0, 't20240301_9', 'shtml');</script>",
            "/a/t20240301_9_1.shtml",
        ),
        ("/a/t20240301_9_1.shtml", "<script>createPageHTML(2, 1, 't20240301_9', 'shtml');</script>", None),
        (
            "/a/44.shtml",
            "<script>createPageHTML('page_div',3,1,'44','shtml',60);</script>",
            "/a/44_2.shtml",
        ),
        # other articles, lists and sites
        ("/a/8341.html", "下一篇：<a href='8342.html'>开学通知</a>", None),
        ("/a/8341.html", "<a href='8342.html'>下一页</a>", None),
        ("/a/art_12_7.html", "<a href='art_12_8.html'>下一页</a>", None),
        ("/a/8341.html", "<a href='/b/8341_2.html'>下一页</a>", None),
        ("/a/8341.html", "<a href='http://other.example.com/a/8341_2.html'>下一页</a>", None),
        ("/a/8341.html", "<a href='8341_3.html'>下一页</a>", None),
        ("/a/8341.html", "<a href='8341_2.html'>相关附件</a>", None),
        ("/show.php?id=3", "<a href='?id=4'>下一页</a>", None),
        ("/show.php?id=3", "<a href='?id=4&page=2'>下一页</a>", None),
        ("/a/9.html", "<script>createPageHTML(30, 0, 'index', 'html');</script>", None),
        ("/a/8341.html", "<a href='javascript:;'>下一页</a>", None),
    ],
)
def test_the_next_page_of_this_article_and_of_no_other(path: str, pager: str, following: str | None) -> None:
    assert page_at(HOST + path, PARTS[0], pager).next == (HOST + following if following else None)


def test_the_joined_parts_are_one_document() -> None:
    pages = [page_at(f"{HOST}/a/1_{n}.html", part, "") for n, part in enumerate(PARTS)]
    whole = join(pages)
    assert whole.text == "\n".join(page.text for page in pages)
    assert [path for path, node in walk(whole.outline) if node.label] == [
        "一、",
        "一、/1.",
        "一、/2.",
        "二、",
        "二、/3.",
    ]
    # the signature stands on the last page, all else on the first
    assert whole.metadata.publisher == "云溪市教育局"
    assert whole.metadata.issued_on == dt.date(2024, 3, 1)
    assert whole.origins["issued_on"] == "cover"
    assert whole.metadata.published_at == dt.date(2024, 3, 2)
    assert (whole.url, whole.next) == (pages[0].url, None)


class Site:
    """Three pages of one article under a list; any of them may be changed."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, str]] = {
            "/list.html": (200, "<ul><li><a href='/a/7.html'>云溪市2024年教育工作要点</a></li></ul>"),
            "/a/7.html": (200, html(PARTS[0], "<a href='7_2.html'>下一页</a>")),
            "/a/7_2.html": (200, html(PARTS[1], "<a href='7.html'>1</a> <a href='7_3.html'>下一页</a>")),
            "/a/7_3.html": (200, html(PARTS[2], "<a href='7.html'>1</a>")),
        }


@pytest.fixture
def site(data: Path) -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = site.answers.get(self.path, (404, ""))
            etag = f'"{hash(body)}"'
            if status == 200 and self.headers.get("If-None-Match") == etag:
                status, body = 304, ""
            self.send_response(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("ETag", etag)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}/list.html"
    (data / "sources" / "split.yaml").write_text(
        f'id: split\nname: split\npublisher: 云溪市教育局\nregion: "620000"\nkind: official\n'
        f"listing: {{urls: [{url}], item: ul li}}\nfetch: {{delay: 0}}\n",
        encoding="utf-8",
    )
    yield site
    server.shutdown()
    thread.join()
    server.server_close()


def captures(data: Path) -> int:
    with Database(f"sqlite:///{data / 'yaodian.db'}").read() as session:
        kept = session.scalar(select(func.count()).where(rows.Capture.document_id.is_not(None)))
        return kept or 0


def texts(data: Path) -> list[str]:
    with Database(f"sqlite:///{data / 'yaodian.db'}").read() as session:
        return [
            version.page["text"]
            for version in session.scalars(select(rows.Version).order_by(rows.Version.id))
        ]


def test_a_split_article_is_one_version_of_all_its_pages(site: Site, data: Path, yaodian: Run) -> None:
    first = yaodian("crawl", "--all")
    assert (first.returncode, first.stderr) == (0, "")
    assert [text.count("\n") for text in texts(data)] == [6]
    assert captures(data) == 3
    document = json.loads(yaodian("export", "documents").stdout.splitlines()[0])["id"]
    shown = json.loads(yaodian("show", document, "--format", "json").stdout)
    assert shown["origins"]["publisher"] == "cover"
    assert shown["origins"]["title"] == "text"
    again = yaodian("crawl", "--all")
    assert (again.returncode, len(texts(data))) == (0, 1)
    # the first page's bytes stay, its later page changes
    status, body = site.answers["/a/7_3.html"]
    site.answers["/a/7_3.html"] = (status, body.replace("排查隐患", "排查全部隐患"))
    changed = yaodian("crawl", "--all")
    assert "changed" in changed.stdout
    assert "排查全部隐患" in texts(data)[-1]
    assert len(texts(data)) == 2


@pytest.mark.parametrize(
    ("answer", "sign"),
    [
        ((404, ""), "unreachable"),
        ((500, "x"), "unreachable"),
        ((200, "<html><body></body></html>"), "unreadable"),
        ((200, "<p>请完成安全验证后继续访问</p>"), "blocked"),
    ],
)
def test_without_one_of_its_pages_nothing_is_kept(
    site: Site, data: Path, yaodian: Run, answer: tuple[int, str], sign: str
) -> None:
    whole = site.answers["/a/7_3.html"]
    site.answers["/a/7_3.html"] = answer
    broken = yaodian("crawl", "--all")
    assert broken.returncode == 1
    assert f"7_3.html: {sign}: " in broken.stderr
    assert texts(data) == []
    site.answers["/a/7_3.html"] = whole
    assert yaodian("crawl", "--all").returncode == 0
    assert len(texts(data)) == 1
    site.answers["/a/7_3.html"] = answer
    assert yaodian("crawl", "--all").returncode == 1
    assert len(texts(data)) == 1
