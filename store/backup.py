"""Backups. A backup is a data directory: rows in SQLite whatever they were in, the WARC files, source files, settings.

So any command can look into one (`yaodian --data BACKUP plans`), and restoring one with another YAODIAN_DATABASE_URL
moves everything to another database. The rows are copied first, of one moment, then the WARC files as far as these
rows point into them: records are only ever appended, and written before the rows that point to them.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import (
    Connection,
    LargeBinary,
    MetaData,
    Table,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
)

from store import models as rows
from store.archive import Archive, copy_start
from store.columns import PackedJson
from store.database import Database, masked
from store.errors import OperatorError
from store.search import index

MANIFEST = "backup.json"
ROWS = "yaodian.db"
# The settings, and what signs the links in mails that were sent.
FILES = ("yaodian.toml", "secret")
AT_A_TIME = 500
INDEX = {rows.Indexed.__tablename__, rows.Ended.__tablename__}
# Names a database of the old place; the new one says for itself where its rows are.
_DATABASE_URL = re.compile(r"^(\s*(?:database_url|archive_url)\s*=)", re.M)

Progress = Callable[[str, int, int], None]
"""Told what is being copied, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds: rows by table, and WARC files by size in bytes."""

    made_at: str
    tables: dict[str, int]
    warc: dict[str, int]


def backup(
    database: Database, archive: Archive, data: Path, target: Path, now: dt.datetime, progress: Progress
) -> Manifest:
    """Copy everything into a new directory, or bring an earlier backup there up to date; what runs may go on running.

    Cut short, an earlier backup there stays as it was but for WARC files that came. Raises OperatorError.
    """
    _check_target(target, data)
    part = target / f".{ROWS}.part"
    try:
        (target / "warc").mkdir(parents=True, exist_ok=True)
        _remove(part)
        tables = copy_rows(database, Database(f"sqlite:///{part}"), progress)
        reach = _reach(Database(f"sqlite:///{part}"))
        sizes = archive.sizes()
        for number, (name, length) in enumerate(sorted(reach.items())):
            progress("warc", number, len(reach))
            _copy_warc(archive, target / "warc", name, sizes.get(name, 0), length)
        _copy_files(data, target)
        part.replace(target / ROWS)
        manifest = Manifest(
            now.isoformat(), tables, {name: (target / "warc" / name).stat().st_size for name in reach}
        )
        _write(target / MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
        kept = {target / "warc" / name for name in reach}
        for path in (target / "warc").rglob("*"):
            if path.is_file() and path not in kept:
                path.unlink()
    except OSError as error:
        raise OperatorError(
            f"{error.filename or target}: {error.strerror}; make room or make it writable"
        ) from error
    finally:
        _remove(part)
    return manifest


def _remove(database: Path) -> None:
    """A SQLite file, and what SQLite has beside it when it was cut short."""
    for ending in ("", "-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


def restore(source: Path, database: Database, archive: Archive, data: Path, progress: Progress) -> Manifest:
    """Put a backup into an empty data directory and an empty database; the rows come last, so that what was cut short
    is no data directory yet. Raises OperatorError."""
    manifest = read_manifest(source)
    _check_empty(database, data)
    try:
        (data / "outbox").mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(sorted(manifest.warc)):
            progress("warc", number, len(manifest.warc))
            archive.put(source / "warc" / name, name)
        _copy_files(source, data)
        toml = data / "yaodian.toml"
        if toml.exists():
            _write(
                toml, _DATABASE_URL.sub(r"# of the place it was backed up from: \1", toml.read_text("utf-8"))
            )
        # A copy, since that of an older Yaodian is brought up to date first.
        part = data / f".{ROWS}.part"
        shutil.copyfile(source / ROWS, part)
        held = Database(f"sqlite:///{part}")
        held.upgrade()
        if database.engine.dialect.name == "sqlite":
            held.close()
            part.replace(data / ROWS)
        else:
            copy_rows(held, database, progress)
            held.close()
            part.unlink()
    except OSError as error:
        raise OperatorError(
            f"{error.filename or data}: {error.strerror}; make room or make it writable"
        ) from error
    done = 0
    for some in index.catch_up(database, waiting := index.pending(database)):
        done += some
        progress("index", done, len(waiting))
    return manifest


def read_manifest(source: Path) -> Manifest:
    """Raises OperatorError when there is no whole backup."""
    try:
        manifest = Manifest(**json.loads((source / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise OperatorError(
            f"{source} holds no whole backup ({MANIFEST}: {error}); name another one"
        ) from error
    for name, size in manifest.warc.items():
        path = source / "warc" / name
        if not path.is_file() or path.stat().st_size < size:
            raise OperatorError(f"{path} is not there as it was backed up; restore from another backup")
    return manifest


def copy_rows(source: Database, target: Database, progress: Progress) -> dict[str, int]:
    """All tables, as they were at one moment, into a database that has none; all of it or nothing."""
    target.upgrade()
    counts: dict[str, int] = {}
    # The index of words is made anew where it is restored: each database has its own kind.
    tables = [table for table in rows.Base.metadata.sorted_tables if table.name not in INDEX]
    with source.read() as session, target.write() as writing:
        reading, written = session.connection(), writing.connection()
        for number, table in enumerate(tables):
            progress(table.name, number, len(tables))
            counts[table.name] = _copy_table(reading, written, table)
    target.close()
    return counts


def _copy_table(reading: Connection, written: Connection, table: Table) -> int:
    # What is packed stays packed.
    columns = [
        type_coerce(c, LargeBinary).label(c.name) if isinstance(c.type, PackedJson) else c for c in table.c
    ]
    found = reading.execution_options(yield_per=AT_A_TIME).execute(
        select(*columns).order_by(*table.primary_key.columns)
    )
    into = insert(_raw(table))
    count = 0
    for some in found.mappings().partitions(AT_A_TIME):
        written.execute(into, [dict(row) for row in some])
        count += len(some)
    if count and written.dialect.name == "postgresql":
        _move_sequence(written, table)
    return count


def _raw(table: Table) -> Table:
    raw = table.to_metadata(MetaData())
    for column in raw.c:
        if isinstance(column.type, PackedJson):
            column.type = LargeBinary()
    return raw


def _move_sequence(written: Connection, table: Table) -> None:
    """The next row that is made gets the number after the last that was copied."""
    for column in table.primary_key.columns:
        name = written.scalar(
            text("select pg_get_serial_sequence(:table, :column)"),
            {"table": table.name, "column": column.name},
        )
        if name is not None:
            written.execute(select(func.setval(name, select(func.max(column)).scalar_subquery())))


def _reach(held: Database) -> dict[str, int]:
    """How far into each WARC file rows point."""
    capture = rows.Capture
    with held.read() as session:
        ends = func.max(capture.offset + capture.length)
        found = {
            file: end for file, end in session.execute(select(capture.file, ends).group_by(capture.file))
        }
    held.close()
    return found


def _copy_warc(archive: Archive, target: Path, name: str, size: int, length: int) -> None:
    """Of `size` bytes as far as `length`, unless an earlier backup has it as it is."""
    copied = target / name
    copied.parent.mkdir(exist_ok=True)
    if not copied.exists() or copied.stat().st_size < length or copied.stat().st_size != size:
        archive.fetch(name, copied, length)


def _copy_whole(path: Path, copied: Path) -> None:
    copy_start(path, copied, path.stat().st_size)


def _copy_files(source: Path, target: Path) -> None:
    (target / "sources").mkdir(exist_ok=True)
    kept = set()
    for path in sorted((source / "sources").glob("*.yaml")):
        _copy_whole(path, target / "sources" / path.name)
        kept.add(path.name)
    for path in (target / "sources").glob("*.yaml"):
        if path.name not in kept:
            path.unlink()
    for name in FILES:
        if (source / name).is_file():
            _copy_whole(source / name, target / name)
            shutil.copymode(source / name, target / name)


def _write(path: Path, words: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(words, encoding="utf-8")
    part.replace(path)


def _check_target(target: Path, data: Path) -> None:
    if target.resolve() == data.resolve():
        raise OperatorError(f"{target} is the data directory itself; name another place for the backup")
    if target.exists() and not target.is_dir():
        raise OperatorError(f"{target} is a file; name a directory")
    if not ((target / MANIFEST).exists() or _is_clear(target)):
        raise OperatorError(f"{target} holds something else than a backup; name an empty directory")


def _check_empty(database: Database, data: Path) -> None:
    if not _is_clear(data):
        raise OperatorError(f"{data} is not empty; restore into a new one: yaodian --data DIR restore BACKUP")
    if database.engine.dialect.name == "sqlite":
        return
    with database.read() as session:
        if inspect(session.connection()).has_table(rows.Source.__tablename__) and any(
            session.scalars(select(table).limit(1)).first() for table in (rows.Source, rows.Subscription)
        ):
            raise OperatorError(f"{masked(database.url)} is not empty; restore into a new database")


def _is_clear(folder: Path) -> bool:
    """Nothing is there, or what a backup or restore that was cut short left."""
    part = f".{ROWS}.part"
    left = {"warc", "outbox", "sources", *FILES, part, f"{part}-wal", f"{part}-shm"}
    return not folder.exists() or {path.name for path in folder.iterdir()} <= left
