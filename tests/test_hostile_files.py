"""Files and rows that were changed by others, or damaged: nothing is followed, all that is whole is used, one line says the rest."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import PROGRAM, Run, clean_environment
from sqlalchemy import select, update

from store import models as rows
from store.database import Database
from store.manifest import MANIFEST

pytestmark = pytest.mark.one_database


@pytest.fixture
def saved(archive: Database, yaodian: Run, tmp_path: Path) -> Path:
    """A backup of the sample's third day."""
    target = tmp_path / "backup"
    assert yaodian("backup", str(target)).returncode == 0
    return target


def restore(source: Path, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, "--data", str(data), "restore", str(source)],
        capture_output=True, text=True, check=False, timeout=120, umask=0o022, env=clean_environment() | settings,
    )  # fmt: skip


def damage_first_record(data: Path, database: Database) -> int:
    """Overwrite one document's record; returns its capture."""
    with database.read() as session:
        row = session.scalars(
            select(rows.Capture)
            .where(rows.Capture.document_id.is_not(None), rows.Capture.body_of.is_(None))
            .limit(1)
        ).one()
        path, offset, length, identity = data / "warc" / row.file, row.offset, row.length, row.id
    with (path if path.exists() else path.with_name(f"{path.name}.open")).open("r+b") as file:
        file.seek(offset + length // 2)
        file.write(b"\0" * 20)
    return identity


def test_a_backup_that_names_a_file_outside_is_refused_before_anything_is_written(
    saved: Path, tmp_path: Path
) -> None:
    manifest = json.loads((saved / MANIFEST).read_text(encoding="utf-8"))
    manifest["warc"]["../../evil.cron"] = 10
    (saved / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    (tmp_path / "evil.cron").write_text(
        "* * * * * evil", encoding="utf-8"
    )  # where the name leads from the backup's warc/
    refused = restore(saved, tmp_path / "deep" / "new")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "'../../evil.cron'" in refused.stderr
    assert not (tmp_path / "deep").exists()


def test_a_link_in_a_backup_is_not_followed(saved: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("id: private\n", encoding="utf-8")
    (saved / "sources" / "private.yaml").symlink_to(tmp_path / "private")
    refused = restore(saved, tmp_path / "new")
    assert refused.returncode == 1
    assert "private.yaml' is a link or a device, which no backup contains" in refused.stderr
    assert not (tmp_path / "new").exists()


def test_what_is_restored_is_its_owners_alone_and_names_no_place_of_the_old_machine(
    saved: Path, tmp_path: Path
) -> None:
    (saved / "yaodian.toml").write_text(
        '"archive_url" = "file:///elsewhere"\ncontact = "mailto:a@b.example"\n', "utf-8"
    )
    done = restore(saved, tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert not [path for path in (tmp_path / "new").rglob("*") if path.lstat().st_mode & 0o077]
    assert (tmp_path / "new" / "yaodian.toml").read_text("utf-8").startswith("# of the place")
    assert not (tmp_path / "new" / ".restoring").exists()


def test_a_restore_that_was_cut_short_goes_on_and_only_with_the_same_backup(
    saved: Path, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    stepped = [PROGRAM[0], "-m", "bench.steps"]
    words = ["--data", str(tmp_path / "calm"), "restore", str(saved)]
    subprocess.run([*stepped, "0", str(tmp_path / "steps"), *words], env=clean_environment(), check=True)
    late = int((tmp_path / "steps").read_text(encoding="utf-8")) * 9 // 10
    words[1] = str(new)
    cut = subprocess.run([*stepped, str(late), "-", *words], env=clean_environment(), check=False)
    assert cut.returncode == -9
    assert (new / ".restoring").exists()
    other = shutil.copytree(saved, tmp_path / "other")
    manifest = (other / MANIFEST).read_text(encoding="utf-8")
    (other / MANIFEST).write_text(f"{manifest} ", encoding="utf-8")
    assert "holds a part of another backup" in restore(other, new).stderr
    done = restore(saved, new)
    assert (done.returncode, "0 not as they should be" in done.stdout) == (0, True), done.stderr
    assert "is not empty" in restore(saved, new).stderr


def test_an_earlier_backup_keeps_what_was_lost_since(data: Path, saved: Path, yaodian: Run) -> None:
    file = next((data / "warc").glob("*.warc.gz"))
    whole = (saved / "warc" / file.name).read_bytes()
    file.write_bytes(whole[:-200])
    for _ in range(2):
        again = yaodian("backup", str(saved))
        assert (again.returncode, again.stderr.count("\n")) == (1, 1)
        assert f"not in the backup: {file.name} is not there as far as rows point into it" in again.stderr
        assert (saved / "warc" / file.name).read_bytes() == whole
        file.unlink(missing_ok=True)


def test_export_leaves_out_a_damaged_record_and_writes_the_others(
    archive: Database, data: Path, yaodian: Run, tmp_path: Path
) -> None:
    def export() -> tuple[subprocess.CompletedProcess[str], int]:
        done = yaodian("export", "warc", "--output", str(tmp_path / "all.warc.gz"))
        return done, gzip.decompress((tmp_path / "all.warc.gz").read_bytes()).count(b"WARC/1.1\r\n")

    _, count = export()
    capture = damage_first_record(data, archive)
    done, left = export()
    assert (done.returncode, left) == (1, count - 1)
    assert done.stderr.startswith(f"yaodian: capture {capture}: ")
    assert done.stderr.endswith("1 damaged records were left out, all others were written\n")


def test_reprocess_leaves_the_document_of_a_damaged_record_and_reads_the_others(
    archive: Database, data: Path, yaodian: Run, watched: object
) -> None:
    whole = int(yaodian("reprocess").stdout.split()[0])
    with archive.write() as session:
        session.execute(update(rows.Rereading).values(stamp="before"))
    damage_first_record(data, archive)
    done = yaodian("reprocess")
    assert done.returncode == 1
    assert "is left as it is: " in done.stderr
    assert int(done.stdout.split()[0]) == whole - done.stderr.count("is left as it is")


def test_a_row_that_names_another_file_is_damaged_and_not_followed(
    archive: Database, data: Path, yaodian: Run, tmp_path: Path
) -> None:
    file = next((data / "warc").glob("*.warc.gz"))
    shutil.copyfile(file, tmp_path / "outside.warc.gz")
    os.mkfifo(data / "warc" / "fifo.warc.gz")
    for name in ("../../outside.warc.gz", str(tmp_path / "outside.warc.gz"), "fifo.warc.gz"):
        with archive.write() as session:
            session.execute(update(rows.Capture).where(rows.Capture.id == 1).values(file=name))
        verified = yaodian("verify")
        assert (verified.returncode, "1 not as they should be" in verified.stdout) == (1, True), (
            verified.stderr
        )
        assert "archive" in "".join(
            line
            for line in yaodian("doctor", "--format", "jsonl").stdout.splitlines()
            if '"ok": false' in line
        )
