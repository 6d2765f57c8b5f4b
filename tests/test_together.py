"""Several processes at a time on one database: nothing is told twice, nothing is lost, nobody crashes."""

from __future__ import annotations

import datetime as dt
import email
import random
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conftest import PROGRAM, Run
from sqlalchemy import select, update

from bench import kills
from demo.web import DemoWeb
from notify import subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import export
from store import models as rows
from store.archive import Archive
from store.database import Database
from store.flow import Capture, Entry, Listing, Metadata, Origin, Page, Visit
from store.keep import Keeper
from store.locks import Claims

BEFORE = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)


def started(data: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, "--data", str(data), *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(processes: list[subprocess.Popen[str]]) -> list[tuple[int, str, str]]:
    said = [process.communicate(timeout=120) for process in processes]
    return [(process.returncode, *both) for process, both in zip(processes, said, strict=True)]


def test_four_that_send_at_once_carry_each_change_once_and_deliver_each_mail_once(
    archive: Database, data: Path, environment: dict[str, str]
) -> None:
    for number in range(20):
        made = subscriptions.subscribe(archive, f"r{number}@example.org", Filter(), Rhythm(), BEFORE)
        subscriptions.confirm(archive, made.id, BEFORE)
    with archive.write() as session:
        # As after an earlier run of this week: no row changes but those that carry.
        session.execute(update(rows.Subscription).values(next_due_at=Rhythm().next(dt.datetime.now(dt.UTC))))
    answers = ended([started(data, environment, "digest", "send", "--all") for _ in range(4)])
    assert [(status, complaint) for status, _, complaint in answers] == [(0, "")] * 4
    told = Counter(
        line.split(":")[0] for _, said, _ in answers for line in said.splitlines() if "changes" in line
    )
    assert told == Counter({f"subscription {number}": 1 for number in range(1, 21)})
    mails = [email.message_from_bytes(path.read_bytes()) for path in (data / "outbox").glob("*.eml")]
    assert (
        len({mail["To"] for mail in mails}) == len({mail["Message-ID"] for mail in mails}) == len(mails) == 20
    )
    with archive.read() as session:
        changes = len(session.scalars(select(rows.Change.id)).all())
        assert len(session.scalars(select(rows.DigestChange.digest_id)).all()) == 20 * changes
        deliveries = session.execute(select(rows.Delivery.state, rows.Delivery.attempts)).all()
    assert [tuple(row) for row in deliveries] == [("sent", 1)] * 20


def test_two_that_crawl_the_same_sources_at_once_find_what_one_finds(
    watched: DemoWeb, data: Path, database_url: str, environment: dict[str, str], tmp_path: Path
) -> None:
    watched.day = 3
    calm = kills.prepared(tmp_path / "calm", watched)
    kills.crawl(calm)
    for status, said, complaint in ended([started(data, environment, "crawl", "--all") for _ in range(2)]):
        left = said.count(": busy: ")
        assert complaint.count("another process crawls it at this moment") == left == complaint.count("\n")
        assert status == (1 if left else 0)
    assert kills.state(data, database_url) == kills.state(calm)
    assert shared(data, database_url) == shared(calm)
    assert kills.unreadable(data, database_url) == 0


def shared(data: Path, url: str = "") -> set[frozenset[str]]:
    """The documents of each plan; a plan's own id depends on which of them was read first."""
    database = kills.opened(data, url)
    with database.read() as session:
        found = {frozenset(d["id"] for d in plan["documents"]) for plan in export.plans(session)}
    database.close()
    return found


def test_copies_that_are_read_at_the_same_moment_are_one_plan(database: Database, tmp_path: Path) -> None:
    """The official site's crawl and the mirror's, each in its own transaction."""
    together = threading.Barrier(2)

    def crawl(kind: str) -> None:
        own = Database(database.url)
        keeper = Keeper(
            own, Archive(tmp_path / kind), Origin(kind, kind, "某市教育局", "620000", kind), lambda: BEFORE
        )
        keeper.begin()
        entries = [
            Entry(f"https://{kind}.example.org/{n}.html", f"某市2026年教育工作要点之{n}", None)
            for n in range(8)
        ]
        listed = Capture(f"https://{kind}.example.org/", 200, (), kind.encode(), BEFORE)
        found = keeper.keep_listing(Visit(listed.url), listed, Listing(tuple(entries), None), entries).found
        for entry, visit in zip(entries, found, strict=True):
            capture = Capture(visit.url, 200, (), visit.url.encode(), BEFORE)
            page = Page(visit.url, entry.title, wording(entry.title), Metadata(), (), ())
            together.wait(timeout=60)
            keeper.keep_page(str(visit.document), capture, page)
        own.close()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(crawl, ("official", "mirror")))
    with database.read() as session:
        plans = list(export.plans(session))
        assert [sorted(d["role"] for d in plan["documents"]) for plan in plans] == [
            ["original", "reprint"]
        ] * 8
        assert {d["kind"] for plan in plans for d in plan["documents"] if d["role"] == "original"} == {
            "official"
        }


def wording(title: str) -> str:
    """Two thousand characters that no other title has."""
    chance = random.Random(title)
    return "".join(
        "".join(chance.choices("教育学校师生课程质量资源安全保障发展改革创新服务", k=20)) + "。"
        for _ in range(100)
    )


def test_a_source_that_another_process_crawls_is_left_to_it(
    watched: DemoWeb, database: Database, yaodian: Run
) -> None:
    with Claims(database) as claims:
        assert claims.take("demo-mirror")
        answer = yaodian("crawl", "demo-mirror")
    assert answer.returncode == 1
    assert answer.stderr == (
        "yaodian: demo-mirror: another process crawls it at this moment; it is left to that one\n"
    )
    assert not watched.requests
