"""Many crawls in one service: its memory, its file handles, its children. `python -m bench.long_run [200]`

The three sample sites, made due again as soon as they were crawled, so that each round is one child; the web runs.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import func, select, update

from bench import kills
from demo.web import DemoWeb
from scheduler.children import resident
from store import models as rows
from store.database import Database


def crawls(database: Database) -> int:
    """How many have ended; what was crawled is made due."""
    with database.write() as session:
        session.execute(
            update(rows.Source).where(rows.Source.next_due_at.is_not(None)).values(next_due_at=None)
        )
        ended = select(func.count()).select_from(rows.Run).where(rows.Run.finished_at.is_not(None))
        return session.scalar(ended) or 0


def zombies(parent: int) -> int:
    found = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, ppid = path.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        found += state == "Z" and int(ppid) == parent
    return found


def main() -> int:
    most = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    environment = os.environ | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1", "YAODIAN_LOG": "json"}
    with tempfile.TemporaryDirectory() as folder, DemoWeb() as web:
        data = kills.prepared(Path(folder) / "data", web)
        for path in (data / "sources").glob("*.yaml"):
            path.write_text(
                path.read_text("utf-8")
                + ("" if "\nfetch:" in path.read_text("utf-8") else "\nfetch: {delay: 0}\n")
            )
        database = kills.opened(data)
        with (data / "log").open("w") as log:
            service = subprocess.Popen(
                [sys.executable, "-m", "yaodian", "--data", str(data), "serve", "--port", "0"],
                env=environment, stderr=log,
            )  # fmt: skip
            told, marks = 0, sorted({20, most // 2, most})
            while told < len(marks):
                time.sleep(0.3)
                if (count := crawls(database)) >= marks[told]:
                    told += 1
                    print(
                        f"after {count} crawls: {resident(service.pid) / 1e6:.1f} MB resident, "
                        f"{len(os.listdir(f'/proc/{service.pid}/fd'))} file handles, {zombies(service.pid)} zombies",
                        flush=True,
                    )
            service.send_signal(signal.SIGTERM)
            status = service.wait(60)
        database.close()
    print(f"exit status {status}")
    return status


if __name__ == "__main__":
    sys.exit(main())
