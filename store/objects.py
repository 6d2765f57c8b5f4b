"""The archive in object storage (s3:// and what else fsspec knows), where nothing can be appended to.

Each record is an object of its own at first, under `loose/`, which is there for good before the row that points to it
is committed. When a crawl ends its loose records become one file, uploaded before the rows are led to it in one
transaction; small files become larger ones each night the same way (`store.gathering`). What no row points to any
longer stays a day, for those who are still reading, so the number of objects is bounded by bytes and one day's work.
"""

from __future__ import annotations

import datetime as dt
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from store.archive import LOOSE, SUFFIX, Archive, Place, warcinfo
from store.errors import DamagedRecord, OperatorError
from store.safe_files import check_archive_name, create_private, is_archive_name, open_regular

# A crawl's records are kept on the disk, too, until they are uploaded as one file; what goes beyond is left loose.
SPOOL_SIZE = 256 << 20


class Objects(Archive):
    """Safe for many processes at a time, on many machines. Raises OperatorError when the address can't be used."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec

            self.files, self.root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise OperatorError(
                f"YAODIAN_ARCHIVE_URL: {error}; write such as s3://BUCKET/FOLDER, and install: pip install 'yaodian[cluster]'"
            ) from error
        super().__init__(Path(self.root))
        self.url = url.rstrip("/")
        self.spooled: list[Place] = []
        self._spool: IO[bytes] | None = None
        self._stamp = stamp()

    def close(self) -> None:
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def settle(self) -> None:
        """Nothing is ever left open; whether the storage takes what we write is seen here, before anything is fetched."""
        with self._told():
            self.files.pipe_file(f"{self.root}/README", b"The WARC files of a Yaodian: yaodian verify\n")

    def sizes(self) -> dict[str, int]:
        with self._told():
            found: dict[str, dict[str, Any]] = self.files.find(self.root, detail=True)
        named = {path[len(self.root) + 1 :]: one["size"] for path, one in found.items()}
        return {name: size for name, size in named.items() if is_archive_name(name)}

    def closed(self) -> list[Path]:
        return []

    def age(self, name: str, now: dt.datetime) -> dt.timedelta:
        with self._told():
            written: dt.datetime = self.files.modified(self._path(name))
        return now - written

    def put(self, path: Path, name: str) -> None:
        open_regular(path).close()
        with self._told():
            self.files.put_file(str(path), self._path(name))

    def fetch(self, name: str, path: Path, length: int) -> None:
        part = path.with_name(f".{path.name}.part")
        create_private(part).close()
        try:
            with self._told():
                self.files.get_file(self._path(name), str(part))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        with self._told():
            self.files.rm_file(self._path(name))

    def content(self, name: str) -> bytes:
        """Of a whole file; what this process wrote itself is not asked for again."""
        with self._told():
            whole: bytes = self.files.cat_file(self._path(name))
        return whole

    def spool(self) -> Iterator[tuple[str, bytes]]:
        """The loose records that this process wrote, with their names, from the disk."""
        if self._spool is not None:
            self._spool.seek(0)
            for place in self.spooled:
                yield place.file, self._spool.read(place.length)

    def forget(self) -> None:
        """What was spooled lies elsewhere now."""
        self.close()
        self.spooled, self._stamp = [], stamp()

    def _bytes(self, place: Place) -> bytes:
        with self._told():
            some: bytes = self.files.cat_file(
                self._path(place.file), start=place.offset, end=place.offset + place.length
            )
        return some

    def _write(self, member: bytes) -> Place:
        name = f"{LOOSE}{self._stamp}-{len(self.spooled):06}{SUFFIX}"
        place = Place(name, 0, len(member))
        if self._spool is None:
            self._spool = tempfile.TemporaryFile(prefix="yaodian-")  # noqa: SIM115 (until `close`)
        if self._spool.tell() > SPOOL_SIZE:
            self.forget()
            return self._write(member)
        with self._told():
            self.files.pipe_file(self._path(name), member)
        self._spool.write(member)
        self.spooled.append(place)
        return place

    def _path(self, name: str) -> str:
        """Return an object's full path; raise DamagedRecord for a name that leads out of the archive."""
        return f"{self.root}/{check_archive_name(name)}"

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what the operator must mend into one line."""
        try:
            yield
        except FileNotFoundError as error:
            raise DamagedRecord(
                f"archive {self.url}: {_said(error)} is not there; make the bucket, or restore from a backup"
            ) from error
        except _troubles() as error:
            is_refused = isinstance(error, PermissionError) or "credentials" in str(error)
            remedy = (
                "mend AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the bucket's policy"
                if is_refused
                else "see that the storage can be reached (AWS_ENDPOINT_URL)"
            )
            raise OperatorError(f"archive {self.url}: {_said(error)}; {remedy}") from error


def stamp() -> str:
    return f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def write_file(records: Iterator[tuple[str, bytes]], path: Path, name: str) -> dict[str, int]:
    """A WARC file of many; returns at which offset each of them begins."""
    offsets: dict[str, int] = {}
    with create_private(path) as out:
        out.write(warcinfo(name))
        for key, data in records:
            offsets[key] = out.tell()
            out.write(data)
    return offsets


def is_local(url: str) -> bool:
    return not url or urlsplit(url).scheme in ("", "file")


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _troubles() -> tuple[type[Exception], ...]:
    """OSError, and what S3's library raises beside it."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ImportError:
        return (OSError,)
    return OSError, BotoCoreError, ClientError
