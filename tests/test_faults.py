"""What stops a crawl leaves nothing half done, and is told in one line."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from conftest import PROGRAM, Run, clean_environment
from sqlalchemy import func, select
from test_polite import Site, served

from bench import kills
from demo.web import DemoWeb
from store import models as rows
from store.database import Database

SOURCE = """\
id: {id}
name: {id}
publisher: 某市教育局
region: "620000"
kind: official
listing: {{urls: ["{url}"], item: ul li}}
fetch: {{delay: 0}}
"""


def test_a_crawl_killed_at_random_moments_ends_as_an_undisturbed_one(
    tmp_path: Path, web: DemoWeb, bare_url: str
) -> None:
    in_time, disturbed, calm = kills.proof(tmp_path, web, 4, random.Random(7), bare_url)
    assert in_time > 0
    assert disturbed == calm
    assert len(calm["changes"]) > 20


def test_a_back_fill_that_is_killed_is_resumed_to_the_same_end(
    tmp_path: Path, web: DemoWeb, bare_url: str
) -> None:
    disturbed = kills.prepared(tmp_path / "disturbed", web, bare_url)
    killed = [
        kills.crawl(disturbed, bare_url, "--full", killed_after_s=seconds) for seconds in (1.2, 1.8, 2.4)
    ]
    assert any(killed)
    kills.crawl(disturbed, bare_url, "--full")
    calm = kills.prepared(tmp_path / "calm", web)
    kills.crawl(calm, "", "--full")
    assert kills.state(disturbed, bare_url) == kills.state(calm)
    assert kills.unreadable(disturbed, bare_url) == 0


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 700 KB: room for the tables and little more."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs takes root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_loses_nothing(tiny: Path, web: DemoWeb, tmp_path: Path) -> None:
    data = kills.prepared(tiny / "data", web)
    program = [*_program(data), "crawl", "--all"]
    full = subprocess.run(program, capture_output=True, text=True, env=clean_environment(), check=False)
    assert full.returncode == 1
    assert full.stderr.count("\n") == 1
    assert "No space left" in full.stderr or "full" in full.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", str(tiny)], check=True)
    assert kills.unreadable(data) == 0 or not list((data / "warc").glob("*.open"))
    kills.crawl(data)
    undisturbed = kills.prepared(tmp_path / "calm", web)
    kills.crawl(undisturbed)
    assert kills.state(data) == kills.state(undisturbed)


@pytest.mark.one_database
@pytest.mark.parametrize("words", [("export", "versions", "--output"), ("backup",)])
def test_what_is_written_for_others_is_there_whole_or_not_at_all(
    archive: Database, tiny: Path, yaodian: Run, words: tuple[str, ...]
) -> None:
    (tiny / "filler").write_bytes(bytes(690 << 10))
    done = yaodian(*words, str(tiny / "wanted"))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert str(tiny / "wanted") in done.stderr
    assert [path for path in tiny.rglob("*") if path.is_file()] == [tiny / "filler"]


@pytest.mark.one_database
def test_a_site_that_refuses_the_connection_is_told_and_the_others_are_crawled(
    watched: DemoWeb, data: Path, database: Database, yaodian: Run
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    (data / "sources" / "gone.yaml").write_text(SOURCE.format(id="gone", url=url), encoding="utf-8")
    crawled = yaodian("crawl", "--all")
    assert crawled.returncode == 1
    assert crawled.stderr == f"yaodian: gone: {url}: unreachable: the connection is refused\n"
    assert "gone: failed" in crawled.stdout
    assert crawled.stdout.count("new       demo-") == 15
    assert _health(database) == [("gone", "unreachable")]


@pytest.mark.one_database
def test_a_listing_without_entries_is_a_health_event_with_its_capture(
    watched: DemoWeb, data: Path, database: Database, yaodian: Run
) -> None:
    url = watched.column("longyuan")
    text = SOURCE.format(id="moved", url=url).replace("ul li", "div.no-such-list p")
    (data / "sources" / "moved.yaml").write_text(text, encoding="utf-8")
    crawled = yaodian("crawl", "moved")
    assert crawled.returncode == 1
    assert "nothing found: the listing has no entries" in crawled.stderr
    with database.engine.connect() as connection:
        kept = connection.exec_driver_sql(
            "select c.url from health_events h join captures c on c.id = h.capture_id"
        ).scalar_one()
    assert kept == url


@pytest.mark.one_database
def test_without_leave_loopback_is_not_fetched(watched: DemoWeb, data: Path, yaodian: Run) -> None:
    crawled = yaodian("crawl", "demo-longyuan", YAODIAN_ALLOW_PRIVATE_ADDRESSES="0")
    assert crawled.returncode == 1
    assert "refused address" in crawled.stderr
    assert not watched.requests


@pytest.mark.one_database
def test_an_outbox_that_cannot_be_written_loses_no_digest(watched: DemoWeb, data: Path, yaodian: Run) -> None:
    yaodian("subscribe", "reader@example.org")
    yaodian("subscriptions", "confirm", "1")
    yaodian("crawl", "--all")
    (data / "outbox").rmdir()
    (data / "outbox").write_text("in the way", encoding="utf-8")
    failed = yaodian("digest", "send", "--all")
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"yaodian: outbox {data / 'outbox'}: ")
    (data / "outbox").unlink()
    sent = yaodian("digest", "send", "--all")
    assert sent.returncode == 0
    assert "15 changes" in sent.stdout
    assert yaodian("digest", "send", "--all").stdout == "nothing to send\n"


def _program(data: Path) -> list[str]:
    from conftest import PROGRAM

    return [*PROGRAM, "--data", str(data)]


def _health(database: Database) -> list[tuple[str, str]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql("select source_id, sign from health_events")]


class Stalling(Site):
    """A site that lets its fifth answer wait for the word to go on."""

    def __init__(self) -> None:
        super().__init__()
        self.stalls, self.goes_on = threading.Event(), threading.Event()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        if len(self.asked) == 4:
            self.stalls.set()
            self.goes_on.wait(timeout=60)
        super().answer(handler)


@pytest.mark.one_database
def test_an_interrupted_crawl_is_not_done_and_stays_due(data: Path, yaodian: Run) -> None:
    """The site answers one document, and then waits until the crawl has been interrupted."""
    site = Stalling()
    with served(site) as url:
        (data / "sources" / "slow.yaml").write_text(
            SOURCE.format(id="slow", url=url).replace("ul li", "li"), encoding="utf-8"
        )
        with subprocess.Popen(
            [*PROGRAM, "--data", str(data), "crawl"],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert site.stalls.wait(timeout=60)
            process.send_signal(signal.SIGINT)
            site.goes_on.set()
            said, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "slow: interrupted" in said
        assert "Traceback" not in (data / "logs" / "crawl.log").read_text(encoding="utf-8")
        again = yaodian("crawl")
    assert again.returncode == 0
    assert "slow: done" in again.stdout


def test_new_rules_of_a_source_are_applied_to_what_was_seen(
    watched: DemoWeb, data: Path, yaodian: Run
) -> None:
    path = data / "sources" / "demo-longyuan.yaml"
    rules = path.read_text(encoding="utf-8")
    path.write_text(rules + "\nmatch: {any: [工作计划]}\n", encoding="utf-8")
    assert yaodian("crawl", "demo-longyuan").stdout.count("new       ") == 1
    path.write_text(rules, encoding="utf-8")
    assert yaodian("crawl", "demo-longyuan").stdout.count("new       ") == 6


@pytest.mark.one_database
@pytest.mark.parametrize("is_open", [False, True], ids=["nobody writes", "somebody writes"])
def test_an_archive_that_may_only_be_read_is_read(
    archive: Database, data: Path, tmp_path: Path, is_open: bool
) -> None:
    with archive.read() as session:
        documents = session.scalar(select(func.count()).select_from(rows.Document))
        two = session.scalars(select(rows.Plan.id).order_by(rows.Plan.id).limit(2)).all()
    if not is_open:
        archive.close()
    seen = tmp_path / "seen"
    seen.mkdir()
    mounted = subprocess.run(["mount", "--bind", str(data), str(seen)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("mounting a folder read-only takes root")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", str(seen)], check=True)
        asked = [*_program(seen), "export", "documents"]
        told = subprocess.run(asked, capture_output=True, text=True, env=clean_environment(), check=False)
        assert (told.stderr, told.stdout.count("\n")) == ("", documents)
        writing = [*_program(seen), "plans", "merge", *two]
        refused = subprocess.run(
            writing, capture_output=True, text=True, env=clean_environment(), check=False
        )
        assert refused.returncode == 1
        assert refused.stderr.count("\n") == 1
        assert "make the file and its folder writable for this user" in refused.stderr
    finally:
        subprocess.run(["umount", str(seen)], check=True)


@pytest.mark.one_database
def test_what_was_committed_outlasts_a_power_cut(database: Database) -> None:
    """SQLite syncs each commit: in WAL mode, NORMAL may lose the last ones, and a digest would be made twice."""
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


@pytest.mark.one_database
def test_a_restore_onto_a_full_disk_is_one_line_and_goes_on_when_there_is_room(
    archive: Database, tiny: Path, yaodian: Run, tmp_path: Path
) -> None:
    assert yaodian("backup", str(tmp_path / "backup")).returncode == 0
    restore = [*_program(tiny / "new"), "restore", str(tmp_path / "backup")]
    full = subprocess.run(restore, capture_output=True, text=True, env=clean_environment(), check=False)
    assert (full.returncode, full.stderr.count("\n")) == (1, 1), full.stderr
    subprocess.run(["mount", "-o", "remount,size=64m", str(tiny)], check=True)
    done = subprocess.run(restore, capture_output=True, text=True, env=clean_environment(), check=False)
    assert (done.returncode, "0 not as they should be" in done.stdout) == (0, True), done.stderr
