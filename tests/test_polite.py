"""What a site sees of us: one request at a time, robots.txt heeded, an honest name, its own validators echoed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import Run

pytestmark = pytest.mark.one_database

LIST = (
    "<ul>"
    + "".join(f'<li><a href="/{n}.html">某县2026年第{n}号工作计划</a></li>' for n in range(12))
    + "</ul>"
)
PAGE = "<title>某县2026年工作计划</title><p>一、总体要求</p><p>1.抓好落实。全县32所学校都要抓好各项工作的落实。</p>"
SOURCE = """\
id: {id}
name: {id}
publisher: 某县教育局
region: "620000"
kind: official
listing: {{urls: ["{url}"], item: li}}
fetch: {{delay: 0}}
"""


class Site:
    """A site that counts how many requests it has at a time, and remembers what they said."""

    # Long enough for a second request to come, if one is to come.
    lingers_s = 0.05

    def __init__(self, robots: str = "") -> None:
        self.robots = robots
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.most = 0
        self._now = 0
        self._change = threading.Condition()

    def page(self, path: str) -> str:
        return {"/": LIST, "/robots.txt": self.robots}.get(path, PAGE)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        with self._change:
            self.asked.append((handler.path, dict(handler.headers)))
            self._now += 1
            self.most = max(self.most, self._now)
            self._change.notify_all()
            self._change.wait_for(lambda: self._now > 1, timeout=self.lingers_s)
        body = self.page(handler.path).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Content-Type", "text/html")
        handler.send_header("ETag", f'"{handler.path}"')
        handler.send_header("Last-Modified", "Tue, 03 Feb 2026 01:02:03 GMT")
        with self._change:
            self._now -= 1  # before the answer: who has it may ask again at once
        handler.end_headers()
        handler.wfile.write(body)


@contextmanager
def served(site: Site) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body in one packet: for the second the client's system lets us wait 40 ms

        def do_GET(self) -> None:
            site.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_host_gets_one_request_at_a_time(data: Path, yaodian: Run) -> None:
    site = Site()
    with served(site) as url:
        for source in ("one", "two"):
            (data / "sources" / f"{source}.yaml").write_text(
                SOURCE.format(id=source, url=url), encoding="utf-8"
            )
        assert yaodian("crawl", "--all").returncode == 0
    assert len(site.asked) > 24
    assert site.most == 1


def test_a_source_may_allow_more_at_a_time(data: Path, yaodian: Run) -> None:
    site = Site()
    with served(site) as url:
        text = SOURCE.format(id="one", url=url).replace("delay: 0", "delay: 0, concurrency: 3")
        (data / "sources" / "one.yaml").write_text(text, encoding="utf-8")
        assert yaodian("crawl", "one").returncode == 0
    assert 1 < site.most <= 3


class Large(Site):
    """More documents than a crawl holds requests for at a time."""

    lingers_s = 0.0
    documents = 110

    def page(self, path: str) -> str:
        lines = (f'<li><a href="/{n}.html">某县2026年第{n}号工作计划</a></li>' for n in range(self.documents))
        return f"<ul>{''.join(lines)}</ul>" if path == "/" else super().page(path).replace("32", path[1:-5])


def test_of_many_known_documents_each_is_asked_for_once(data: Path, yaodian: Run) -> None:
    site = Large()
    with served(site) as url:
        (data / "sources" / "one.yaml").write_text(SOURCE.format(id="one", url=url), encoding="utf-8")
        yaodian("crawl", "one")
        site.asked.clear()
        site.documents += 1
        crawled = yaodian("crawl", "one")
    paths = [path for path, _ in site.asked if path.endswith("html")]
    assert crawled.stdout.count("new       one") == 1
    assert len(paths) == len(set(paths)) == site.documents


def test_robots_txt_is_heeded_and_told(data: Path, yaodian: Run) -> None:
    site = Site("User-agent: *\nDisallow: /3.html\n")
    with served(site) as url:
        (data / "sources" / "one.yaml").write_text(SOURCE.format(id="one", url=url), encoding="utf-8")
        crawled = yaodian("crawl", "one")
    assert "/3.html" not in [path for path, _ in site.asked]
    assert crawled.stderr.count("robots.txt") == 1
    assert crawled.stdout.count("new       one") == 11


def test_we_say_who_we_are_and_echo_the_servers_own_validators(data: Path, yaodian: Run) -> None:
    site = Site()
    with served(site) as url:
        (data / "sources" / "one.yaml").write_text(SOURCE.format(id="one", url=url), encoding="utf-8")
        yaodian("crawl", "one", YAODIAN_CONTACT="mailto:admin@example.org")
        first = len(site.asked)
        yaodian("crawl", "one")
    assert all("Yaodian/" in headers["User-Agent"] for _, headers in site.asked)
    assert all("mailto:admin@example.org" in headers["User-Agent"] for _, headers in site.asked[:first])
    for path, headers in site.asked[first:]:
        if path != "/robots.txt":
            assert headers["If-None-Match"] == f'"{path}"'
            assert headers["If-Modified-Since"] == "Tue, 03 Feb 2026 01:02:03 GMT"
