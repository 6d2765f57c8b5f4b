"""Four real sites, served on loopback as their servers do, crawled from their list pages: nothing missed, nothing twice."""

from __future__ import annotations

import email.utils
import hashlib
import json
import re
import subprocess
import tarfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from conftest import PROGRAM, clean_environment

SNAPSHOTS = Path(__file__).parents[2] / "shared" / "sites"
HERE = Path(__file__).parent / "sites"
EXPECTED = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (HERE / "expected").glob("*.json")
}
SITES = sorted(EXPECTED)

pytestmark = pytest.mark.skipif(
    not SNAPSHOTS.is_dir(), reason="needs ../shared/sites, snapshots of real sites"
)


class Handler(SimpleHTTPRequestHandler):
    """A static site's server: validators, 304, and no charset for its pages."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, *args: Any, asked: list[tuple[str, int]], **kwargs: Any) -> None:
        self.asked = asked
        super().__init__(*args, **kwargs)

    def send_head(self) -> BytesIO | None:  # type: ignore[override]
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        if not path.is_file():
            self.send_error(404)
            return None
        body = path.read_bytes()
        etag = f'"{hashlib.md5(body).hexdigest()}"'
        same = self.headers.get("If-None-Match") == etag
        self.send_response(304 if same else 200)
        self.send_header("ETag", etag)
        if not same:
            self.send_header("Content-Type", "text/html" if path.suffix == ".html" else self.guess_type(path))
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Last-Modified", email.utils.formatdate(path.stat().st_mtime, usegmt=True))
        self.end_headers()
        return None if same else BytesIO(body)

    def send_response(self, code: int, message: str | None = None) -> None:
        self.asked.append((self.path, int(code)))
        super().send_response(code, message)

    def log_message(self, *_: object) -> None:
        pass


@dataclass(frozen=True)
class Crawl:
    """What one `yaodian crawl --all` asked for and said."""

    asked: Counter[tuple[str, int]]
    said: str
    problems: list[str]
    returncode: int

    def answered(self, status: int) -> set[str]:
        return {path for path, answer in self.asked if answer == status}

    def count(self, what: str) -> int:
        """The sum over its sources of what the crawl says that it did."""
        return sum(map(int, re.findall(rf"(\d+) {what}\b", self.said)))


@dataclass(frozen=True)
class Site:
    """A site's two crawls, and what is kept after both."""

    expected: dict[str, Any]
    entries: dict[str, list[str]]
    first: Crawl
    second: Crawl
    documents: dict[str, list[dict[str, Any]]]
    versions: dict[str, list[dict[str, Any]]]
    changes: list[dict[str, Any]]

    @property
    def paths(self) -> set[str]:
        return {path for paths in self.entries.values() for path in paths}

    @property
    def told_unread(self) -> set[str]:
        """The pages without words that the crawl names: as long as it does, they are neither kept nor lost in silence."""
        return {
            path for path in self.expected["wordless"] if any(path in line for line in self.first.problems)
        }


@pytest.fixture(scope="module", params=SITES)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site crawled twice, one of its documents gone."""
    folder = tmp_path_factory.mktemp(request.param)
    with tarfile.open(SNAPSHOTS / f"{request.param}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    root, data, expected = folder / request.param, folder / "data", EXPECTED[request.param]
    entries = listed(root, expected)
    (root / expected["missing"].lstrip("/")).unlink()
    made = yaodian(data, "init")
    assert made.returncode == 0, made.stderr
    with served(root) as (base, asked):
        write_sources(request.param, base, data / "sources")
        first = crawl(data, asked)
        second = crawl(data, asked)
    documents, versions = by_path(export(data, "documents")), by_path(export(data, "versions"))
    return Site(expected, entries, first, second, documents, versions, export(data, "changes"))


def listed(root: Path, expected: dict[str, Any]) -> dict[str, list[str]]:
    """The addresses of each list page, read without the product: between two marks, those that look like a document."""
    found = {}
    for group in expected["lists"]:
        for page in group["entries"]:
            path = root / page.lstrip("/")
            html = (path / "index.html" if path.is_dir() else path).read_text(encoding="utf-8")
            part = html.split(group["begin"], 1)[1].split(group["end"], 1)[0]
            urls = (urljoin(page, link) for link in re.findall(r'href="([^"]+)"', part))
            found[page] = list(dict.fromkeys(url for url in urls if re.search(expected["address"], url)))
    return found


@contextmanager
def served(root: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    asked: list[tuple[str, int]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(root), asked=asked))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def write_sources(name: str, base: str, folder: Path) -> None:
    text = (HERE / f"{name}.yaml").read_text(encoding="utf-8").replace("{base}", base)
    for source in yaml.safe_load_all(text):
        (folder / f"{source['id']}.yaml").write_text(
            yaml.safe_dump(source, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )


def yaodian(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "--data", str(data), *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=data.parent,
        env=clean_environment(),
    )


def crawl(data: Path, asked: list[tuple[str, int]]) -> Crawl:
    asked.clear()
    done = yaodian(data, "crawl", "--all")
    return Crawl(Counter(asked), done.stdout, done.stderr.splitlines(), done.returncode)


def export(data: Path, what: str) -> list[dict[str, Any]]:
    done = yaodian(data, "export", what)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def by_path(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Rows by the path of their document; two sources may list one."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(urlsplit(row["url"]).path, []).append(row)
    return grouped


def test_each_list_page_is_read_whole(site: Site) -> None:
    counts = {page: n for group in site.expected["lists"] for page, n in group["entries"].items()}
    assert {page: len(paths) for page, paths in site.entries.items()} == counts
    assert set(counts) <= site.first.answered(200)
    assert site.first.count("entries") == sum(counts.values())


def test_each_entry_is_asked_for(site: Site) -> None:
    """And nothing else but the files that documents link to."""
    asked = site.first.answered(200) | site.first.answered(404)
    pages = {path for path in asked if path.endswith((".html", "/"))}
    assert pages == site.paths | set(site.entries)
    assert not (asked - pages - {"/robots.txt"}) or site.first.count("attachments")
    times = Counter({path: n for (path, _), n in site.first.asked.items() if path in site.paths})
    assert times == Counter({path: len(rows) for path, rows in site.documents.items()})


def test_each_document_becomes_a_version(site: Site) -> None:
    assert set(site.versions) == site.paths - site.told_unread - {site.expected["missing"]}
    assert site.first.count("new") == sum(map(len, site.versions.values()))
    assert {row["number"] for rows in site.versions.values() for row in rows} == {1}


def test_only_pages_without_words_are_a_problem(site: Site) -> None:
    assert len(site.first.problems) == site.first.count("problems")
    assert len(site.first.problems) == len(site.told_unread)
    assert site.first.returncode == (1 if site.told_unread else 0)
    assert "failed" not in site.first.said


def test_a_dead_link_is_a_missing_document(site: Site) -> None:
    path = site.expected["missing"]
    assert path in site.first.answered(404) & site.second.answered(404)
    assert {row["state"] for row in site.documents[path]} == {"withdrawn"}
    assert {row["version"] for row in site.documents[path]} == {None}


def test_a_second_crawl_gets_304_for_all_that_it_has(site: Site) -> None:
    kept = site.first.answered(200)
    before = {path: n for (path, _), n in site.first.asked.items() if path in kept}
    after = {(path, status): n for (path, status), n in site.second.asked.items() if path in kept}
    assert after == {(path, 304): n for path, n in before.items()}


def test_a_second_crawl_changes_nothing(site: Site) -> None:
    assert [site.second.count(what) for what in ("new", "changed", "withdrawn", "restored")] == [0, 0, 0, 0]
    assert [change["type"] for change in site.changes] == ["new"] * site.first.count("new")
    assert (site.second.returncode, site.second.problems) == (0, [])


@pytest.mark.parametrize("number", range(5))
def test_a_document_reads_as_its_page_says(site: Site, number: int) -> None:
    fact = site.expected["documents"][number]
    for version in site.versions[fact["path"]]:
        lines = version["text"].splitlines()
        assert version["title"] == fact["title"]
        assert version["metadata"]["published_at"] == fact["published"]
        assert version["metadata"]["document_number"] == fact["document_number"]
        assert lines[0].startswith(fact["first"])
        assert lines[-1].startswith(fact["last"])
