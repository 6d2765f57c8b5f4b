"""Work that is handed out: what is handed out to whom, what holds when somebody dies, and what is said when it can't be."""

from __future__ import annotations

import datetime as dt
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import PROGRAM, Kept, Kits, Run, clean_environment
from sqlalchemy import select, text

from bench import kills, postgresql
from crawler.sources import catalogue
from demo.web import DemoWeb
from scheduler import queue
from scheduler.queued import Queued, chosen
from scheduler.service import Terms
from scheduler.work import Limits
from store import metrics
from store import models as rows
from store import queue as standing
from store.agenda import Due
from store.database import Database
from store.errors import OperatorError
from store.locks import Claims

NOW = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
SECRET = "a secret of the tests, and long enough"
GROUND = queue.Ground.of("here", SECRET)


@pytest.fixture
def database_kind() -> str:
    """A queue is PostgreSQL's."""
    return "postgresql"


@pytest.fixture
def kept(kits: Kits, server: postgresql.Server, tmp_path: Path) -> Iterator[Kept]:
    own = kits.get("empty", server).copied(tmp_path / "data", server)
    yield own
    server.drop(own.url)


@pytest.fixture
def service(database: Database, watched: DemoWeb, data: Path) -> Queued:
    folders = (data / "sources",)
    terms = Terms("Asia/Shanghai", folders, lambda: catalogue.load(*folders), Limits(60, 1 << 30), 100)
    made = Queued(database, GROUND, lambda: terms, lambda: NOW)
    made.refresh()
    return made


def test_what_is_crawled_by_hand_is_not_handed_out_until_it_ends(service: Queued, database: Database) -> None:
    with Claims(database) as by_hand:
        assert by_hand.take("demo-longyuan")
        assert service.hand_out() == 2
    assert service.hand_out() == 1


def test_nothing_is_handed_out_twice(service: Queued, database: Database) -> None:
    assert [service.hand_out(), service.hand_out()] == [3, 0]
    assert [service.hand_out_chores(), service.hand_out_chores()] == [["digests"], []]
    with database.read() as session:
        live, lines = standing.live(session), standing.standing(session)
    assert (len(live.hosts), live.waiting, live.kinds) == (3, 3, {"crawl", "digests"})
    assert lines is not None
    assert [(line.kind, line.waiting, line.doing) for line in lines.lines] == [
        ("crawl", 3, 0),
        ("digests", 1, 0),
    ]
    assert b'yaodian_queue_jobs{kind="crawl",state="waiting"} 3.0' in metrics.text(database, NOW)
    # Another version of procrastinate finds its own tables, and what was in the old ones is due still.
    with database.write() as session:
        session.execute(text(f"""comment on schema {standing.SCHEMA} is '{{"version": "2.0"}}'"""))
    queue.prepare(database)
    assert service.hand_out() == 3


def test_fresh_listings_come_before_back_fill_and_few_hosts_are_spread() -> None:
    due = [Due(f"s{n}", f"h{n}", 0, is_listing=n % 2 == 1) for n in range(6)]
    made = chosen(due, 64)
    assert [(priority, batch[0]) for priority, batch in made] == [
        (queue.FRESH, "s1"), (queue.FRESH, "s3"), (queue.FRESH, "s5"),
        (queue.BACKFILL, "s0"), (queue.BACKFILL, "s2"), (queue.BACKFILL, "s4"),
    ]  # fmt: skip
    assert len(chosen(due, 4)) == 4
    assert chosen([Due("a", "h", 0, True), Due("b", "h", 0, False)], 64) == [(queue.FRESH, ("a", "b"))]
    many = chosen([Due(f"s{n}", f"h{n}", 0) for n in range(800)], 64)
    assert (len(many), {len(batch) for _, batch in many}) == (32, {25})


def test_what_was_claimed_is_taken_anew_when_the_connection_breaks(
    database: Database, server: postgresql.Server
) -> None:
    cut = f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{server.name(database.url)}'"
    with Claims(database) as ours, Claims(Database(database.url)) as theirs:
        assert ours.take("host a")
        assert not theirs.take("host a")
        server.execute(cut)
        ours.hold()
        assert not Claims(database).take("host a")
        server.execute(cut)
        with Claims(Database(database.url)) as faster:
            assert faster.take("host a")
            with pytest.raises(OperatorError, match="another process took it"):
                ours.hold()


class Process:
    """`yaodian` as a process that goes on until it is ended."""

    def __init__(self, data: Path, environment: dict[str, str], *words: str) -> None:
        self.log = (data / f"{words[0]}-{time.monotonic_ns()}.log").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [*PROGRAM, "--data", str(data), *words],
            env=environment | {"YAODIAN_LOG": "json"},
            stdout=subprocess.DEVNULL,
            stderr=self.log,
        )

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()


@pytest.fixture
def started(data: Path, environment: dict[str, str]) -> Iterator[Callable[..., Process]]:
    running: list[Process] = []

    def start(*words: str) -> Process:
        running.append(Process(data, environment, *words))
        return running[-1]

    yield start
    for one in running:
        one.process.kill()
        one.process.wait()
        one.log.close()


def until(is_so: Callable[[], object], wait_s: float = 120) -> None:
    end = time.monotonic() + wait_s
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.1)


def outcomes(database: Database) -> list[str | None]:
    with database.read() as session:
        return list(session.scalars(select(rows.Run.outcome)))


def test_a_dead_workers_crawl_is_taken_over_and_a_live_one_ends_in_order(
    watched: DemoWeb,
    started: Callable[..., Process],
    data: Path,
    database: Database,
    yaodian: Run,
    tmp_path: Path,
) -> None:
    service = started("serve", "--queue", "--no-web")
    first = started("worker")
    until(lambda: outcomes(database))
    first.end(signal.SIGKILL)
    service.end(signal.SIGKILL)
    assert "no worker lives" in yaodian("doctor").stdout
    second = started("worker", "--crawls", "3", "--no-chores")
    until(
        lambda: (
            len(outcomes(database)) - outcomes(database).count("killed") == 3
            and None not in outcomes(database)
        )
    )
    assert "taken over from a dead worker" in second.said()
    assert "1 workers (" in yaodian("doctor").stdout
    assert second.end() == 0
    calm = kills.prepared(tmp_path / "calm", watched)
    kills.crawl(calm)
    assert kills.state(data, database.url) == kills.state(calm)


def test_a_worker_waits_for_a_database_that_is_gone_and_goes_on(
    watched: DemoWeb, started: Callable[..., Process], server: postgresql.Server, database: Database
) -> None:
    name = server.name(database.url)
    started("serve", "--queue", "--no-web")
    worker = started("worker", "--crawls", "3", "--no-chores")
    until(lambda: outcomes(database))
    server.execute(f"alter database {name} with allow_connections false")
    server.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'")
    until(lambda: "the database is gone" in worker.said())
    server.execute(f"alter database {name} with allow_connections true")
    until(lambda: outcomes(database).count("done") == 3)
    assert worker.end() == 0
    with database.read() as session:
        assert set(session.scalars(select(rows.Duty.crashes))) == {0}


def test_why_there_can_be_no_queue_or_worker_is_one_line(
    yaodian: Run, data: Path, database: Database, tmp_path: Path
) -> None:
    def line(*words: str, **settings: str) -> str:
        done = yaodian(*words, **settings)
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        return done.stderr

    sqlite = {"YAODIAN_DATABASE_URL": f"sqlite:///{tmp_path / 'own.db'}"}
    assert yaodian("init", **sqlite).returncode == 0
    for words in (("serve", "--queue", "--no-web"), ("worker",)):
        assert "a queue needs PostgreSQL; set YAODIAN_DATABASE_URL" in line(*words, **sqlite)
    (tmp_path / "none" / "procrastinate").mkdir(parents=True)
    (tmp_path / "none" / "procrastinate" / "__init__.py").write_text("raise ImportError")
    bare = {"PYTHONPATH": f"{tmp_path / 'none'}:{clean_environment()['PYTHONPATH']}"}
    assert "pip install 'yaodian[cluster]'" in line("worker", **bare)
    queue.prepare(database, GROUND)
    assert "set the same YAODIAN_SECRET here and there" in line("worker")
    assert "set the same YAODIAN_ARCHIVE_URL" in line("worker", YAODIAN_SECRET=SECRET)
    gone = database.url.replace("host=", "host=/nowhere")
    assert "start PostgreSQL there" in line("worker", YAODIAN_DATABASE_URL=gone)
