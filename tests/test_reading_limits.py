"""Reading a page has a limit of time and memory that also covers parsing, and other sources are crawled meanwhile."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import Run, clean_environment
from parsel import Selector
from sqlalchemy import select
from test_polite import SOURCE, Site, served

from bench import hostile_pages
from crawler import safe_reading, selectors
from crawler.extraction import limits, read
from crawler.extraction.tree import parse
from crawler.reader_process import ReaderProcess
from crawler.sources.schema import DocumentRules
from store import models as rows
from store.database import Database
from store.errors import Unfinished, Unreadable
from store.flow import Capture

pytestmark = pytest.mark.one_database
ATTRIBUTES = hostile_pages.KINDS["attributes of one tag"](889_000)
ENDLESS = "//*[count(//*[count(//*) > 0]) > 0]"
"""An XPath that takes the cube of the page's elements."""


def page_of(body: bytes) -> Capture:
    return Capture(
        "http://a.example/1.html", 200, (("Content-Type", "text/html"),), body, dt.datetime.now(dt.UTC)
    )


@pytest.fixture
def process() -> Iterator[ReaderProcess]:
    process = ReaderProcess()
    yield process
    process.close()


def test_a_function_that_takes_too_long_is_stopped_and_the_next_one_runs(process: ReaderProcess) -> None:
    began = time.monotonic()
    with pytest.raises(Unfinished, match="reading it took more than"):
        process.run(0.5, time.sleep, 600)
    assert time.monotonic() - began < 120
    assert process.run(60, len, "abc") == 3


def test_a_crash_and_too_much_memory_are_the_pages_fault_and_not_ours(process: ReaderProcess) -> None:
    for function, argument in ((os._exit, 11), (bytes, 1 << 40)):
        with pytest.raises(Unfinished, match="more time or memory than it may, or broke the reader"):
            process.run(60, function, argument)
    assert process.run(60, len, "abc") == 3


def test_errors_of_the_site_and_faults_of_ours_are_raised_as_they_were(process: ReaderProcess) -> None:
    with pytest.raises(Unreadable, match="the answer is empty") as caught:
        process.run(60, read, page_of(b""))
    assert caught.value.url == "http://a.example/1.html"
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        process.run(60, divmod, 1, 0)


def test_the_process_ends_with_the_one_that_started_it() -> None:
    script = (
        "import os\nfrom crawler.reader_process import ReaderProcess\nprocess = ReaderProcess()\n"
        "print(process.run(60, os.getpid), flush=True)\nos.kill(os.getpid(), 9)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        timeout=120,
        check=False,
    )
    last = time.monotonic() + 60
    while (
        Path(f"/proc/{int(done.stdout)}").exists()
        and b"Z" not in Path(f"/proc/{int(done.stdout)}/stat").read_bytes()
    ):
        assert time.monotonic() < last


def test_a_tag_of_too_many_attributes_is_refused_before_it_is_parsed(yaodian: Run, tmp_path: Path) -> None:
    file = tmp_path / "many.html"
    file.write_bytes(ATTRIBUTES)
    refused = yaodian("extract", str(file))
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("a tag with more than 1,000 attributes")


@pytest.mark.parametrize(
    "html",
    [
        "<!-- <p " + "a " * 3000 + "-->",
        "<script>for (i = 0; i<n; i++) { " + "a = b; " * 3000 + "}</script>",
        "<style>" + "a b " * 3000 + "</style><p title='" + "a " * 3000 + "'>",
        "<p " + " ".join(f"a{n}='{n}'" for n in range(900)) + ">",
        "3<5 " + "a " * 3000,
    ],
)
def test_what_only_looks_like_attributes_is_read(html: str) -> None:
    limits.check_markup("", f"{html}<p>一、加强领导。</p>")


@pytest.mark.parametrize("name", [name for name in hostile_pages.KINDS if name.startswith("attributes")])
def test_many_attributes_are_refused_however_they_are_written(name: str) -> None:
    body = hostile_pages.KINDS[name](400_000)
    if name in ("attributes of many bodies", "attributes of many pages", "attributes of two tags"):
        limits.check_markup("", body.decode())
        return
    assert not limits.is_small(body)
    if name not in ("attributes of a closing tag",):
        with pytest.raises(Unreadable, match="attributes"):
            limits.check_markup("", body.decode())


def test_a_page_that_takes_too_long_is_unfinished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safe_reading, "WALL_S", 1.0)
    body = f"{'<p>一</p>' * 3000}".encode()
    with pytest.raises(Unfinished):
        safe_reading.read_document(page_of(body), DocumentRules(content=ENDLESS))


@pytest.mark.parametrize("selector", ["div div", "ul.list li a", "//div//div//a/@href", "div > div a::text"])
def test_steps_of_a_selector_find_what_the_whole_finds(selector: str) -> None:
    html = (
        "<div><ul class=list><li><a href=1>a</a><div><ul class=list><li><a href=2>b</a></ul></div></ul></div>"
        * 3
    )
    page = Selector(root=parse(f"<div>{html}<div><a href=3>c</a></div>"), type="html")
    whole = [found.get() for found in page.xpath(selectors.to_xpath(selector))]
    assert whole
    assert [found.get() for found in selectors.select(page, selector)] == whole
    assert [found.get() for found in selectors.select(page, selector, 2)] == whole[:2]


def test_nested_lists_take_a_selector_no_time() -> None:
    """In one piece this took libxml2 9 s on 22 KB."""
    page = Selector(root=parse("<div>" * 2000), type="html")
    began = time.process_time()
    assert len(selectors.select(page, "div div div", 2000)) > 1000
    assert time.process_time() - began < 2


@pytest.mark.parametrize("charset", ["punycode", "idna", "undefined", "utf-7", "cp037", "rot13"])
def test_a_codec_that_is_no_charset_is_not_believed(charset: str) -> None:
    body = f"<meta charset={charset}><title>工作要点</title><p>一、加强党的领导。</p>".encode() + b"\xff"
    assert "加强党的领导" in read(page_of(body)).text


SLOW = """
import sys
import crawler.safe_reading
crawler.safe_reading.WALL_S = float(sys.argv.pop(1))
from yaodian.__main__ import main
main()
"""


class Slow(Site):
    """Its first document takes for ever to read, and the others no time."""

    def page(self, path: str) -> str:
        return (
            f"<title>某县2026年工作计划</title>{'<p>一、总体要求</p>' * 3000}"
            if path == "/0.html"
            else super().page(path)
        )


class Attributed(Site):
    """Its first document is one tag of 100 000 attributes."""

    def page(self, path: str) -> str:
        return ATTRIBUTES.decode() if path == "/0.html" else super().page(path)


class SlowList(Site):
    """Its list takes for ever to read."""

    def page(self, path: str) -> str:
        return super().page(path) + "<p></p>" * 3000 if path == "/" else super().page(path)


def test_other_sources_are_crawled_while_a_page_takes_too_long(data: Path, database_url: str) -> None:
    content = f'document: {{content: "{ENDLESS}"}}\n'
    sites = {"good": Site(), "attributed": Attributed(), "slow": Slow(), "slow-list": SlowList()}
    with ExitStack() as stack:
        for name, site in sites.items():
            text = SOURCE.format(id=name, url=stack.enter_context(served(site)))
            text = text.replace("item: li", f'item: "{ENDLESS}"') if name == "slow-list" else text
            text += content if name == "slow" else ""
            (data / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")
        crawled = subprocess.run(
            [sys.executable, "-c", SLOW, "12", "--data", str(data), "crawl", *sites],
            env=clean_environment() | {"YAODIAN_DATABASE_URL": database_url},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert crawled.stdout.count("new       good") == 12, crawled.stderr
    assert crawled.stdout.count("new       attributed") == 11
    assert crawled.stdout.count("new       slow ") == 11
    assert "0.html: unreadable: a tag with more than 1,000 attributes" in crawled.stderr
    assert "0.html: unreadable: reading it took more than 12 seconds" in crawled.stderr
    database = Database(database_url)
    with database.read() as session:
        finished = {
            run.source_id: run.finished_at for run in session.scalars(select(rows.Run)) if run.finished_at
        }
        events = {event.source_id: event for event in session.scalars(select(rows.HealthEvent))}
        late = session.scalar(
            select(rows.Document).where(rows.Document.source_id == "slow", rows.Document.url.like("%/0.html"))
        )
        assert late is not None
        assert late.version_id is None
        assert late.next_check_at is not None
    database.close()
    assert events["slow"].sign == events["slow-list"].sign == "unreadable"
    assert events["slow"].capture_id is not None
    assert finished["good"] < min(finished["slow"], finished["slow-list"])
    assert "attributed" in finished
