"""The archive in object storage: a real S3 API (moto's server on loopback) for the program as a user runs it."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Run
from moto.server import ThreadedMotoServer
from sqlalchemy import func, select

from bench import kills
from demo.web import DemoWeb
from store import gathering
from store import models as rows
from store.archive import Archive, Place
from store.database import Database
from store.errors import OperatorError
from store.flow import Capture
from store.objects import LOOSE, Objects
from store.verify import files, verify

NOW = dt.datetime(2026, 11, 23, 3, 0, tzinfo=dt.UTC)
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
pytestmark = pytest.mark.one_database


@pytest.fixture(scope="module")
def storage() -> Iterator[dict[str, str]]:
    """A server of S3's API with one bucket; the settings that lead there."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        Objects("s3://bucket/archive").files.mkdir("bucket")
        yield environment
    server.stop()


@pytest.fixture
def objects(storage: dict[str, str], tmp_path: Path) -> Objects:
    return Objects(f"s3://bucket/{tmp_path.name}")


def test_a_crawl_leaves_one_file_that_verifies_exports_and_moves(
    watched: DemoWeb,
    objects: Objects,
    storage: dict[str, str],
    database: Database,
    data: Path,
    yaodian: Run,
    tmp_path: Path,
) -> None:
    there = storage | {"YAODIAN_ARCHIVE_URL": objects.url}
    done = yaodian("crawl", "--all", **there)
    assert done.returncode == 0, done.stderr
    assert not list((data / "warc").iterdir())
    with database.read() as session:
        (file,) = session.scalars(select(rows.Capture.file).distinct())
        count = session.scalar(select(func.count()).select_from(rows.Capture))
    assert not file.startswith(LOOSE)
    assert len(objects.sizes()) == 1 + count  # what was loose stays a day for who is still reading
    for words in (("verify",), ("doctor",), ("reprocess",)):
        done = yaodian(*words, **there)
        assert done.returncode == 0, done.stdout + done.stderr
    assert yaodian("export", "warc", "--output", str(tmp_path / "all.warc.gz"), **there).returncode == 0
    assert gzip.decompress((tmp_path / "all.warc.gz").read_bytes()).count(b"WARC/1.1\r\n") == count
    # A backup is on the disk whatever the archive is in, and is restored to either.
    assert yaodian("backup", str(tmp_path / "kept"), **there).returncode == 0
    for name, place in (("disk", ""), ("other", f"{objects.url}-other")):
        own = {**storage, "YAODIAN_ARCHIVE_URL": place, "YAODIAN_DATA": str(tmp_path / name)}
        done = yaodian("--data", str(tmp_path / name), "restore", str(tmp_path / "kept"), **own)
        assert "0 not as they should be" in done.stdout, done.stderr
    calm = kills.prepared(tmp_path / "calm", watched)
    kills.crawl(calm)
    assert kills.state(data) == kills.state(calm)


def test_a_killed_crawls_records_stay_readable_and_small_files_become_large_ones(
    archive: Database, objects: Objects, data: Path
) -> None:
    # As a killed crawl leaves it: each record an object of its own, and one that no row points to.
    local = Archive(data / "warc")
    with archive.write() as session:
        for row in session.scalars(select(rows.Capture)):
            member = local.member(Place(row.file, row.offset, row.length))
            row.file, row.offset = objects._write(member).file, 0
    spare = objects.append(Capture("http://a.example.org/", 200, (), b"spare", NOW)).file
    assert sound(archive, objects)
    loose = len(objects.sizes())
    now = dt.datetime.now(dt.UTC)
    assert gathering.tidy(archive, objects, now) == {"archive files": 0, "archive files gathered": 0}
    assert gathering.tidy(archive, objects, now + 2 * gathering.FRESH) == {
        "archive files": 0,
        "archive files gathered": loose - 1,
    }
    assert sound(archive, objects)
    assert len(objects.sizes()) == loose + 1
    # A day counts from when no row pointed there any more, however old the file is and however often this is asked.
    nothing = {"archive files": 0, "archive files gathered": 0}
    assert gathering.tidy(archive, objects, now + 3 * gathering.FRESH) == nothing
    assert gathering.tidy(archive, objects, now + gathering.GRACE) == nothing
    after = gathering.tidy(archive, objects, now + gathering.GRACE + gathering.FRESH)
    assert after == {"archive files": 1, "archive files gathered": 0}  # the one that never had a row
    after = gathering.tidy(archive, objects, now + gathering.GRACE + 3 * gathering.FRESH)
    assert after == {"archive files": loose - 1, "archive files gathered": 0}
    assert sound(archive, objects)
    assert spare not in objects.sizes()


def sound(database: Database, archive: Objects) -> bool:
    found = list(verify(database, archive, files(database)))
    return bool(found) and not any(one.problems for one in found)


def test_what_is_wrong_with_the_storage_is_one_line(
    watched: DemoWeb, objects: Objects, storage: dict[str, str], yaodian: Run
) -> None:
    def line(**settings: str) -> str:
        done = yaodian("crawl", "--all", **{**storage, "YAODIAN_ARCHIVE_URL": objects.url, **settings})
        assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
        return done.stderr

    assert "make the bucket" in line(YAODIAN_ARCHIVE_URL="s3://nowhere/archive")
    assert "can be reached (AWS_ENDPOINT_URL)" in line(AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert "write such as s3://BUCKET/FOLDER" in line(YAODIAN_ARCHIVE_URL="nothing://bucket")
    assert "mend AWS_ACCESS_KEY_ID" in line(
        AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_EC2_METADATA_DISABLED="1"
    )
    with pytest.raises(OperatorError, match="restore from a backup"):
        objects.read(Place("gone.warc.gz", 0, 10))
