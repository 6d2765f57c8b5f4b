"""kill -9 of the service while it works, over a simulated week. `python -m bench.kill_week [30] [seed]`

Each kill is aimed: one kind of work is made due, and once it runs the service is killed at a random moment of the time
that such work takes. Between two kills hours go by (what is due is moved up, as if it were later), and the sample web
goes through its days. At the end one service runs undisturbed. Then invariant 4.1 of the design has to hold: the same
documents, versions and changes as of a data directory that was never disturbed, every record whole, each change in
exactly one digest of each subscription and each mail handed over under one Message-ID; and doctor is clean.
"""

from __future__ import annotations

import datetime as dt
import email
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from email import policy
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text, update

from bench import kills
from demo.web import DemoWeb
from notify import subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from scheduler.chores import CHORES
from store import models as rows
from store.database import Database

CRAWL = "crawl"
# Half of the kills are meant for crawls, a quarter for digests and their sending.
AIMS = (CRAWL, "digests", CRAWL, "health", CRAWL, "digests", CRAWL, "verify", CRAWL, "digests", CRAWL, "tidy")
READERS = 30
PAST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PATIENCE_S = 120.0


@dataclass
class Served:
    """One service, and what it has logged."""

    data: Path
    process: subprocess.Popen[bytes] = field(init=False)
    _from: int = field(init=False)

    def __post_init__(self) -> None:
        environment = os.environ | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1", "YAODIAN_LOG": "json"}
        words = [sys.executable, "-m", "yaodian", "--data", str(self.data), "serve", "--no-web"]
        path = self.data / "serve.log"
        self._from = path.stat().st_size if path.exists() else 0
        with path.open("a") as log:
            self.process = subprocess.Popen(words, env=environment, stderr=log)

    def events(self) -> list[dict[str, Any]]:
        with (self.data / "serve.log").open("rb") as log:
            log.seek(self._from)
            return [json.loads(line) for line in log if line.endswith(b"\n")]

    def wait_for(self, kind: str) -> None:
        """Until work of that kind runs, a crawl in its child."""
        until = time.monotonic() + PATIENCE_S
        while _sign(kind) not in [(event["event"], event.get("kind")) for event in self.events()]:
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"no {kind} was begun: {self.events()[-3:]}")
            time.sleep(0.05)

    def kill(self) -> tuple[Counter[str], int]:
        """What ran in that moment, and how many of its children outlived it by five seconds."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        children = [int(pid) for path in tasks for pid in path.read_text().split()]
        self.process.kill()
        self.process.wait()
        running = Counter[str]()
        for event in self.events():
            running[str(event.get("kind"))] += {"work begins": 1, "work ended": -1}.get(event["event"], 0)
        until = time.monotonic() + 5
        while any(map(_lives, children)) and time.monotonic() < until:
            time.sleep(0.05)
        return +running, sum(map(_lives, children))

    def took(self, kind: str) -> float:
        """Seconds from the sign that such work runs to its end, the least; 0 when none has ended."""
        since, found = dt.datetime.max.replace(tzinfo=dt.UTC), list[float]()
        for event in self.events():
            at = dt.datetime.fromisoformat(event["timestamp"])
            if (event["event"], event.get("kind")) == _sign(kind):
                since = at
            elif (event["event"], event.get("kind")) == ("work ended", kind) and since < at:
                found.append((at - since).total_seconds())
        return min(found, default=0.0)


def _sign(kind: str) -> tuple[str, str]:
    """What is logged when such work runs: of a crawl, that its child has begun with a source."""
    return ("crawl begins" if kind == CRAWL else "work begins", kind)


def later(database: Database, aim: str = "") -> None:
    """Claims have run out and everything that waits is due, or of it one kind of work alone."""

    def due(kind: str) -> dt.datetime:
        return PAST if aim in ("", kind) else dt.datetime.now(dt.UTC) + dt.timedelta(minutes=50)

    with database.write() as session:
        session.execute(update(rows.Source).values(next_due_at=due(CRAWL), recheck_due_at=due(CRAWL)))
        waits = rows.Document.next_check_at.is_not(None)
        session.execute(update(rows.Document).where(waits).values(next_check_at=due(CRAWL)))
        session.execute(update(rows.Duty).values(claimed_by=None, claimed_until=None))
        for chore in CHORES:
            session.merge(
                rows.Chore(name=chore.name, due_at=due(chore.name), claimed_by=None, claimed_until=None)
            )
        session.execute(update(rows.Subscription).values(next_due_at=due("digests")))


def calmed(data: Path, database: Database, spans: dict[str, float]) -> None:
    """An undisturbed service, until all sources were crawled twice and the digests sent."""
    service = Served(data)
    for _ in range(2):
        later(database)
        _until(database, partial(_is_crawled_since, dt.datetime.now(dt.UTC)))
    later(database, "digests")
    waiting = select(func.count()).where(rows.Delivery.state == "waiting")
    _until(database, lambda session: _is_carried(session) and not session.scalar(waiting))
    service.process.terminate()
    service.process.wait(60)
    for aim in AIMS:
        spans[aim] = service.took(aim) or spans[aim]


def _until(database: Database, holds: Any) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        time.sleep(0.5)
        with database.read() as session:
            if holds(session):
                return
    raise RuntimeError("the service did not come to its end in time; see serve.log")


def _is_crawled_since(moment: dt.datetime, session: Any) -> bool:
    return bool(session.scalar(select(func.count()).where(rows.Source.last_crawled_at > moment)) == 3)


def _is_carried(session: Any) -> bool:
    """Each change is in one digest of each subscription: the key allows no second one."""
    carried = session.scalar(select(func.count()).select_from(rows.DigestChange))
    return bool(carried == READERS * session.scalar(select(func.count()).select_from(rows.Change)))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def disturbed(
    data: Path, database: Database, count: int, spans: dict[str, float], chance: random.Random
) -> Any:
    """So many kills; what each hit, and how many children were left."""
    hits, left = list[tuple[str, Counter[str]]](), 0
    for number in range(count):
        aim = AIMS[number % len(AIMS)]
        later(database, aim)
        service = Served(data)
        service.wait_for(aim)
        time.sleep(chance.uniform(0, spans[aim]))
        hit, orphans = service.kill()
        hits.append((aim, hit))
        left += orphans
        print(f"  aimed at {aim:8} hit {', '.join(sorted(hit)) or 'nothing'}", flush=True)
    return hits, left


def promised(data: Path, calm: Path, database: Database) -> dict[str, bool]:
    """What has to hold after all, and whether it does."""
    with database.read() as session:
        carried = _is_carried(session)
        sent = set(session.scalars(select(rows.Delivery.message_id).where(rows.Delivery.state == "sent")))
        all_sent = len(sent) == session.scalar(select(func.count()).select_from(rows.Delivery))
        half = session.execute(text("PRAGMA foreign_key_check")).all()
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=policy.default)["Message-ID"]
        for path in (data / "outbox").glob("*.eml")
    ]
    doctor = subprocess.run(
        [sys.executable, "-m", "yaodian", "--data", str(data), "doctor"],
        capture_output=True,
        text=True,
        check=False,
    )
    print(doctor.stdout)
    return {
        "documents, versions and changes are those of the undisturbed": kills.state(data)
        == kills.state(calm),
        "every capture's record is whole": kills.unreadable(data) == 0,
        "no row points nowhere": not half,
        "each change is in one digest of each subscription": carried,
        "each mail was handed over, under one Message-ID": all_sent and sorted(mails) == sorted(sent),
        "doctor is clean": doctor.returncode == 0,
    }


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 20261125)
    spans = dict.fromkeys(AIMS, 3.0)
    with tempfile.TemporaryDirectory() as folder, DemoWeb() as web:
        data, calm = kills.prepared(Path(folder) / "data", web), kills.prepared(Path(folder) / "calm", web)
        database = kills.opened(data)
        for number in range(READERS):
            made = subscriptions.subscribe(database, f"reader{number}@example.org", Filter(), Rhythm(), PAST)
            subscriptions.confirm(database, made.id, PAST)
        hits, left = list[tuple[str, Counter[str]]](), 0
        for day, some in ((1, count - count // 2), (3, count // 2)):
            web.day = day
            told, orphans = disturbed(data, database, some, spans, chance)
            hits, left = hits + told, left + orphans
            calmed(data, database, spans)
            for _ in range(2):
                kills.crawl(calm)
        holds = promised(data, calm, database) | {"no child outlived its service": left == 0}
        with database.read() as session:
            cut = session.scalar(select(func.count()).where(rows.Run.outcome == "killed"))
        database.close()
    by_kind = Counter(kind for _, hit in hits for kind in hit)
    idle = sum(not hit for _, hit in hits)
    print(
        f"{count} kills hit {', '.join(f'{n} {kind}' for kind, n in by_kind.most_common())}; {idle} hit nothing"
    )
    print(f"{cut} crawls of a source were cut")
    for what, does in holds.items():
        print(f"{'yes' if does else 'NO ':4}{what}")
    return 0 if all(holds.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
