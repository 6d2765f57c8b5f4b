"""Pages that scripts build, by a real Chromium that reaches nothing but what the guard lets through."""

from __future__ import annotations

import asyncio
import shutil
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from conftest import Run
from test_polite import SOURCE, Site, served

from bench.attacks import rendered_pages
from crawler.browser import PROGRAMS, lacks
from crawler.gate import Gate
from crawler.sources import catalogue
from store.errors import SourceError

CHROMIUM = pytest.mark.skipif(
    not any(map(shutil.which, PROGRAMS)),
    reason="no Chromium here: install it as root: apt-get install chromium",
)

SHELL = """<!doctype html><title>{title}</title><div id="app"></div><script>
fetch("{part}").then(r => r.text()).then(text => {{ document.getElementById("app").innerHTML = text }});
fetch("http://169.254.169.254/latest/meta-data/").catch(() => 0);
{more}
</script>"""
LINE = '<li><a href="/{0}.html">某县2026年工作计划之{0}</a></li>'
TEXT = (
    "<h1>某县2026年工作计划</h1>"
    + "<p>一、总体要求</p><p>1.抓好落实。全县32所学校都要抓好各项工作的落实。</p>" * 4
)


class Scripted(Site):
    """A site whose list and documents are empty until a script has run."""

    def page(self, path: str) -> str:
        if path == "/":
            return SHELL.format(title="工作计划", part="/part/list", more="")
        if path == "/part/list":
            return "<ul>" + "".join(map(LINE.format, ("1", "hangs", "away"))) + "</ul>"
        if path == "/part/text":
            return TEXT
        if path == "/hangs.html":
            return SHELL.format(title="工作计划", part="/part/text", more="while (true) {}")
        if path == "/robots.txt":
            return ""
        return SHELL.format(title="某县2026年工作计划", part="/part/text", more="")

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/away.html":
            self.asked.append((handler.path, dict(handler.headers)))
            handler.send_response(302)
            handler.send_header("Location", "http://169.254.169.254/latest/meta-data/")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        super().answer(handler)


@CHROMIUM
@pytest.mark.one_database
def test_a_page_that_scripts_build_is_read_and_the_guard_holds_in_the_browser(
    data: Path, yaodian: Run
) -> None:
    site = Scripted()
    with served(site) as url:
        text = SOURCE.format(id="one", url=url).replace("delay: 0", "delay: 0, render: true")
        (data / "sources" / "one.yaml").write_text(text, encoding="utf-8")
        crawled = yaodian("crawl", "one", YAODIAN_FETCH_TIMEOUT="5")
    assert crawled.stdout.count("new       one") == 1, crawled.stderr
    told = crawled.stderr.splitlines()
    assert any("/hangs.html: unreachable: no answer in time" in line for line in told), told
    assert any("/away.html: unreachable: " in line for line in told), told
    shown = yaodian("export", "versions").stdout
    assert "全县32所学校" in shown


@CHROMIUM
@pytest.mark.one_database
def test_detect_suggests_the_browser_and_with_it_finds_and_adds_the_source(data: Path, yaodian: Run) -> None:
    site = Scripted()
    with served(site) as url:
        plain = yaodian("sources", "detect", url)
        known = (
            "--id",
            "one",
            "--publisher",
            "某县教育局",
            "--region",
            "620000",
            "--kind",
            "official",
            "--yes",
        )
        added = yaodian("sources", "add", url, "--render", *known, YAODIAN_FETCH_TIMEOUT="5")
    assert plain.returncode == 1
    assert "it is built by scripts" in plain.stderr
    assert "--render" in plain.stderr
    assert added.returncode == 0, added.stderr
    source = catalogue.read(data / "sources" / "one.yaml")
    assert source.fetch.render
    assert "3 entries" in added.stdout


def test_without_the_optional_part_one_line_names_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "one.yaml"
    text = SOURCE.format(id="one", url="http://example.org/").replace("delay: 0", "render: true")
    file.write_text(text, encoding="utf-8")
    assert catalogue.read(file).fetch.render
    monkeypatch.setitem(sys.modules, "scrapy_playwright", None)
    with pytest.raises(SourceError, match=r"one.yaml: fetch: .* pip install 'yaodian\[render\]'"):
        catalogue.read(file)


def test_without_a_browser_one_line_names_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    lacking = lacks()
    assert lacking is not None
    assert "apt-get install chromium" in lacking


async def through(gate: Gate, request: bytes) -> bytes:
    async with gate:
        host, port = gate.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(request)
        answer = await reader.read()
        writer.close()
    return answer


@pytest.mark.parametrize(
    "request_line",
    [
        b"CONNECT 169.254.169.254:443 HTTP/1.1",
        b"CONNECT [::ffff:169.254.169.254]:443 HTTP/1.1",
        b"CONNECT localhost:443 HTTP/1.1",
        b"GET http://127.0.0.1:80/ HTTP/1.1",
        b"GET http://localhost/ HTTP/1.1",
        b"GET http://example.org:22/ HTTP/1.1",
        b"GET ftp://example.org/ HTTP/1.1",
    ],
)
def test_the_gate_lets_nobody_through_to_what_is_not_public(request_line: bytes) -> None:
    gate = Gate(allow_private=False, max_bytes=1000, lasts_s=5)
    answer = asyncio.run(through(gate, request_line + b"\r\nHost: x\r\n\r\n"))
    assert answer.startswith(b"HTTP/1.1 403")
    assert len(gate.refused) == 1


def test_the_gate_hands_a_request_on_as_the_site_expects_it() -> None:
    site = Site()
    with served(site) as url:
        request = (
            f"GET {url}1.html?a=1 HTTP/1.1\r\nHost: x\r\nProxy-Connection: keep-alive\r\nX-Own: 1\r\n\r\n"
        )
        gate = Gate(allow_private=True, max_bytes=1 << 20, lasts_s=5)
        answer = asyncio.run(through(gate, request.encode()))
    assert answer.startswith(b"HTTP/1.1 200")
    ((path, headers),) = site.asked
    assert path == "/1.html?a=1"
    assert headers["X-Own"] == "1"
    assert "Proxy-Connection" not in headers


def test_what_is_no_request_ends_the_connection() -> None:
    gate = Gate(allow_private=True, max_bytes=1000, lasts_s=5)
    assert asyncio.run(through(gate, b"nonsense\r\n\r\n")) == b""


@CHROMIUM
@pytest.mark.one_database
def test_a_hostile_page_has_the_browser_ask_nothing_of_this_machine() -> None:
    """By no element, script, redirect, worker, socket, nor by the datagrams of WebRTC, which pass by any proxy."""
    ways = {"meta-refresh": rendered_pages.LEAVES["meta-refresh"]}
    visit = rendered_pages.visit
    assert asyncio.run(visit(rendered_pages.SECRET, ways, allow_private=False)) == []
    # With private addresses allowed the same pages get through, so the above proves something.
    asked = asyncio.run(visit(rendered_pages.SECRET, ways, allow_private=True))
    for way in (
        "fetch",
        "websocket",
        "iframe",
        "css-import",
        "worker",
        "window-open",
        "form-post",
        "meta-refresh",
    ):
        assert any(f"/{way} " in line for line in asked), way
