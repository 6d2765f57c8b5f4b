"""Rows whose archive file name, offset or length leads elsewhere, read by everything that reads the archive."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from bench.attacks import Attempt, Ground
from bench.attacks.restored_backups import NAMES
from notify.post import Post
from notify.tokens import Tokens
from store import gathering, queries
from store import models as rows
from store.archive import Archive, Place, digest
from store.backup import backup
from store.database import Database
from store.errors import OperatorError
from store.flow import Capture
from store.objects import Objects
from store.verify import files, verify
from store.warcs import copy_records
from web.app import create
from web.terms import Terms
from yaodian.checkup import archive as archive_finding

TITLE = "file names in rows"
BOTH_DATABASES = True

NOW = dt.datetime(2026, 11, 28, 12, 0, tzinfo=dt.UTC)
SECRET = b"bytes from outside of the archive"
URL = "http://a.example.org/1"
# Offsets and lengths that no record has.
PLACES = ((-1, 10), (0, -1), (0, 0), (1 << 62, 10), (0, (1 << 31) - 1), (10, 1), (0, 1))
LINKS = (
    "symbolic.warc.gz",
    "fifo.warc.gz",
    "folder.warc.gz",
    "dangling.warc.gz",
    "loose/through.warc.gz",
    "loop.warc.gz",
)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Point a row at each name, and read it in every way."""
    outside = ground.data.parent / "outside"
    outside.mkdir()
    place = _plant(outside)
    _link(ground.data / "warc", outside / place.file)
    database, archive = Database(ground.database_url), Archive(ground.data / "warc")
    whole = archive.append(Capture("http://a.example.org/2", 200, (), b"sound", NOW))
    archive.close()
    with database.write() as session:
        for url, at in ((URL, place), ("http://a.example.org/2", whole)):
            session.add(
                rows.Capture(
                    url=url, fetched_at=NOW, status=200, digest=digest(SECRET if url == URL else b"sound"),
                    file=at.file, offset=at.offset, length=at.length,
                )
            )  # fmt: skip
    objects = Objects(f"local://{ground.data / 'warc'}")
    names = [
        f"../outside/{place.file}",
        str(outside / place.file),
        *LINKS,
        *(name.replace("\0", "") for name in NAMES),
    ]
    with TestClient(_create_app(ground, database, archive), raise_server_exceptions=False) as client:
        with database.read() as session:
            sound = session.scalars(select(rows.Capture.id).where(rows.Capture.url != URL)).one()
        is_shown = b"sound" in client.get(f"/captures/{sound}/shown").content
        yield Attempt("a sound row is shown", "" if is_shown else "it is not")
        for name in names[:: 5 if ground.is_short else 1]:
            _point(database, Place(name, place.offset, place.length))
            yield from _read_all(ground, database, archive, objects, client, f"{name[:40]!r}", is_name=True)
        for offset, length in PLACES[:: 3 if ground.is_short else 1]:
            _point(database, Place(whole.file, offset, length))
            yield from _read_all(
                ground, database, archive, objects, client, f"{length} bytes at {offset}", is_name=False
            )
    database.close()


def _plant(outside: Path) -> Place:
    """Create a valid record outside of the archive, whose bytes must not be read."""
    other = Archive(outside)
    place = other.append(Capture(URL, 200, (), SECRET, NOW))
    other.close()
    return place


def _link(warc: Path, target: Path) -> None:
    (warc / "symbolic.warc.gz").symlink_to(target)
    (warc / "dangling.warc.gz").symlink_to("nowhere")
    (warc / "loop.warc.gz").symlink_to("loop.warc.gz")
    os.mkfifo(warc / "fifo.warc.gz")
    (warc / "folder.warc.gz").mkdir()
    shutil.copyfile(target, target.with_name("through.warc.gz"))
    (warc / "loose").symlink_to(target.parent)


def _point(database: Database, place: Place) -> None:
    with database.write() as session:
        row = session.scalars(select(rows.Capture).where(rows.Capture.url == URL)).one()
        row.file, row.offset, row.length = place.file, place.offset, place.length


def _read_all(
    ground: Ground,
    database: Database,
    archive: Archive,
    objects: Objects,
    client: TestClient,
    name: str,
    *,
    is_name: bool,
) -> Iterator[Attempt]:
    """Read the row with each reader: it must report an error or leave the record out, and never show the bytes."""
    with database.read() as session:
        row = session.scalars(select(rows.Capture).where(rows.Capture.url == URL)).one()
        identity, place = row.id, queries.body_place(session, row.id)
    assert place is not None
    target, copy = ground.data.parent / "kept", ground.data.parent / "copied"

    def export(archive: Archive) -> bytes:
        out = io.BytesIO()
        with database.read() as session:
            errors = list(copy_records(session, archive, out))
        return out.getvalue() if errors else SECRET

    def check(archive: Archive) -> bytes:
        found = [one for each in verify(database, archive, files(database)) for one in each.problems]
        return b"" if found and all(one.isprintable() for one in found) else SECRET

    def keep() -> bytes:
        made = backup(database, archive, ground.data, target, NOW, lambda *_: None)
        held = b"".join(path.read_bytes() for path in target.rglob("*.warc.gz"))
        return SECRET if digest(held) == digest(b"") or len(made.manifest.warc) != 1 else b""

    def look() -> bytes:
        with database.read() as session:
            return b"" if not archive_finding(archive, queries.archive_ends(session)).ok else SECRET

    def fetch(archive: Archive) -> bytes:
        archive.fetch(place.file, copy, 1 << 20)
        return copy.read_bytes()

    def tidy() -> bytes:
        gathering.tidy(database, objects, NOW + 3 * gathering.FRESH)
        return b""

    readers: dict[str, Callable[[], bytes]] = {
        "read": lambda: archive.read(place).body,
        "member": lambda: archive.member(place),
        "verify": lambda: check(archive),
        "export": lambda: export(archive),
        "shown page": lambda: client.get(f"/captures/{identity}/shown").content,
        "memento": lambda: client.get(f"/memento/20261128120000/{URL}").content,
    }
    if is_name:
        readers |= {"backup": keep, "doctor": look, "fetch": lambda: fetch(archive)}
    if is_name and place.file not in LINKS:  # in object storage there are none
        readers |= {
            "object storage: read": lambda: objects.read(place).body,
            "object storage: fetch": lambda: fetch(objects),
            "object storage: content": lambda: objects.content(place.file),
            "object storage: tidy": tidy,
        }
    for reader, read in readers.items():
        yield Attempt(f"{reader}: {name}", _breach(read))
    copy.unlink(missing_ok=True)


def _breach(read: Callable[[], bytes]) -> str:
    try:
        return "the bytes were read" if SECRET in read() else ""
    except OperatorError as error:
        return "" if str(error).isprintable() else "the error is more than one line of text"
    except OSError:
        return ""  # what `fetch` says of a name that is no regular file
    except Exception as error:  # noqa: BLE001 (a crash is what an attack may want)
        return f"crashed: {type(error).__name__}: {error}"


def _create_app(ground: Ground, database: Database, archive: Archive) -> FastAPI:
    post = Post("a <a@example.org>", Tokens("s" * 64), ground.data / "outbox", "http://testserver")
    return create(Terms(database, ground.data, archive, "Asia/Shanghai", post, "s" * 64, ("true",)))
