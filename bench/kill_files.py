"""kill -9 of `restore`, of an upgrade from the first revision, and of gathering small WARC files, then the same command again.

python -m bench.kill_files [10]

So many kills of each, spread evenly over the command's steps (`bench.steps`), on SQLite and on PostgreSQL where it is installed.
After each the same command is run again: it has to end well, with the same rows as undisturbed, each record whole, and the
database sound.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from bench import kills, postgresql, revisions
from demo.web import DemoWeb
from store import models as rows
from store.archive import LOOSE, Archive, Place
from store.database import Database
from store.objects import Objects
from store.verify import files, verify

ROW = "{:<28} {:<10} {:>6} {:>6} {:>6}"
# Younger files a crawl may be about to gather itself.
AGE_S = 2 * 3600


@dataclass(frozen=True, slots=True)
class Site:
    """A data directory, its database, and what else the command is told by settings."""

    data: Path
    url: str
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def database_url(self) -> str:
        return self.url or f"sqlite:///{self.data / 'yaodian.db'}"


@dataclass(frozen=True, slots=True)
class Job:
    """A command to be killed: what it is run on, made anew for each kill, and its words."""

    name: str
    prepare: Callable[[Path, str], Site]
    words: tuple[str, ...]
    has_archive: bool = True


def run(site: Site, words: tuple[str, ...], last_step: int, folder: Path) -> int:
    """Run the command, killed before `last_step` (0: not at all); return its exit status."""
    own = {"YAODIAN_DATABASE_URL": site.url, "PYTHONDONTWRITEBYTECODE": "1", **site.settings}
    command = [
        sys.executable,
        "-m",
        "bench.steps",
        str(last_step),
        str(folder / "steps"),
        "--data",
        str(site.data),
        *words,
    ]
    return subprocess.run(
        command, env=os.environ | own, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    ).returncode


def fingerprint(site: Site, *, has_archive: bool) -> tuple[dict[str, int], kills.State | None, list[str]]:
    """Return the row count of each table, the crawl state, and the faults of the database and the archive."""
    database = Database(site.database_url)
    problems = []
    with database.read() as session:
        if session.connection().dialect.name == "sqlite":
            answer = session.connection().exec_driver_sql("PRAGMA integrity_check").scalar()
            problems += [] if answer == "ok" else [str(answer)]
        counts = {
            table.name: len(session.execute(select(*table.primary_key.columns)).all())
            for table in rows.Base.metadata.sorted_tables
            # A file that was uploaded and not used when the kill came is noted here, to be removed a day later.
            if table.name != rows.SpareFile.__tablename__
        }
    if has_archive:
        url = site.settings.get("YAODIAN_ARCHIVE_URL")
        archive = Objects(url) if url else Archive(site.data / "warc")
        problems += [one for found in verify(database, archive, files(database)) for one in found.problems]
    database.close()
    return counts, kills.state(site.data, site.database_url) if has_archive else None, problems


def kill_often(job: Job, moments: int, folder: Path, new_url: Callable[[], str]) -> tuple[int, list[str]]:
    """Return how many kills came before the command's end, and the faults after the repetitions."""
    calm = job.prepare(folder / "calm", new_url())
    if status := run(calm, job.words, 0, folder):
        return 0, [f"{job.name}: ends with {status} undisturbed"]
    steps = int((folder / "steps").read_text(encoding="utf-8"))
    expected = fingerprint(calm, has_archive=job.has_archive)
    wrong = [f"{job.name}: undisturbed: {problem}" for problem in expected[2]]
    in_time = 0
    for number in range(moments):
        step = 1 + number * steps // moments if moments > 1 else steps // 2
        site = job.prepare(folder / f"kill-{number}", new_url())
        in_time += run(site, job.words, step, folder) == -9
        status = run(site, job.words, 0, folder)
        found = fingerprint(site, has_archive=job.has_archive)
        if status or found != expected:
            wrong.append(
                f"{job.name}: killed at step {step} of {steps}: ends with {status}: {_tell(found, expected)}"
            )
    return in_time, wrong


def _tell(
    found: tuple[dict[str, int], object, list[str]], expected: tuple[dict[str, int], object, list[str]]
) -> str:
    counts = [
        f"{name} {found[0][name]}, not {count}"
        for name, count in expected[0].items()
        if found[0][name] != count
    ]
    return "; ".join([*counts, *found[2]]) or "other states"


def make_jobs(folder: Path) -> list[Job]:
    """Build the jobs to kill from one crawled archive and its backup."""
    kept, crawled = folder / "kept", folder / "crawled"
    with DemoWeb() as web:
        kills.prepared(crawled, web)
        for day in (1, 3):
            web.day = day
            kills.crawl(crawled)
    subprocess.run(
        [sys.executable, "-m", "yaodian", "--data", str(crawled), "backup", str(kept)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip

    def begin_restore(data: Path, url: str) -> Site:
        return Site(data, url)

    def begin_upgrade(data: Path, url: str) -> Site:
        site = Site(data, url)
        data.mkdir()
        revisions.fill_first(site.database_url)
        return site

    def begin_gathering(data: Path, url: str) -> Site:
        return make_loose(crawled, kept, data, url)

    return [
        Job("restore", begin_restore, ("restore", str(kept))),
        Job("upgrade from revision 0001", begin_upgrade, ("init",), has_archive=False),
        Job("gathering of WARC files", begin_gathering, ("tidy",)),
    ]


def make_loose(crawled: Path, kept: Path, data: Path, url: str) -> Site:
    """Make a site whose archive in object storage is as killed crawls leave it: one file per record.

    A folder takes the place of the storage.
    """
    storage = data.with_name(f"{data.name}-storage")
    (storage / LOOSE).mkdir(parents=True)
    site = Site(data, url, {"YAODIAN_ARCHIVE_URL": f"local://{storage}"})
    if url:
        plain = Site(data, url)
        run(plain, ("restore", str(kept)), 0, data.parent)
    else:
        shutil.copytree(crawled, data)
    database, objects, local = (
        Database(site.database_url),
        Objects(site.settings["YAODIAN_ARCHIVE_URL"]),
        Archive(data / "warc"),
    )
    with database.write() as session:
        for row in session.scalars(select(rows.Capture).order_by(rows.Capture.id)):
            member = local.member(Place(row.file, row.offset, row.length))
            row.file, row.offset = objects._write(member).file, 0
    objects.forget()
    database.close()
    long_ago = time.time() - AGE_S
    for path in (storage / LOOSE).iterdir():
        os.utime(path, (long_ago, long_ago))
    return site


@contextmanager
def databases() -> Iterator[list[tuple[str, Callable[[], str]]]]:
    """Yield each kind of database with a function that creates an empty one and returns its URL.

    The URL "" is the data directory's own SQLite file.
    """
    binaries = postgresql.programs()
    if binaries is None:
        print(postgresql.MISSING, file=sys.stderr)
        yield [("SQLite", str)]
        return
    with postgresql.running(binaries) as server:
        yield [("SQLite", str), ("PostgreSQL", server.create)]


def main() -> int:
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    print(ROW.format("command", "database", "kills", "hit", "wrong"))
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="yaodian-kills-") as name, databases() as kinds:
        jobs = make_jobs(Path(name))
        for kind, new_url in kinds:
            for job in jobs:
                folder = Path(name) / f"{kind}-{job.words[0]}"
                folder.mkdir()
                hit, found = kill_often(job, moments, folder, new_url)
                wrong += found
                print(ROW.format(job.name, kind, moments, hit, len(found)), flush=True)
    print(*wrong, sep="\n")
    print("the same as undisturbed" if not wrong else f"{len(wrong)} are not as undisturbed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
