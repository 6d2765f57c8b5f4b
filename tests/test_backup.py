"""A backup made while it runs, restored elsewhere and into the other kind of database, is the same."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Run

from bench.month import BEGIN
from store.archive import Archive
from store.backup import MANIFEST, backup, restore
from store.database import Database
from store.export import KINDS
from store.verify import files, verify


def said(database: Database) -> str:
    with database.read() as session:
        return json.dumps([list(kind(session)) for kind in KINDS.values()], ensure_ascii=False)


def silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def test_a_backup_is_restored_into_either_database(
    archive: Database, data: Path, tmp_path: Path, bare_url: str
) -> None:
    for _ in range(2):  # the second brings the first up to date
        backup(archive, data, tmp_path / "kept", BEGIN, silent)
    assert (tmp_path / "kept" / MANIFEST).exists()
    there = tmp_path / "there"
    moved = Database(f"sqlite:///{there / 'yaodian.db'}" if bare_url.startswith("sqlite") else bare_url)
    restore(tmp_path / "kept", moved, there, silent)
    assert said(moved) == said(archive)
    assert not any(one.problems for one in verify(moved, Archive(there / "warc"), files(moved)))
    moved.close()


def test_what_is_not_empty_is_not_restored_into(
    archive: Database, data: Path, yaodian: Run, tmp_path: Path
) -> None:
    assert yaodian("backup", str(tmp_path / "kept")).returncode == 0
    refused = yaodian("restore", str(tmp_path / "kept"))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "is not empty; restore into a new one" in refused.stderr
    spoiled = next((data / "warc").glob("*.warc.gz*"))
    spoiled.write_bytes(spoiled.read_bytes()[:-200])
    assert yaodian("verify").returncode == 1
