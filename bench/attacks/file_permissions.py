"""Files that other users of the machine could open, at any moment while a command of ours makes them, with the umask 022."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.attacks import Attempt, Ground
from demo.web import DemoWeb
from store.safe_files import walk_own

TITLE = "files open to others"
BOTH_DATABASES = False

USUAL_UMASK = 0o022
# What a version before 0.2 left: folders 0755, files 0644, whatever they hold.
OLD = (
    "warc/a.warc.gz",
    "outbox/1.eml",
    "logs/crawl.log",
    "sources/a.yaml",
    "locks/a",
    "secret",
    "yaodian.toml",
    "warc/loose/b.warc.gz",
)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Run the commands that write, each watched; then open an archive that an older version left."""
    yard = ground.data.parent / "yard"
    yard.mkdir()
    data = yard / "data"
    with DemoWeb() as web:
        for words in _commands(yard, is_short=ground.is_short):
            if words[0] == "crawl":
                for source_id, text in web.sources().items():
                    _write(data / "sources" / f"{source_id}.yaml", text)
            found = _watch(yard, ground.data.parent / "report", words)
            yield Attempt(
                f"yaodian {words[0]}", f"open for a moment: {', '.join(found[:5])}" if found else ""
            )
    yield from _open_old(yard, ground)


def _commands(yard: Path, *, is_short: bool) -> list[tuple[str, ...]]:
    data, new = ("--data", str(yard / "data")), ("--data", str(yard / "new"))
    short: list[tuple[str, ...]] = [
        ("init", *data),
        ("subscribe", *data, "reader@example.org"),
        ("digest", *data, "send", "--all"),
        ("backup", *data, str(yard / "kept")),
        ("restore", *new, str(yard / "kept")),
    ]
    if is_short:
        return short
    crawl: list[tuple[str, ...]] = [
        ("crawl", *data, "--all"),
        ("subscriptions", *data, "confirm", "1"),
        ("digest", *data, "send", "--all"),
    ]
    more: list[tuple[str, ...]] = [
        ("export", *data, "documents", "--output", str(yard / "documents.jsonl")),
        ("export", *data, "warc", "--output", str(yard / "all.warc.gz")),
        ("reprocess", *data),
        ("tidy", *data),
        ("doctor", *data),
        ("verify", *data),
        ("backup", *data, str(yard / "kept")),
    ]
    return [*short[:3], *crawl, *short[3:], *more]


def _watch(yard: Path, report: Path, words: tuple[str, ...]) -> list[str]:
    """Run a command; return the paths that were open to other users at any moment of it."""
    report.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YAODIAN_")}
    done = subprocess.run(
        [sys.executable, "-m", "bench.open_modes", str(report), str(yard), *words],
        env=environment | {"YAODIAN_ALLOW_PRIVATE_ADDRESSES": "1"},
        umask=USUAL_UMASK, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not report.exists() or "Traceback" in done.stderr:
        return [f"the command failed: {done.stderr[-200:]}"]
    return report.read_text(encoding="utf-8").splitlines()


def _open_old(yard: Path, ground: Ground) -> Iterator[Attempt]:
    """Check that `doctor` reports each file that is open to others and that `init` restricts it."""
    data = yard / "new"
    (data / "mine.txt").write_text("not ours", encoding="utf-8")
    for name in OLD:
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).touch()
    for path in [data, *walk_own(data), data / "mine.txt"]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    told = _run(data, "doctor").stdout
    for place in ("warc", "outbox", "logs", "sources", "locks", "secret", "yaodian.toml", "yaodian.db"):
        yield Attempt(
            f"doctor of an open {place}",
            "" if f"go= {data / place}" in told.replace("\n", "") else "says nothing",
        )
    _run(data, "init")
    for path in [data, *walk_own(data)]:
        is_open = path.lstat().st_mode & 0o077
        yield Attempt(f"init of an open {path.relative_to(data)}", "is still open" if is_open else "")
    is_kept = (data / "mine.txt").stat().st_mode & 0o777 == 0o644
    yield Attempt("init beside other people's files", "" if is_kept else "changed them")


def _run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    form = ("--format", "jsonl") if words == ("doctor",) else ()
    command = [sys.executable, "-m", "yaodian", "--data", str(data), *words, *form]
    return subprocess.run(command, capture_output=True, text=True, umask=USUAL_UMASK, check=False)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
