"""The service as its operator meets it: what it does by itself, how it ends, and what a killed one leaves."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PROGRAM
from sqlalchemy import select, update

from demo.web import DemoWeb
from notify import outbox, subscriptions
from notify.filters import Filter
from notify.parcels import Letter, Reader
from notify.subscriptions import Rhythm
from scheduler.work import batches
from store import agenda, metrics, runs
from store import models as rows
from store.agenda import Due, Wanted
from store.database import Database
from store.flow import Origin
from web.server import listen

NOW = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


class Served:
    """`yaodian serve` as a process, and what it logs."""

    def __init__(self, data: Path, environment: dict[str, str]) -> None:
        self.log = (data / "serve.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*PROGRAM, "--data", str(data), "serve", "--no-web"],
            env=environment | {"YAODIAN_LOG": "json"},
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )

    def events(self) -> list[dict[str, object]]:
        self.log.seek(0)
        return [json.loads(line) for line in self.log if line.endswith("\n")]

    def wait(self, is_there: Callable[[list[dict[str, object]]], bool]) -> list[dict[str, object]]:
        until = time.monotonic() + 240
        while not is_there(found := self.events()):
            assert self.process.poll() is None, found
            assert time.monotonic() < until, found
            time.sleep(0.1)
        return found

    def children(self) -> list[int]:
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for path in tasks for pid in path.read_text().split()]

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        status = self.process.wait(60)
        self.log.close()
        return status


@pytest.fixture
def served(watched: DemoWeb, data: Path, environment: dict[str, str]) -> Iterator[Served]:
    running = Served(data, environment)
    yield running
    if running.process.poll() is None:
        running.end(signal.SIGKILL)


def crawled(events: list[dict[str, object]]) -> list[object]:
    return [event["source"] for event in events if event["event"] == "crawl ended"]


@pytest.mark.one_database
def test_the_service_crawls_what_is_due_takes_up_a_changed_file_and_ends_in_order(
    served: Served, data: Path, database: Database
) -> None:
    events = served.wait(lambda found: len(crawled(found)) == 3)
    assert all({"event", "level", "timestamp"} <= set(event) for event in events)
    assert {"source", "document", "url", "change"} <= set(next(e for e in events if e["event"] == "document"))
    path = data / "sources" / "demo-longyuan.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nmatch: {any: [工作计划]}\n", encoding="utf-8")
    assert crawled(served.wait(lambda found: len(crawled(found)) == 4))[3] == "demo-longyuan"
    path.write_text("no source", encoding="utf-8")
    refused = served.wait(lambda found: any(e["event"] == "source file refused" for e in found))
    assert "demo-longyuan.yaml" in str(refused[-2:])
    assert served.end(signal.SIGTERM) == 0
    with database.read() as session:
        assert session.get(rows.Duty, "demo-longyuan") is not None  # its last good file holds
        assert set(session.scalars(select(rows.Run.outcome))) == {"done"}
        assert set(session.scalars(select(rows.Duty.claimed_by))) == {None}
    assert b'yaodian_runs{outcome="done"} 4.0' in metrics.text(database, NOW)


@pytest.mark.one_database
def test_children_end_with_a_killed_service_and_the_next_one_goes_on(
    served: Served, data: Path, database: Database, environment: dict[str, str]
) -> None:
    served.wait(lambda found: any(event["event"] == "crawl begins" for event in found))
    children = served.children()
    assert children
    served.end(signal.SIGKILL)
    until = time.monotonic() + 10
    while any(_lives(pid) for pid in children):
        assert time.monotonic() < until
        time.sleep(0.05)
    with database.write() as session:  # two minutes later
        session.execute(update(rows.Duty).values(claimed_until=NOW))
    again = Served(data, environment)
    again.wait(lambda found: any(event["event"] == "crawl begins" for event in found))
    assert again.end(signal.SIGTERM) == 0  # amid a crawl, which ends between two pages
    with database.read() as session:
        assert set(session.scalars(select(rows.Run.outcome))) <= {"killed", "interrupted", "done"}
        assert set(session.scalars(select(rows.Duty.claimed_by))) == {None}
        assert set(session.scalars(select(rows.Duty.crashes))) == {0}


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# ── what is due, in rows ──


def duties(database: Database, *names: str, rules: str = "r", at: dt.datetime = NOW) -> None:
    agenda.sync(
        database,
        [Wanted(name, f"{name[0]}.example.org", "{}", rules) for name in names],
        lambda _, crawled_at: crawled_at + HOUR,
        lambda _, noted: noted if noted <= at + 2 * HOUR else at,
    )


def taken(database: Database, service: str, at: dt.datetime) -> set[str]:
    return agenda.claim(database, service, at, lambda due: {one.id for one in due})


def finished(database: Database, name: str, at: dt.datetime) -> None:
    run = runs.begin(database, Origin(name, name, name, "620000", "official", "r"), lambda: at)
    run.finish("done", {}, at + HOUR)


def test_what_is_due_is_claimed_by_one_service(database: Database) -> None:
    duties(database, "a1", "a2", "b1")
    one = agenda.claim(database, "one", NOW, lambda due: {due[0].id})
    assert one == {"a1"}
    assert taken(database, "two", NOW) == {"b1"}  # the host of a1 is asked by the other service
    assert taken(database, "three", NOW) == set()
    agenda.renew(database, "one", NOW + agenda.LEASE)
    assert taken(database, "three", NOW + agenda.LEASE + HOUR / 60) == {"b1"}  # "two" was killed
    finished(database, "a1", NOW)
    agenda.release(database, "one", ["a1"])
    assert taken(database, "three", NOW) == {"a2"}
    agenda.resign(database, "three")
    assert taken(database, "four", NOW) == {"a2", "b1"}


def test_what_crashes_rests_longer_each_time_and_is_run_alone(database: Database) -> None:
    duties(database, "a1")
    at, rests = NOW, []
    for _ in range(4):
        assert taken(database, "one", at) == {"a1"}
        agenda.rest(database, "one", ["a1"], at)
        since = at
        while not taken(database, "two", at):
            at += dt.timedelta(minutes=1)
        agenda.rest(database, "two", [], at)
        with database.write() as session:
            session.execute(update(rows.Duty).values(claimed_by=None, claimed_until=None))
        rests.append((at - since) / dt.timedelta(minutes=1))
    assert rests == [5, 10, 20, 40]
    due = [Due("a1", "a", 0), Due("a2", "a", 2), Due("b1", "b", 0), Due("c1", "c", 0)]
    assert batches(due, 9) == [("b1", "c1"), ("a2",)]


def test_new_rules_are_tried_at_once_and_a_clock_that_was_ahead_is_forgotten(database: Database) -> None:
    duties(database, "a1", "b1")
    finished(database, "a1", NOW)
    finished(database, "b1", NOW + dt.timedelta(days=900))
    assert taken(database, "one", NOW) == set()
    duties(database, "a1", "b1", rules="r")
    assert taken(database, "one", NOW) == {"b1"}
    duties(database, "a1", "b1", rules="other")
    assert taken(database, "two", NOW) == {"a1"}
    duties(database, "a1")
    with database.read() as session:
        assert session.scalars(select(rows.Duty.source_id)).all() == ["a1"]


def test_what_a_clock_that_was_far_ahead_noted_holds_nothing_up(archive: Database) -> None:
    """Else documents would not be looked at, digests not be made and mails not be sent for a year."""
    year = dt.timedelta(days=365)
    made = subscriptions.subscribe(archive, "reader@example.org", Filter(), Rhythm(), NOW)
    subscriptions.confirm(archive, made.id, NOW)
    letter = Letter("s", "t", "", "t", {})
    with archive.write() as session:
        outbox.put(session, "health", letter, [Reader("operator@example.org")], "example.org", NOW)
        for moment in (
            rows.Subscription.next_due_at, rows.Subscription.told_at, rows.Subscription.confirmed_at,
            rows.Delivery.due_at, rows.Document.next_check_at, rows.Source.recheck_due_at,
        ):  # fmt: skip
            session.execute(update(moment.class_).values({moment: NOW + year}))
        session.add(rows.Host(name="a", strain=1, not_before=NOW + year, asked=True, sign="", because=""))
    agenda.forget_ahead(archive, NOW)
    subscriptions.forget_ahead(archive, NOW)
    with archive.read() as session:
        subscription = session.get_one(rows.Subscription, made.id)
        assert subscription.next_due_at == dt.datetime(2026, 11, 30, tzinfo=dt.UTC)
        assert (subscription.told_at, subscription.confirmed_at) == (None, NOW)
        assert session.get_one(rows.Host, "a").not_before is None
        for moment in (rows.Delivery.due_at, rows.Document.next_check_at, rows.Source.recheck_due_at):
            assert set(session.scalars(select(moment))) == {NOW}
    with archive.write() as session:  # some hours are no reason
        session.execute(update(rows.Document).values(next_check_at=NOW + 5 * HOUR))
    agenda.forget_ahead(archive, NOW)
    with archive.read() as session:
        assert set(session.scalars(select(rows.Document.next_check_at))) == {NOW + 5 * HOUR}


def test_a_hosts_budget_for_rechecks_is_that_of_the_day(database: Database) -> None:
    with database.write() as session:
        granted = [agenda.spend(session, "a", NOW, 6, 10) for _ in range(3)]
        other = agenda.spend(session, "b", NOW, 6, 10), agenda.spend(session, "a", NOW + 24 * HOUR, 6, 10)
    assert (granted, other) == ([6, 4, 0], (6, 6))


def test_a_chore_is_done_by_one_service_and_made_up_once(database: Database) -> None:
    def claim(service: str, at: dt.datetime) -> list[str]:
        return agenda.claim_chores(
            database, service, at, {"tidy": NOW}, lambda _, noted: min(noted, at + 24 * HOUR)
        )

    assert claim("one", NOW) == ["tidy"]
    assert claim("two", NOW) == []
    agenda.finish_chore(database, "one", "tidy", NOW, NOW + 24 * HOUR)
    assert claim("one", NOW + 23 * HOUR) == []
    later = NOW + 24 * 5 * HOUR  # four days of downtime
    assert claim("one", later) == ["tidy"]
    agenda.finish_chore(database, "one", "tidy", later, later + 24 * HOUR)
    assert claim("one", later) == []


def test_who_ends_its_parent_ends_its_children() -> None:
    code = "import os, time; from crawler.lifeline import die_with_parent; die_with_parent(os.getppid() + 1)"
    done = subprocess.run(
        [*PROGRAM[:1], "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert (done.returncode, done.stderr) == (1, "its parent has ended\n")


def test_answers_on_a_kept_connection_are_sent_at_once() -> None:
    with listen("127.0.0.1", 0, "") as listens:
        listens.setblocking(True)
        with socket.create_connection(listens.getsockname()), listens.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
