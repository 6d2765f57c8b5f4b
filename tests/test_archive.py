"""The archive: what is appended is read back, other tools read it, and no stop at any instant spoils it."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.archive import Archive, Original, Place
from store.errors import OperatorError
from store.flow import Capture

MOMENT = dt.datetime(2026, 8, 19, 1, 2, 3, 456789, dt.UTC)


def page(body: bytes, url: str = "http://www.example.org/a?b=1&c=要点") -> Capture:
    headers = (("Content-Type", "text/html"), ("ETag", '"5f"'), ("Content-Encoding", "gzip"))
    return Capture(url, 200, headers, body, MOMENT)


@given(body=st.binary(max_size=2000))
def test_a_capture_reads_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    archive = Archive(tmp_path_factory.mktemp("warc"))
    place = archive.append(page(body))
    assert archive.read(place) == page(body)
    archive.close()
    assert archive.read(place) == page(body)


def test_the_same_body_again_costs_no_copy(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    whole = archive.append(page(bytes(range(256)) * 200))
    again = archive.append(page(bytes(range(256)) * 200), Original("http://www.example.org/first", MOMENT))
    assert again.length < 700
    assert whole.offset + whole.length == again.offset
    record = gzip.decompress((tmp_path / (again.file + ".open")).read_bytes()[again.offset :]).decode(
        "latin-1"
    )
    assert "WARC-Type: revisit" in record
    assert "WARC-Refers-To-Target-URI: http://www.example.org/first" in record


def test_another_tool_finds_every_digest_right(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for number in range(5):
        archive.append(page(f"第{number}页".encode() * 50))
    archive.append(page("第1页".encode() * 50), Original("http://www.example.org/1", MOMENT))
    archive.close()
    (file,) = tmp_path.glob("*.warc.gz")
    check = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stdout
    assert check.stdout.count("digest pass") == 5


@given(cut=st.integers(min_value=0, max_value=3000))
def test_a_file_cut_anywhere_is_brought_back_to_its_last_whole_record(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    places = _killed(folder, cut)
    Archive(folder).settle()
    assert not list(folder.glob("*.open"))
    for place in places:
        path = folder / place.file
        if path.exists() and place.offset + place.length <= path.stat().st_size:
            assert Archive(folder).read(place).status == 200
    assert all(gzip.decompress(path.read_bytes()) for path in folder.glob("*.warc.gz"))


def _killed(folder: Path, cut: int) -> list[Place]:
    """An archive whose writer stopped when `cut` bytes were on the disk."""
    archive = Archive(folder)
    places = [archive.append(page(f"第{number}页".encode() * 100)) for number in range(6)]
    path = folder / (places[0].file + ".open")
    whole = path.read_bytes()
    archive.close()
    (folder / places[0].file).unlink()
    path.write_bytes(whole[:cut])
    return [place for place in places if place.offset + place.length <= cut]


def test_the_file_of_a_writer_that_lives_is_left_alone(tmp_path: Path) -> None:
    writer = Archive(tmp_path)
    writer.append(page(b"one"))
    Archive(tmp_path).settle()
    assert len(list(tmp_path.glob("*.open"))) == 1
    second = writer.append(page(b"two"))
    assert writer.read(second).body == b"two"


def test_a_record_that_is_not_there_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"no-such\.warc\.gz.*restore the file from a backup"):
        Archive(tmp_path).read(Place("no-such.warc.gz", 0, 10))


class ShortFile(io.FileIO):
    """A file on a disk that takes seven bytes at a time."""

    def write(self, data: object) -> int:  # type: ignore[override]
        return super().write(bytes(data)[:7])


def test_a_disk_that_takes_less_than_it_is_given_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", lambda path, mode, buffering=-1: ShortFile(path, mode.replace("b", "")))
    archive = Archive(tmp_path)
    place = archive.append(page(b"whole" * 100))
    monkeypatch.undo()
    assert archive.read(place).body == b"whole" * 100


def test_a_writer_that_just_began_or_just_ended_is_left_alone(tmp_path: Path) -> None:
    """Between creating and locking its file, and between closing and renaming it, a writer has no lock."""
    writer, other = Archive(tmp_path), Archive(tmp_path)
    (tmp_path / "yaodian-x.warc.gz.new").touch()
    place = writer.append(page(b"one"))
    other.settle()
    writer.close()
    other.settle()
    assert other.read(place).body == b"one"
    assert (tmp_path / "yaodian-x.warc.gz.new").exists()
