"""kill -9 of the service at random moments over a simulated week. `python -m bench.kill_week [30] [seed]`

Between two kills hours go by (what is due is moved up, as if it were later); the sample web goes through its days.
At the end one service runs undisturbed. Then: the same documents, versions and changes as of a data directory that was
never disturbed, every record whole, each change in exactly one digest of a subscription to all, and a clean doctor.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select, update

from bench import kills
from demo.web import DemoWeb
from notify import subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import models as rows
from store.database import Database

LONGEST_S = 25.0


def serve(data: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1", "YAODIAN_LOG": "json"}
    words = [sys.executable, "-m", "yaodian", "--data", str(data), "serve", "--no-web"]
    with (data / "serve.log").open("a") as log:
        return subprocess.Popen(words, env=environment, stderr=log)


def later(database: Database) -> None:
    """Everything that waits is due, and claims have run out."""
    past = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with database.write() as session:
        session.execute(update(rows.Source).values(next_due_at=past))
        session.execute(
            update(rows.Document).where(rows.Document.next_check_at.is_not(None)).values(next_check_at=past)
        )
        session.execute(update(rows.Duty).values(claimed_by=None, claimed_until=None))
        session.execute(update(rows.Chore).values(due_at=past, claimed_by=None, claimed_until=None))
        session.execute(
            update(rows.Subscription).where(rows.Subscription.state == "active").values(next_due_at=past)
        )


def calmed(data: Path, database: Database, rounds: int) -> None:
    """An undisturbed service, until all sources were crawled so often and the digests sent."""
    service = serve(data)
    for _ in range(rounds):
        later(database)
        begun = dt.datetime.now(dt.UTC)
        while True:
            time.sleep(0.5)
            with database.read() as session:
                fresh = (
                    select(func.count()).select_from(rows.Source).where(rows.Source.last_crawled_at > begun)
                )
                if session.scalar(fresh) == 3:
                    break
    later(database)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        time.sleep(1)
        with database.read() as session:
            carried = session.scalar(select(func.count()).select_from(rows.DigestChange))
            if carried == session.scalar(select(func.count()).select_from(rows.Change)):
                break
    service.terminate()
    service.wait(60)


def main() -> int:
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 20261125)
    with tempfile.TemporaryDirectory() as folder, DemoWeb() as web:
        data, calm = kills.prepared(Path(folder) / "data", web), kills.prepared(Path(folder) / "calm", web)
        database = kills.opened(data)
        since = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        made = subscriptions.subscribe(database, "reader@example.org", Filter(), Rhythm(), since)
        subscriptions.confirm(database, made.id, since)
        for day, count in ((1, moments - moments // 2), (3, moments // 2)):
            web.day = day
            for _ in range(count):
                later(database)
                service = serve(data)
                time.sleep(chance.uniform(1, LONGEST_S))
                service.kill()
                service.wait()
            calmed(data, database, 2)
            for _ in range(2):
                kills.crawl(calm)
        same = kills.state(data) == kills.state(calm)
        unread = kills.unreadable(data)
        with database.read() as session:
            changes = session.scalar(select(func.count()).select_from(rows.Change))
            carried = session.scalar(select(func.count()).select_from(rows.DigestChange))
            killed = session.scalar(
                select(func.count()).select_from(rows.Run).where(rows.Run.outcome == "killed")
            )
        mails = len(list((data / "outbox").glob("*.eml")))
        doctor = subprocess.run(
            [sys.executable, "-m", "yaodian", "--data", str(data), "doctor"],
            capture_output=True,
            text=True,
            check=False,
        )
        database.close()
    print(f"{moments} kills, {killed} crawls cut: same as undisturbed: {same}; records cut: {unread}")
    print(f"{changes} changes, {carried} carried by {mails} mails; doctor exits with {doctor.returncode}")
    print(doctor.stdout)
    return 0 if same and not unread and changes == carried and doctor.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
