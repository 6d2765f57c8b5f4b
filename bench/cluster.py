"""Several workers and a scheduler as processes, with PostgreSQL and an S3 server, killed at random.

python -m bench.cluster [--minutes 10] [--pause 8] [--workers 3] [--sources 60] [--hosts 20] [--seed N]

kill -9 of a worker, of the scheduler, of PostgreSQL, every few seconds; days go by meanwhile, each as soon as all
sources were crawled twice and its digest is made. Then the same versions, changes and digests as one undisturbed machine
with SQLite, and no host was ever asked twice at a time, as the hosts themselves counted.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import fsspec
from sqlalchemy import func, select, update

from bench import kills, postgresql
from bench.many_sites import ManySites
from notify import subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import models as rows
from store.database import Database
from store.errors import OperatorError
from store.objects import Objects
from store.verify import files, verify

PAST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
DURABLE = {"synchronous_commit": "on", "full_page_writes": "on", "max_connections": "200"}


@dataclass
class Fleet:
    """The processes of one installation; `kill` takes one away as kill -9 does, and puts another in its place."""

    data: Path
    environment: dict[str, str]
    server: postgresql.Server
    workers: int
    crawls: int = 2
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)

    def start(self, name: str) -> None:
        words = (
            ("serve", "--queue", "--no-web")
            if name == "scheduler"
            else ("worker", "--crawls", str(self.crawls))
        )
        # A worker has nothing but its own folder, as on a machine of its own.
        folder = self.data if name == "scheduler" else self.data.with_name(name)
        folder.mkdir(exist_ok=True)
        with (folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-m", "yaodian", "--data", str(folder), *words],
                env=self.environment,
                stderr=log,
            )

    def start_all(self) -> None:
        for name in ("scheduler", *(f"worker{n}" for n in range(self.workers))):
            self.start(name)

    def kill(self, name: str) -> None:
        self.killed[name.rstrip("0123456789")] += 1
        if name == "postgresql":
            self.server.kill()
            time.sleep(0.5)
            self.server.start()
        else:
            self.running[name].kill()
            self.running[name].wait()
            self.start(name)

    def see_to_it(self) -> None:
        """What ended by itself, since there was no database when it began, is begun again, as systemd would."""
        for name, process in list(self.running.items()):
            if process.poll() is not None:
                self.start(name)

    def gone(self) -> None:
        """Nothing of it is left, however the measurement ended."""
        for process in self.running.values():
            process.kill()
            process.wait()

    def end(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(90)


@contextmanager
def storage() -> Iterator[dict[str, str]]:
    """moto's S3 as a process, with one bucket; the settings that lead there."""
    with tempfile.TemporaryFile() as log:
        program = Path(sys.executable).with_name("moto_server")
        with _free_port() as port:
            process = subprocess.Popen([program, "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log)
        environment = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
        os.environ.update(environment)
        # Of an earlier server of this process: fsspec keeps what it has connected to.
        fsspec.get_filesystem_class("s3").clear_instance_cache()
        try:
            for attempt in range(100):
                try:
                    Objects("s3://yaodian/archive").files.mkdir("yaodian")
                    break
                except (OSError, OperatorError):
                    time.sleep(0.2 + attempt / 100)
            yield environment
        finally:
            process.kill()
            process.wait()


@contextmanager
def _free_port() -> Iterator[int]:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
    yield port


@contextmanager
def installed(
    folder: Path, sites: ManySites, workers: int, crawls: int = 2
) -> Iterator[tuple[Fleet, Database, Objects]]:
    """Everything but the processes of Yaodian."""
    binaries = postgresql.programs()
    if binaries is None:
        raise OperatorError(postgresql.MISSING)
    with ExitStack() as stack:
        server = stack.enter_context(postgresql.running(binaries, **DURABLE))
        there = stack.enter_context(storage())
        url = server.create()
        data = prepared(folder / "scheduler", sites, url)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("YAODIAN_")}
        environment |= there | {
            "YAODIAN_DATABASE_URL": url,
            "YAODIAN_ARCHIVE_URL": "s3://yaodian/archive",
            "YAODIAN_SECRET": "the same on all machines of this measurement",
            "YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1",
            "YAODIAN_RECHECKS_PER_HOST": "1000000",
            "YAODIAN_LOG": "json",
        }
        database = Database(url)
        stack.callback(database.close)
        fleet = Fleet(data, environment, server, workers, crawls)
        stack.callback(fleet.gone)
        yield fleet, database, Objects("s3://yaodian/archive")


def prepared(folder: Path, sites: ManySites, url: str) -> Path:
    (folder / "sources").mkdir(parents=True)
    for source, text in sites.files().items():
        (folder / "sources" / f"{source}.yaml").write_text(text, encoding="utf-8")
    database = kills.opened(folder, url)
    database.upgrade()
    made = subscriptions.subscribe(database, "reader@example.org", Filter(), Rhythm(), PAST)
    subscriptions.confirm(database, made.id, PAST)
    postpone(database)
    database.close()
    return folder


def postpone(database: Database) -> None:
    """No digest until it is asked for: which changes come together is then the same however long a day takes."""
    with database.write() as session:
        later = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
        session.execute(update(rows.Subscription).values(next_due_at=later))


def made_due(database: Database, *, digest: bool = False) -> None:
    with database.write() as session:
        if digest:
            session.execute(update(rows.Subscription).values(next_due_at=PAST))
            session.execute(update(rows.Chore).where(rows.Chore.name == "digests").values(due_at=PAST))
            return
        session.execute(update(rows.Source).values(next_due_at=PAST))
        session.execute(
            update(rows.Document).where(rows.Document.next_check_at.is_not(None)).values(next_check_at=PAST)
        )
        # A source that was killed three times over rests; the measurement does not.
        session.execute(update(rows.Duty).values(claimed_until=None))


def crawled_since(database: Database, begun: dt.datetime) -> int:
    with database.read() as session:
        return session.scalar(
            select(func.count(rows.Run.source_id.distinct())).where(
                rows.Run.started_at > begun, rows.Run.outcome.is_not(None),
                rows.Run.outcome.not_in(("killed", "interrupted")),
            )
        ) or 0  # fmt: skip


def digests(database: Database) -> list[list[tuple[str, str, int]]]:
    """Each digest as the changes that it carries, without the moments at which they came."""
    carried: dict[int, list[tuple[str, str, int]]] = {}
    with database.read() as session:
        found = session.execute(
            select(
                rows.DigestChange.digest_id, rows.Change.document_id, rows.Change.type, rows.Version.number
            )
            .join(rows.Change, rows.Change.id == rows.DigestChange.change_id)
            .outerjoin(rows.Version, rows.Version.id == rows.Change.to_version_id)
        )
        for digest, document, kind, number in found:
            carried.setdefault(digest, []).append((document, kind, number or 0))
    return sorted(sorted(one) for one in carried.values())


def until(is_so: Callable[[], bool], meanwhile: Callable[[], None], most_s: float) -> None:
    end = time.monotonic() + most_s
    while True:
        with suppress(OperatorError):  # PostgreSQL was killed just now
            if is_so():
                return
        if time.monotonic() > end:
            raise SystemExit(f"not done after {most_s:g} seconds")
        meanwhile()
        time.sleep(0.3)


def surely(action: Callable[[], None]) -> None:
    while True:
        try:
            return action()
        except OperatorError:
            time.sleep(0.3)


class Killer:
    """Kills one of the fleet every few seconds until its time is up."""

    def __init__(
        self, fleet: Fleet, chance: random.Random, seconds: float, pause_s: tuple[float, float]
    ) -> None:
        self.fleet, self.chance, self.pause_s = fleet, chance, pause_s
        self.end = time.monotonic() + seconds
        self.next = time.monotonic() + chance.uniform(*pause_s)

    def __call__(self) -> None:
        self.fleet.see_to_it()
        if self.next < time.monotonic() < self.end:
            workers = [f"worker{n}" for n in range(self.fleet.workers)]
            self.fleet.kill(self.chance.choice([*workers, *workers, "scheduler", "postgresql"]))
            self.next = time.monotonic() + self.chance.uniform(*self.pause_s)


def disturbed(
    fleet: Fleet, database: Database, sites: ManySites, killer: Killer, least_days: int, most_s: float
) -> int:
    """Days go by until the killer's time is up; returns how many."""
    fleet.start_all()
    while True:
        for _ in range(2):  # the second look at what is missing
            begun = dt.datetime.now(dt.UTC)
            surely(lambda: made_due(database))
            until(lambda b=begun: crawled_since(database, b) == sites.sources, killer, most_s)  # type: ignore[misc]
        surely(lambda: made_due(database, digest=True))

        def all_carried() -> bool:
            with database.read() as session:
                carried = session.scalar(select(func.count()).select_from(rows.DigestChange))
                return carried == session.scalar(select(func.count()).select_from(rows.Change))

        until(all_carried, killer, most_s)
        surely(lambda: postpone(database))
        if time.monotonic() > killer.end and sites.day >= least_days:
            fleet.end()
            return sites.day
        sites.day += 1


def calm(folder: Path, sites: ManySites, days: int) -> tuple[kills.State, list[list[tuple[str, str, int]]]]:
    """One undisturbed machine, with SQLite and its archive on the disk."""
    data = prepared(folder, sites, "")
    database = kills.opened(data)
    for day in range(1, days + 1):
        sites.day = day
        for _ in range(2):
            kills.crawl(data)
        made_due(database, digest=True)
        subprocess.run(
            [sys.executable, "-m", "yaodian", "--data", str(data), "digest", "send", "--due"],
            check=True, capture_output=True,
        )  # fmt: skip
        postpone(database)
    found = digests(database)
    database.close()
    return kills.state(data), found


@dataclass(frozen=True)
class Proof:
    days: int
    killed: dict[str, int]
    requests: int
    most_at_a_host: int
    is_same: bool
    are_digests_same: bool
    counts: dict[str, int]
    problems: int
    objects: int

    @property
    def holds(self) -> bool:
        return self.is_same and self.are_digests_same and self.most_at_a_host == 1 and not self.problems


def proof(
    folder: Path, sites: ManySites, *, workers: int, seconds: float, pause_s: tuple[float, float], seed: int,
    least_days: int = 2, most_s: float = 3600,
) -> Proof:  # fmt: skip
    with installed(folder, sites, workers) as (fleet, database, archive):
        killer = Killer(fleet, random.Random(seed), seconds, pause_s)
        days = disturbed(fleet, database, sites, killer, least_days, most_s)
        requests, most = sites.requests, max(sites.most.values())
        found, sent = kills.state(fleet.data, database.url), digests(database)
        problems = sum(len(one.problems) for one in verify(database, archive, files(database)))
        objects = len(archive.sizes())
    wanted, wanted_digests = calm(folder / "calm", sites, days)
    counts = {name: len(some) for name, some in wanted.items()} | {"digests": len(sent)}
    return Proof(
        days, dict(fleet.killed), requests, most, found == wanted, sent == wanted_digests, counts, problems, objects
    )  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.cluster")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--sources", type=int, default=60)
    parser.add_argument("--hosts", type=int, default=20)
    parser.add_argument("--documents", type=int, default=6)
    parser.add_argument("--pause", type=float, default=8, help="seconds between two kills, on average")
    parser.add_argument("--seed", type=int, default=20261125)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yaodian-cluster-") as name:
        folder = Path(name)
        with ManySites(chosen.hosts, chosen.sources, chosen.documents, 0.05) as sites:
            made = proof(
                folder, sites, workers=chosen.workers, seconds=60 * chosen.minutes, pause_s=(0.4 * chosen.pause, 1.6 * chosen.pause), seed=chosen.seed,
            )  # fmt: skip
    kinds = ", ".join(f"{name} {count}" for name, count in sorted(made.killed.items()))
    print(f"{made.days} days, killed: {kinds}; {', '.join(f'{n} {k}' for k, n in made.counts.items())}")
    print(f"same documents, versions and changes: {made.is_same}; same digests: {made.are_digests_same}")
    print(f"{made.requests} requests, at most {made.most_at_a_host} at a time to a host")
    print(f"{made.objects} objects in the bucket; records that can't be read back: {made.problems}")
    return 0 if made.holds else 1


if __name__ == "__main__":
    sys.exit(main())
