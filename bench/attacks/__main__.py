"""Run every attack and print how many were tried and blocked: python -m bench.attacks [--short] [CLASS ...]

Each class runs on SQLite, and on PostgreSQL too where its result could depend on the database. Exit status 1 when an
attack got through.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import postgresql
from bench.attacks import Ground, find_classes
from store.database import Database

ROW = "{:<44} {:<10} {:>8} {:>8}"


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench.attacks", description=__doc__)
    options.add_argument("--short", action="store_true", help="a sample of each class, as the tests run it")
    options.add_argument("classes", nargs="*", choices=[[], *find_classes()], metavar="CLASS")
    given = options.parse_args()
    print(ROW.format("class", "database", "tried", "blocked"), flush=True)
    with _servers() as servers:
        breaches = [breach for server in servers for breach in _run(server, given.classes, given.short)]
    print(*breaches, sep="\n")
    print("all blocked" if not breaches else f"{len(breaches)} got through")
    return 1 if breaches else 0


def _run(server: postgresql.Server | None, names: Sequence[str], is_short: bool) -> Iterator[str]:
    """Run the classes on one database; yield a line for each attack that got through."""
    kind = "SQLite" if server is None else "PostgreSQL"
    for name, attacks in find_classes().items():
        if (names and name not in names) or (server is not None and not attacks.BOTH_DATABASES):
            continue
        with tempfile.TemporaryDirectory(prefix="yaodian-attacks-") as folder:
            attempts = list(attacks.attempt(_prepare(Path(folder) / "data", server, is_short)))
        breaches = [attempt for attempt in attempts if attempt.breach]
        print(
            ROW.format(attacks.TITLE, kind, len(attempts), len(attempts) - len(breaches)),
            flush=True,
        )
        for attempt in breaches:
            yield f"{attacks.TITLE}: {attempt.name}: {attempt.breach}"


def _prepare(data: Path, server: postgresql.Server | None, is_short: bool) -> Ground:
    for name in ("sources", "outbox", "warc"):
        (data / name).mkdir(parents=True)
    url = f"sqlite:///{data / 'yaodian.db'}" if server is None else server.create()
    database = Database(url)
    database.upgrade()
    database.close()
    return Ground(data, url, is_short)


@contextmanager
def _servers() -> Iterator[list[postgresql.Server | None]]:
    """Yield the databases to attack: None for SQLite, and a PostgreSQL server if its programs are installed."""
    binaries = postgresql.programs()
    if binaries is None:
        print(postgresql.MISSING, file=sys.stderr)
        yield [None]
        return
    with postgresql.running(binaries) as server:
        yield [None, server]


if __name__ == "__main__":
    sys.exit(main())
