"""Several processes at a time on one database: nothing is told twice, nothing is lost, nobody crashes."""

from __future__ import annotations

import datetime as dt
import email
import subprocess
from collections import Counter
from pathlib import Path

from conftest import PROGRAM, Run
from sqlalchemy import select

from bench import kills
from demo.web import DemoWeb
from notify import subscriptions
from notify.subscriptions import Filter, Rhythm
from store import models as rows
from store.database import Database
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
    calm = kills.prepared(tmp_path / "calm", watched)
    for day in (1, 3):
        watched.day = day
        for _ in range(2):  # the second look at what is missing
            kills.crawl(calm)
        for status, said, complaint in ended(
            [started(data, environment, "crawl", "--all") for _ in range(2)]
        ):
            left = said.count(": busy: ")
            assert (
                complaint.count("another process crawls it at this moment") == left == complaint.count("\n")
            )
            assert status == (1 if left else 0)
        kills.crawl(data, database_url)
    assert kills.state(data, database_url) == kills.state(calm)
    assert kills.unreadable(data, database_url) == 0


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
