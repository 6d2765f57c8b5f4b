"""A backup made while it runs, restored elsewhere and into the other kind of database, is the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Run
from pyarrow import parquet
from sqlalchemy import select
from warcio.archiveiterator import ArchiveIterator

from bench.month import BEGIN
from store import models as rows
from store.archive import Archive
from store.backup import backup, restore
from store.database import Database
from store.export import KINDS
from store.manifest import MANIFEST
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
        backup(archive, Archive(data / "warc"), data, tmp_path / "kept", BEGIN, silent)
    assert (tmp_path / "kept" / MANIFEST).exists()
    there = tmp_path / "there"
    moved = Database(f"sqlite:///{there / 'yaodian.db'}" if bare_url.startswith("sqlite") else bare_url)
    restore(tmp_path / "kept", moved, Archive(there / "warc"), there, silent)
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


@pytest.mark.one_database
def test_every_capture_is_exported_as_warc_and_every_row_as_parquet(
    archive: Database, yaodian: Run, tmp_path: Path
) -> None:
    assert yaodian("export", "warc", "--output", str(tmp_path / "all.warc.gz")).returncode == 0
    with (tmp_path / "all.warc.gz").open("rb") as file:
        kept = [record.rec_headers.get_header("WARC-Target-URI") for record in ArchiveIterator(file)]
    with archive.read() as session:
        assert sorted(kept) == sorted(session.scalars(select(rows.Capture.url)))
    for kind in KINDS:
        assert (
            yaodian("export", kind, "--format", "parquet", "--output", str(tmp_path / kind)).returncode == 0
        )
    with archive.read() as session:
        counts = {kind: len(list(of(session))) for kind, of in KINDS.items()}
    assert {kind: parquet.read_table(tmp_path / kind).num_rows for kind in KINDS} == counts


@pytest.mark.one_database
def test_sources_are_imported_from_opml_and_yaml_whole_or_not_at_all(
    data: Path, yaodian: Run, tmp_path: Path
) -> None:
    opml = tmp_path / "feeds.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="某市"><outline text="某市教育局" xmlUrl="https://jy.example.org/a.xml"/>'
        '<outline text="某县" xmlUrl="https://jy.example.org/b.xml"/></outline></body></opml>',
        encoding="utf-8",
    )
    assert yaodian("import", str(opml)).returncode == 2
    said = yaodian("import", str(opml), "--kind", "mirror", "--region", "620000").stdout
    assert said.endswith("2 sources imported, 0 were there already\n")
    assert len(list((data / "sources").glob("jy-example-org-*.yaml"))) == 2
    several = tmp_path / "several.yaml"
    good = "id: {id}\nname: a\npublisher: a\nregion: '620000'\nkind: official\nlisting: {{urls: ['https://a.example.org/'], item: li}}\n"
    several.write_text(good.format(id="one") + "---\n" + good.format(id="Two"), encoding="utf-8")
    assert yaodian("import", str(several)).returncode == 1
    several.write_text(good.format(id="one") + "---\n" + good.format(id="two"), encoding="utf-8")
    assert yaodian("import", str(several)).returncode == 0
    assert {"one.yaml", "two.yaml"} <= {path.name for path in (data / "sources").iterdir()}
