"""Captures as WARC records (ISO 28500), one gzip member each, in files that any web-archive tool opens.

A writer appends to a file of its own, `….warc.gz.open`, under a lock, and drops the suffix when it closes. What a
killed writer left open is cut back to its last whole record by the next one that starts.
"""

from __future__ import annotations

import base64
import datetime as dt
import fcntl
import gzip
import hashlib
import io
import os
import secrets
import stat
import zlib
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from store.errors import DamagedRecord, OperatorError
from store.flow import Capture
from store.safe_files import check_archive_name, create_private, is_archive_name, open_regular, shorten

FILE_SIZE = 1 << 30
SUFFIX = ".warc.gz"
# Each record of an archive in object storage is an object of its own here at first (`store.objects`).
LOOSE = "loose/"
# The largest answer that settings allow to be fetched is 1 GiB; a record that unpacks to more is none of ours.
LARGEST_RECORD = (1 << 30) + (1 << 20)
FARTHEST = 1 << 50
OPEN = ".open"
REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
# The body is kept decompressed and unchunked; the headers that told how it travelled are kept under this prefix,
# so that the record still says so and no reader decodes twice.
TRAVEL_HEADERS = {"content-encoding", "transfer-encoding", "content-length"}
TRAVEL_PREFIX = "X-Orig-"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies: the file's name in the archive, and the offset and length of its gzip member."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Original:
    """The capture that already holds the same body."""

    url: str
    fetched_at: dt.datetime


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


class Archive:
    """The WARC files of one directory. Safe for many processes at a time: each writes its own file."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._file: BinaryIO | None = None
        self._name = ""

    def append(self, capture: Capture, same_as: Original | None = None) -> Place:
        """Write one record to the disk, as a revisit without a body when `same_as` holds the same bytes.

        Raises OperatorError when the disk refuses; the file is then as it was before.
        """
        member = gzip.compress(_record(capture, same_as), mtime=0)
        try:
            return self._write(member)
        except OSError as error:
            raise _refused(self.directory, error) from error

    def read(self, place: Place) -> Capture:
        """Return the capture as it was appended; the body of a revisit is empty.

        Raises DamagedRecord.
        """
        _check_place(place)
        try:
            return _parse(_unpack(self._bytes(place)))
        # Bytes that are no record of ours: fastwarc and `_parse` find a header, a number or a date missing.
        except (OSError, EOFError, zlib.error, StopIteration, ValueError, LookupError) as error:
            raise DamagedRecord(
                f"{self.directory / place.file}: no whole record at {place.offset}: {_explain(error)}; "
                "restore the file from a backup"
            ) from error

    def member(self, place: Place) -> bytes:
        """Return the record's stored bytes, one gzip member; raise DamagedRecord if it is incomplete."""
        self.read(place)
        return self._bytes(place)

    def _bytes(self, place: Place) -> bytes:
        with self._open(place.file) as file:
            if os.fstat(file.fileno()).st_size < place.offset + place.length:
                raise EOFError("the file ends before it")
            file.seek(place.offset)
            return file.read(place.length)

    def _open(self, name: str) -> BinaryIO:
        """Open a file of the archive, also one that is still being written.

        Raises OSError and DamagedRecord.
        """
        path = self._locate(name)
        try:
            return open_regular(path)
        except FileNotFoundError:
            return open_regular(path.with_name(path.name + OPEN))

    def _locate(self, name: str) -> Path:
        """Return the path of an archive file; raise DamagedRecord for a name that leads out of the archive."""
        path = self.directory / check_archive_name(name)
        if path.parent != self.directory and path.parent.is_symlink():
            raise DamagedRecord(f"{path.parent} is a link; put the folder itself in its place")
        return path

    def sizes(self) -> dict[str, int]:
        """Bytes of each file, also of one that is being written. Raises OSError or OperatorError."""
        return {
            path.relative_to(self.directory).as_posix().removesuffix(OPEN): path.lstat().st_size
            for path in self._files()
        }

    def closed(self) -> list[Path]:
        """Files that this user may not read."""
        return [path for path in self._files() if not os.access(path, os.R_OK)]

    def _files(self) -> list[Path]:
        """List the regular files whose names are valid names of archive files; raise OSError."""
        found = [*self.directory.iterdir()]
        loose = self.directory / LOOSE
        if loose.is_dir() and not loose.is_symlink():
            found += loose.iterdir()
        return sorted(
            path
            for path in found
            if is_archive_name(path.relative_to(self.directory).as_posix().removesuffix(OPEN))
            and stat.S_ISREG(path.lstat().st_mode)
        )

    def put(self, path: Path, name: str) -> None:
        """Make a file of the archive of one that is outside, whole. Raises OSError or OperatorError."""
        target = self._locate(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_regular(path) as file:
            copy_start(file, target, os.fstat(file.fileno()).st_size)

    def fetch(self, name: str, path: Path, length: int) -> None:
        """Copy a file out of the archive; one that is being written up to its last record that a row points to, so far
        as `length`. Raises OSError or OperatorError."""
        whole = self._locate(name)
        try:
            file, is_whole = open_regular(whole), True
        except FileNotFoundError:
            file, is_whole = open_regular(whole.with_name(whole.name + OPEN)), False
        with file:
            copy_start(file, path, os.fstat(file.fileno()).st_size if is_whole else length)

    def close(self) -> None:
        if self._file is not None:
            # Renamed under the lock: no other process takes it for one that was left.
            path = self.directory / (self._name + OPEN)
            path.rename(path.with_name(self._name))
            self._file.close()
            self._file = None

    def settle(self) -> None:
        """Finish what killed writers left open. Files of writers that live are locked and stay as they are.

        Raises OperatorError when a file can't be mended.
        """
        for path in sorted(self.directory.glob("*.warc.gz" + OPEN)):
            try:
                _settle(path)
            except OSError as error:
                raise _refused(path, error) from error

    def _write(self, member: bytes) -> Place:
        if self._file is not None and self._file.tell() + len(member) > FILE_SIZE:
            self.close()
        if self._file is None:
            self._start()
        assert self._file is not None
        offset = self._file.tell()
        try:
            _write_all(self._file, member)
            # The row that points here is committed after this, so no row ever points at bytes that a power cut took.
            os.fdatasync(self._file.fileno())
        except OSError:
            self._file.truncate(offset)
            self._file.seek(offset)
            raise
        return Place(self._name, offset, len(member))

    def _start(self) -> None:
        stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        self._name = f"yaodian-{stamp}-{secrets.token_hex(4)}.warc.gz"
        self.directory.mkdir(parents=True, exist_ok=True)
        # Under a name that nobody looks for until it is locked and has its first record.
        path = self.directory / (self._name + ".new")
        file = path.open("xb", buffering=0)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            _write_all(file, warcinfo(self._name))
            path.rename(self.directory / (self._name + OPEN))
        except OSError:
            file.close()
            path.unlink()
            raise
        self._file = file


def _write_all(file: BinaryIO, data: bytes) -> None:
    """An unbuffered file may take less than it is given, on a disk that is nearly full without an error."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]


def copy_start(reading: BinaryIO, copied: Path, length: int) -> None:
    """Copy the first `length` bytes of an open file; `copied` appears complete or not at all.

    Raises OSError.
    """
    part = copied.with_name(f".{copied.name}.part")
    with create_private(part) as writing:
        left = length
        while left and (chunk := reading.read(min(left, 1 << 20))):
            left -= writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    part.replace(copied)


def _settle(path: Path) -> None:
    try:
        file = open_regular(path, "r+b")
    except FileNotFoundError:
        return  # its writer, or another process, has just finished it
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if not path.exists() or path.stat().st_ino != os.fstat(file.fileno()).st_ino:
            return
        end = _whole_members(file)
        if end:
            file.truncate(end)
            path.rename(path.with_name(path.name.removesuffix(OPEN)))
        else:
            path.unlink()


def _check_place(place: Place) -> None:
    """Raise DamagedRecord for a place that no record can have.

    Rows of a damaged or foreign database may hold such places.
    """
    check_archive_name(place.file)
    numbers = (place.offset, place.length)
    is_possible = all(isinstance(number, int) for number in numbers) and (
        0 <= place.offset <= FARTHEST and 0 < place.length <= LARGEST_RECORD
    )
    if not is_possible:
        raise DamagedRecord(
            f"{place.file}: invalid place of a record: got offset {shorten(place.offset)} and length {shorten(place.length)}; "
            "restore the rows from a backup"
        )


def _unpack(member: bytes) -> bytes:
    """Decompress one gzip member.

    Raises EOFError, zlib.error, ValueError.
    """
    decoder = zlib.decompressobj(31)
    content = decoder.decompress(member, LARGEST_RECORD)
    if decoder.unconsumed_tail:
        raise ValueError(f"it unpacks to more than {LARGEST_RECORD} bytes")
    if not decoder.eof:
        raise EOFError("the record is cut")
    if decoder.unused_data:
        raise ValueError("more than one record lies there")
    return content


def _explain(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return " ".join(str(error).split())[:200] or type(error).__name__


def _refused(place: Path, error: OSError) -> OperatorError:
    return OperatorError(
        f"archive {place}: {error.strerror}; free some space or make it writable, then crawl again"
    )


def warcinfo(name: str) -> bytes:
    """The record that a file begins with, as its gzip member."""
    record = WarcRecord()
    record.init_headers(WarcRecordType.warcinfo)
    record.headers["WARC-Filename"] = name
    record.headers["Content-Type"] = "application/warc-fields"
    record.set_bytes_content(b"software: Yaodian\r\nformat: WARC File Format 1.1\r\nrobots: classic\r\n")
    return gzip.compress(_bytes(record), mtime=0)


def _record(capture: Capture, same_as: Original | None) -> bytes:
    record = WarcRecord()
    record.init_headers(WarcRecordType.revisit if same_as else WarcRecordType.response)
    record.headers["WARC-Target-URI"] = capture.url
    record.headers["WARC-Date"] = _warc_date(capture.fetched_at)
    record.headers["Content-Type"] = "application/http;msgtype=response"
    record.headers["WARC-Payload-Digest"] = (
        "sha1:" + base64.b32encode(hashlib.sha1(capture.body, usedforsecurity=False).digest()).decode()
    )
    if same_as:
        record.headers["WARC-Profile"] = REVISIT
        record.headers["WARC-Refers-To-Target-URI"] = same_as.url
        record.headers["WARC-Refers-To-Date"] = _warc_date(same_as.fetched_at)
    record.set_bytes_content(_http_head(capture) + (b"" if same_as else capture.body))
    return _bytes(record)


def _bytes(record: WarcRecord) -> bytes:
    buffer = io.BytesIO()
    record.write(buffer)
    return b"WARC/1.1" + buffer.getvalue()[len(b"WARC/1.0") :]


def _http_head(capture: Capture) -> bytes:
    try:
        phrase = HTTPStatus(capture.status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {capture.status} {phrase}".rstrip()]
    for name, value in capture.headers:
        prefix = TRAVEL_PREFIX if name.lower() in TRAVEL_HEADERS else ""
        lines.append(f"{prefix}{name}: {value}")
    lines.append(f"Content-Length: {len(capture.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _parse(raw: bytes) -> Capture:
    record = next(iter(ArchiveIterator(io.BytesIO(raw), parse_http=False)))
    block = record.reader.read()
    head, _, body = block.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = []
    for line in lines:
        name, _, value = line.partition(": ")
        if name != "Content-Length":
            headers.append((name.removeprefix(TRAVEL_PREFIX), value))
    return Capture(
        url=record.headers["WARC-Target-URI"],
        status=int(status.split(" ", 2)[1]),
        headers=tuple(headers),
        body=body,
        fetched_at=dt.datetime.fromisoformat(record.headers["WARC-Date"]),
    )


def _warc_date(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _whole_members(file: BinaryIO) -> int:
    """The offset at which the last gzip member that is whole ends."""
    end = position = 0
    decoder = zlib.decompressobj(31)
    file.seek(0)
    while chunk := file.read(1 << 16):
        while chunk:
            try:
                decoder.decompress(chunk)
            except zlib.error:
                return end
            if not decoder.eof:
                position += len(chunk)
                break
            position += len(chunk) - len(decoder.unused_data)
            end, chunk, decoder = position, decoder.unused_data, zlib.decompressobj(31)
    return end
