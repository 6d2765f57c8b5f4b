"""What more workers bring: 1, 2 and 4 of them on eight hosts that take 300 ms for an answer.

python -m bench.throughput [DOCUMENTS]

The processes are those of `bench.cluster`, and nobody is killed.
"""

from __future__ import annotations

import datetime as dt
import os
import sys
import tempfile
from pathlib import Path

from sqlalchemy import func, select

from bench.cluster import crawled_since, installed, until
from bench.many_sites import ManySites
from store import models as rows


def main() -> int:
    documents = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    alone = 0.0
    with tempfile.TemporaryDirectory(prefix="yaodian-throughput-") as name:
        for workers in (1, 2, 4):
            seconds, requests, cpu = throughput(Path(name) / str(workers), workers, documents)
            alone = alone or seconds
            print(
                f"{workers} workers: {requests} requests in {seconds:.0f} s, {requests / seconds:.1f}/s, "
                f"{alone / seconds:.2f} x one worker, {cpu:.0f} CPU s",
                flush=True,
            )
    return 0


def throughput(folder: Path, workers: int, documents: int) -> tuple[float, int, float]:
    """Seconds that so many workers take for 8 slow hosts, their requests, and the CPU seconds of it all."""
    with (
        ManySites(8, 8, documents, 0.3) as sites,
        installed(folder, sites, workers, 1) as (fleet, database, _),
    ):
        before = os.times()
        fleet.start_all()
        begun = dt.datetime.now(dt.UTC)
        until(lambda: crawled_since(database, begun) > 0, lambda: None, 300)
        until(lambda: crawled_since(database, begun) == 8, lambda: None, 900)
        with database.read() as session:
            first = session.scalar(select(func.min(rows.Run.started_at)))
            last = session.scalar(select(func.max(rows.Run.finished_at)))
        fleet.end()
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        assert max(sites.most.values()) == 1
        return (last - first).total_seconds(), sites.requests, cpu


if __name__ == "__main__":
    sys.exit(main())
