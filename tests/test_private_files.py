"""What is written is its owner's alone; what an older version left open is told and closed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAM, ROOT, clean_environment

UNITS = sorted((ROOT / "contrib").glob("*.service"))


def run(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "--data", str(data), *words],
        capture_output=True, text=True, check=False, umask=0o022, env=clean_environment(),
    )  # fmt: skip


def open_to_others(folder: Path) -> list[str]:
    return [str(path) for path in (folder, *folder.rglob("*")) if path.lstat().st_mode & 0o077]


def test_what_commands_make_is_closed_and_doctor_tells_what_is_not(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert run(data, "init").returncode == 0
    assert run(data, "subscribe", "reader@example.org").returncode == 0
    assert run(data, "digest", "send", "--all").returncode == 0
    assert list((data / "outbox").iterdir())
    assert open_to_others(data) == []
    (data / "secret").chmod(0o644)
    (data / "outbox").chmod(0o750)
    told = run(data, "doctor", "--format", "jsonl").stdout
    assert f"run: chmod go= {data / 'secret'}" in told
    assert f"run: chmod -R go= {data / 'outbox'}" in told
    assert told.count('"permissions"') == 2


def test_init_closes_what_an_older_version_left_open_and_nothing_else(tmp_path: Path) -> None:
    data = tmp_path / "data"
    run(data, "init")
    (data / "logs").mkdir()
    for name in ("logs/crawl.log", "warc/a.warc.gz", "notes.txt"):
        (data / name).touch()
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (data / "outbox" / "elsewhere").symlink_to(tmp_path / "mine")
    (tmp_path / "mine").touch(mode=0o644)
    (tmp_path / "mine").chmod(0o644)
    assert run(data, "init").returncode == 0
    (data / "outbox" / "elsewhere").unlink()
    assert open_to_others(data) == [str(data / "notes.txt")]
    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_the_units_let_nobody_else_read(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    assert {"UMask=0077", "StateDirectoryMode=0700"} <= set(lines)
