"""kill -9 of the sender at random moments, against an SMTP server that refuses, delays, cuts and turns away.

python -m bench.senders [KILLS] [SEED] [URL]

Several senders at once take one outbox, and are killed again and again. In the end each subscriber got each change
exactly once; what the server took twice came twice under the same Message-ID. With the URL of an empty PostgreSQL
database it is done there.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select, update

from bench import mailserver
from bench.kills import opened
from notify import outbox, subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import models as rows
from store.database import Database
from store.flow import Difference
from store.shapes import difference_to_json

SENDERS = 3
SUBSCRIBERS = 40
BAD = ("--refuse", ".05", "--later", ".05", "--busy", ".05", "--drop", ".05", "--delay", ".1")
START = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Result:
    """`told` counts for each subscription and change the different mails that carried it; `again` is how many mails
    were taken more than once."""

    kills: int
    mails: int
    taken: int
    again: int
    told: Counter[tuple[int, int]]
    expected: int

    @property
    def holds(self) -> bool:
        return len(self.told) == self.expected and set(self.told.values()) == {1}


def subscribe(database: Database, subscribers: int) -> None:
    for number in range(subscribers):
        made = subscriptions.subscribe(database, f"r{number}@example.org", Filter(), Rhythm(), START)
        subscriptions.confirm(database, made.id, START)


def add_changes(database: Database, count: int, first: int) -> None:
    """Documents that were found just now, each with the change that says so."""
    now = dt.datetime.now(dt.UTC)
    with database.write() as session:
        if session.get(rows.Source, "bench") is None:
            session.add(
                rows.Source(
                    id="bench", name="某县教育局", publisher="某县教育局", region="620000", kind="official"
                )
            )
            session.flush()
        for number in range(first, first + count):
            document = f"d{number:012d}"
            session.add(
                rows.Plan(
                    id=f"p{number:012d}",
                    title=f"某县{number}年教育工作要点",
                    region="620000",
                    kind="工作要点",
                )
            )
            session.flush()
            session.add(
                rows.Document(
                    id=document,
                    source_id="bench",
                    url=f"https://www.example.org/{number}.html",
                    listed_title=f"某县{number}年教育工作要点",
                    found_at=now,
                    state="live",
                    plan_id=f"p{number:012d}",
                    role="original",
                )
            )
            session.flush()
            session.add(
                rows.Change(
                    document_id=document,
                    type="new",
                    detected_at=now,
                    difference=difference_to_json(Difference()),
                )
            )


def send(data: Path, url: str, port: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "YAODIAN_DATABASE_URL": url,
        "YAODIAN_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "YAODIAN_MAIL_FROM": "Yaodian <yaodian@example.org>",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "yaodian", "--data", str(data), "digest", "send", "--all"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def proof(
    data: Path,
    kills: int,
    chance: random.Random,
    url: str = "",
    words: Sequence[str] = BAD,
    *,
    subscribers: int = SUBSCRIBERS,
) -> Result:
    """Kills while mail is being sent: whenever the outbox is empty, there is something new to be told."""
    database = opened(data, url)
    database.upgrade()
    subscribe(database, subscribers)
    changes, killed = 0, 0
    with mailserver.running(data / "taken.jsonl", *words) as server:
        processes: list[subprocess.Popen[bytes]] = []
        while killed < kills:
            if not waiting(database):
                add_changes(database, 2, changes)
                changes += 2
            processes = [one for one in processes if one.poll() is None]
            processes += [send(data, url, server.port) for _ in range(SENDERS - len(processes))]
            before = len(server.taken())
            deadline = time.monotonic() + 60
            # Into the midst of the work, wherever that is: the start of a process takes longer than its mails.
            while len(server.taken()) < before + chance.randint(1, 12) and time.monotonic() < deadline:
                hasten(database)
                if all(one.poll() is not None for one in processes):
                    break
                time.sleep(chance.uniform(0, 0.05))
            victim = chance.choice(processes)
            if victim.poll() is None:
                victim.kill()
                victim.wait()
                killed += 1
        for one in processes:
            one.wait()
        while waiting(database):
            hasten(database)
            send(data, url, server.port).wait()
        result = judged(database, server.taken(), killed, subscribers * changes)
    database.close()
    return result


def waiting(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).where(rows.Delivery.state != outbox.SENT)) or 0


def hasten(database: Database) -> None:
    """The hours of the back-off pass, and who was paused for bounces goes on."""
    past = dt.datetime.now(dt.UTC)
    with database.read() as session:
        paused = session.scalars(
            select(rows.Subscription.id).where(rows.Subscription.state == subscriptions.PAUSED)
        ).all()
    for subscription in paused:
        subscriptions.resume(database, subscription, past)
    with database.write() as session:
        session.execute(
            update(rows.Delivery)
            .where(rows.Delivery.state == outbox.WAITING, rows.Delivery.due_at > past)
            .values(due_at=past)
        )


def judged(database: Database, taken: Sequence[mailserver.Taken], kills: int, expected: int) -> Result:
    times = Counter(one.message_id for one in taken)
    told: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
    with database.read() as session:
        carried = session.execute(
            select(
                rows.DigestChange.subscription_id, rows.DigestChange.change_id, rows.Delivery.message_id
            ).join(rows.Delivery, rows.Delivery.digest_id == rows.DigestChange.digest_id)
        )
        for subscription, change, message_id in carried:
            if times[message_id]:
                told[subscription, change].add(message_id)
        mails = session.scalar(select(func.count()).select_from(rows.Delivery)) or 0
    return Result(
        kills,
        mails,
        len(taken),
        sum(1 for count in times.values() if count > 1),
        Counter({key: len(ids) for key, ids in told.items()}),
        expected,
    )


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20261121
    url = sys.argv[3] if len(sys.argv) > 3 else ""
    with tempfile.TemporaryDirectory() as folder:
        result = proof(Path(folder), kills, random.Random(seed), url)
    print(
        f"{result.kills} kills (seed {seed}) of {SENDERS} senders; {result.mails} mails, {result.taken} taken by the "
        f"server, {result.again} of them again under the same Message-ID; {len(result.told)} of {result.expected} "
        f"changes told, each once: {result.holds}"
    )
    return 0 if result.holds else 1


if __name__ == "__main__":
    sys.exit(main())
