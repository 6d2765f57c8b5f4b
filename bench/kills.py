"""kill -9 of a crawl at random moments, then a full crawl: the same as if nothing had happened.

python -m bench.kills [MOMENTS] [SEED] [URL]

With the URL of an empty PostgreSQL database the crawls there are killed; the undisturbed ones are SQLite's all the same.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from demo.web import DemoWeb
from store import export
from store.archive import Archive, Place
from store.database import Database
from store.safe_files import restrict_all

# A crawl of the sample web takes about this long; some kills shall come before it begins and some after it ended.
LONGEST_S = 3.0

State = dict[str, list[tuple[object, ...]]]


def crawl(data: Path, url: str = "", *words: str, killed_after_s: float | None = None) -> bool:
    """One `yaodian crawl --all`, with more words after it; True when it was killed before it ended. `url` is that of the database, where it is
    not the data directory's own."""
    environment = os.environ | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1", "YAODIAN_DATABASE_URL": url}
    process = subprocess.Popen(
        [sys.executable, "-m", "yaodian", "--data", str(data), "crawl", "--all", *words],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(timeout=killed_after_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    return False


def opened(data: Path, url: str = "") -> Database:
    return Database(url or f"sqlite:///{data / 'yaodian.db'}")


def prepared(folder: Path, web: DemoWeb, url: str = "") -> Path:
    (folder / "sources").mkdir(parents=True)
    for source_id, text in web.sources().items():
        (folder / "sources" / f"{source_id}.yaml").write_text(text, encoding="utf-8")
    database = opened(folder, url)
    database.upgrade()
    database.close()
    restrict_all(folder)
    return folder


def state(data: Path, url: str = "") -> State:
    """Documents, versions and changes without the moments at which they came."""
    database = opened(data, url)
    with database.read() as session:
        documents = [
            (d["id"], d["url"], d["title"], d["state"], d["version"]) for d in export.documents(session)
        ]
        versions = [(v["document"], v["number"], v["content_hash"]) for v in export.versions(session)]
        changes = [
            (c["document"], c["type"], c["from_version"], c["to_version"]) for c in export.changes(session)
        ]
    database.close()
    return {
        "documents": sorted(documents),
        "versions": sorted(versions),
        "changes": sorted(changes, key=repr),
    }


def unreadable(data: Path, url: str = "") -> int:
    """Captures whose WARC record can't be read back, with the digest that the row promises."""
    database = opened(data, url)
    archive = Archive(data / "warc")
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql('select file, "offset", length from captures').all()
    database.close()
    for file, offset, length in rows:
        archive.read(Place(file, offset, length))
    return len(list((data / "warc").glob("*.open")))


def proof(
    folder: Path, web: DemoWeb, moments: int, chance: random.Random, url: str = ""
) -> tuple[int, State, State]:
    """Kills spread over day 1 and day 3; returns how many came in time, and the two states."""
    disturbed, calm = prepared(folder / "disturbed", web, url), prepared(folder / "calm", web)
    in_time = 0
    for day, kills in ((1, moments - moments // 2), (3, moments // 2)):
        web.day = day
        for _ in range(kills):
            in_time += crawl(disturbed, url, killed_after_s=chance.uniform(0.3, LONGEST_S))
        for _ in range(2):  # the second look at what is missing
            crawl(disturbed, url)
            crawl(calm)
    assert unreadable(disturbed, url) == 0
    return in_time, state(disturbed, url), state(calm)


def main() -> int:
    moments = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20261121
    url = sys.argv[3] if len(sys.argv) > 3 else ""
    with tempfile.TemporaryDirectory() as folder, DemoWeb() as web:
        in_time, disturbed, calm = proof(Path(folder), web, moments, random.Random(seed), url)
    same = disturbed == calm
    counts = ", ".join(f"{len(rows)} {name}" for name, rows in calm.items())
    print(f"{moments} kills (seed {seed}), {in_time} before the crawl had ended; {counts}; same: {same}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
