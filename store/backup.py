"""Backups. A backup is a data directory: rows in SQLite whatever they were in, the WARC files, source files, settings.

So any command can look into one (`yaodian --data BACKUP plans`), and restoring one with another YAODIAN_DATABASE_URL
moves everything to another database. The rows are copied first, of one moment, then the WARC files as far as these
rows point into them: records are only ever appended, and written before the rows that point to them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    Connection,
    LargeBinary,
    MetaData,
    Table,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    type_coerce,
)
from sqlalchemy.orm import Session

from store import models as rows
from store.archive import Archive, copy_start
from store.columns import PackedJson
from store.database import Database, masked
from store.errors import OperatorError
from store.manifest import (
    LARGEST_SECRET,
    LARGEST_SOURCE,
    LARGEST_TOML,
    MANIFEST,
    ROWS,
    SECRET,
    TOML,
    CheckedBackup,
    Manifest,
    check_backup,
    is_source_name,
)
from store.safe_files import (
    create_private,
    is_archive_name,
    make_private_folder,
    open_regular,
    refuse_links,
    shorten,
    write_private,
)
from store.search import index

AT_A_TIME = 500
INDEX = {rows.Indexed.__tablename__, rows.Ended.__tablename__}
# A session that ended since must not live again: operators sign in anew after a restore.
SESSIONS = {rows.OperatorSession.__tablename__}
# In a data directory whose restoring has begun and not ended: the SHA-256 of the backup's manifest.
MARKER = ".restoring"
# The settings, and what signs the links in mails that were sent.
SMALL_FILES = {TOML: LARGEST_TOML, SECRET: LARGEST_SECRET}
# What a backup or restore that was cut short leaves in a folder that held nothing before.
_LEFT = re.compile(
    r"warc|outbox|sources|secret|yaodian\.toml|\.restoring|\.[a-z.]+\.part(-wal|-shm|-journal)?"
)
_DATABASE = re.compile(r"yaodian\.db(-wal|-shm|-journal)?|locks")

Progress = Callable[[str, int, int], None]
"""Told what is being copied, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What was backed up; `left_out` says what could not be, each with the reason and the remedy."""

    manifest: Manifest
    left_out: tuple[str, ...]


def backup(
    database: Database, archive: Archive, data: Path, target: Path, now: dt.datetime, progress: Progress
) -> Backup:
    """Copy everything into a new directory, or bring an earlier backup there up to date; what runs may go on running.

    Cut short, an earlier backup there stays as it was but for WARC files that came. Raises OperatorError.
    """
    _check_target(target, data)
    part = target / f".{ROWS}.part"
    try:
        for folder in (target, target / "warc", target / "sources"):
            make_private_folder(folder)
        _remove(part)
        create_private(part).close()
        tables = copy_rows(database, Database(f"sqlite:///{part}"), progress)
        reach = _reach(Database(f"sqlite:///{part}"))
        sizes, left_out = _copy_archive(archive, target / "warc", reach, progress)
        left_out += _copy_small_files(data, target)
        part.replace(target / ROWS)
        manifest = Manifest(now.isoformat(), tables, sizes)
        manifest.write(target)
        _drop_others(target / "warc", set(sizes))
    except OSError as error:
        raise OperatorError(
            f"{error.filename or target}: {error.strerror}; make room or make it writable"
        ) from error
    finally:
        _remove(part)
    return Backup(manifest, tuple(left_out))


def _copy_archive(
    archive: Archive, target: Path, reach: dict[str, int], progress: Progress
) -> tuple[dict[str, int], list[str]]:
    """Copy WARC files as far as rows point into them; returns the copies' sizes, and what could not be copied."""
    sizes: dict[str, int] = {}
    left_out: list[str] = []
    live = archive.sizes()
    for number, (name, length) in enumerate(sorted(reach.items(), key=repr)):
        progress("warc", number, len(reach))
        if not is_archive_name(name):
            left_out.append(f"a file that rows name {shorten(name)}; see: yaodian verify")
            continue
        size = live.get(name, -1)
        copied = target / name
        if size < length:
            left_out.append(f"{name} is not there as far as rows point into it; see: yaodian verify")
        # A copy that reaches as far as the rows is not given up for a file that was cut or lost since.
        if size >= 0 and (_size(copied) < length or (_size(copied) != size and size >= length)):
            make_private_folder(copied.parent)
            archive.fetch(name, copied, length)
        if (held := _size(copied)) >= 0:
            sizes[name] = held
    return sizes, left_out


def _size(path: Path) -> int:
    """Return the size of a file in bytes; -1 if it does not exist."""
    return path.lstat().st_size if path.exists() else -1


def _drop_others(warc: Path, kept: set[str]) -> None:
    """Remove the files of the backup's archive to which no row of it points any longer."""
    for folder, _, files in os.walk(warc, followlinks=False):
        for file in files:
            path = Path(folder) / file
            if path.relative_to(warc).as_posix() not in kept:
                path.unlink()


def _remove(database: Path) -> None:
    """A SQLite file, and what SQLite has beside it when it was cut short."""
    for ending in ("", "-wal", "-shm", "-journal"):
        database.with_name(database.name + ending).unlink(missing_ok=True)


def restore(source: Path, database: Database, archive: Archive, data: Path, progress: Progress) -> Manifest:
    """Put a backup into an empty data directory and an empty database. Nothing is written before the whole backup was
    checked. Cut short, the same command goes on, until `finish_restore` ends it. Raises OperatorError."""
    checked = check_backup(source)
    mark = hashlib.sha256(checked.raw_manifest).hexdigest()
    is_again = _check_empty(database, data, mark)
    part = data / f".{ROWS}.part"
    try:
        for folder in (data, data / "outbox", data / "sources"):
            make_private_folder(folder)
        write_private(data / MARKER, mark.encode())
        held = _bring_up_to_date(source / ROWS, part)
        are_rows_there = is_again and _are_rows_there(database, held)
        _put_warc(checked, archive, progress)
        _write_small_files(checked, data)
        if are_rows_there or database.engine.dialect.name != "sqlite":
            if not are_rows_there:
                copy_rows(held, database, progress)
            held.close()
            _remove(part)
        else:
            held.close()
            part.replace(data / ROWS)
    except OSError as error:
        raise OperatorError(
            f"{error.filename or data}: {error.strerror}; make room or make it writable"
        ) from error
    done = 0
    for some in index.catch_up(database, waiting := index.pending(database)):
        done += some
        progress("index", done, len(waiting))
    return checked.manifest


def finish_restore(data: Path) -> None:
    """Remove the marker of an unfinished restore: the data directory is complete."""
    (data / MARKER).unlink(missing_ok=True)


def _bring_up_to_date(rows_file: Path, part: Path) -> Database:
    """Copy a backup's rows and upgrade the copy to the current tables.

    Operator sessions are deleted from the copy, since others may have put them into the backup.
    """
    _remove(part)
    with open_regular(rows_file) as file:
        copy_start(file, part, os.fstat(file.fileno()).st_size)
    held = Database(f"sqlite:///{part}")
    held.upgrade()
    with held.write() as session:
        session.execute(delete(rows.OperatorSession))
    return held


def _put_warc(checked: CheckedBackup, archive: Archive, progress: Progress) -> None:
    """Copy the WARC files into the archive; skip those that an earlier attempt has copied completely."""
    try:
        there = archive.sizes()
    except FileNotFoundError:
        there = {}
    for number, name in enumerate(sorted(checked.manifest.warc)):
        progress("warc", number, len(checked.manifest.warc))
        path = checked.folder / "warc" / name
        if there.get(name) != path.lstat().st_size:
            archive.put(path, name)


def _write_small_files(checked: CheckedBackup, data: Path) -> None:
    for name, content in checked.sources.items():
        write_private(data / "sources" / name, content)
    for file, small in ((SECRET, checked.secret), (TOML, checked.settings)):
        if small is not None:
            write_private(data / file, small)


def copy_rows(source: Database, target: Database, progress: Progress) -> dict[str, int]:
    """All tables, as they were at one moment, into a database that has none; all of it or nothing."""
    target.upgrade()
    counts: dict[str, int] = {}
    # The index of words is made anew where it is restored: each database has its own kind.
    tables = [table for table in rows.Base.metadata.sorted_tables if table.name not in INDEX | SESSIONS]
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


def _copy_small_files(source: Path, target: Path) -> list[str]:
    """Copy source files, settings and the secret; returns which of them a backup can't hold. The operator may keep them
    elsewhere and have links here: what they lead to is copied."""
    left_out = []
    kept = set()
    for path in sorted((source / "sources").glob("*.yaml")):
        found = path.resolve()
        if not is_source_name(path.name) or not found.is_file() or found.stat().st_size > LARGEST_SOURCE:
            left_out.append(
                f"{path.parent}: {shorten(path.name)} is no source file; see: yaodian sources check"
            )
            continue
        write_private(target / "sources" / path.name, found.read_bytes())
        kept.add(path.name)
    for path in (target / "sources").glob("*.yaml"):
        if path.name not in kept:
            path.unlink()
    for name, most_bytes in SMALL_FILES.items():
        found = (source / name).resolve()
        if not found.is_file():
            (target / name).unlink(missing_ok=True)
        elif found.stat().st_size > most_bytes:
            left_out.append(f"{source / name} is larger than {most_bytes} bytes; see what is in it")
        else:
            write_private(target / name, found.read_bytes())
    return left_out


def _check_target(target: Path, data: Path) -> None:
    if target.resolve() == data.resolve():
        raise OperatorError(f"{target} is the data directory itself; name another place for the backup")
    if target.exists() and not target.is_dir():
        raise OperatorError(f"{target} is a file; name a directory")
    if not ((target / MANIFEST).exists() or _is_clear(target)):
        raise OperatorError(f"{target} holds something else than a backup; name an empty directory")
    for name in ("warc", "warc/loose", "sources"):
        refuse_links(target / name, "backup folder")


def _check_empty(database: Database, data: Path, mark: str) -> bool:
    """Return True when an earlier attempt to restore the same backup there was cut short. Raises OperatorError."""
    try:
        found = (data / MARKER).read_text(encoding="ascii")
    except FileNotFoundError:
        found = ""
    if found and found != mark:
        raise OperatorError(
            f"{data} holds a part of another backup; restore that one, or empty the directory"
        )
    if not _is_clear(data, is_again=bool(found)):
        raise OperatorError(f"{data} is not empty; restore into a new one: yaodian --data DIR restore BACKUP")
    if not found and database.engine.dialect.name != "sqlite" and any(_count_rows(database).values()):
        raise OperatorError(f"{masked(database.url)} is not empty; restore into a new database")
    return bool(found)


def _are_rows_there(database: Database, held: Database) -> bool:
    """Return True if an earlier attempt has already copied the rows.

    Raises OperatorError if the database holds any other rows.
    """
    if database.engine.dialect.name == "sqlite" and not Path(str(database.engine.url.database)).exists():
        return False
    there = _count_rows(database)
    if not any(there.values()):
        return False
    if there != _count_rows(held):
        raise OperatorError(
            f"{masked(database.url)} holds other rows than this backup; restore into a new place"
        )
    return True


def _count_rows(database: Database) -> dict[str, int]:
    """Count the rows of each table except the word index."""
    with database.read() as session:
        made = set(inspect(session.connection()).get_table_names())
        return {
            table.name: _count(session, table) if table.name in made else 0
            for table in rows.Base.metadata.sorted_tables
            if table.name not in INDEX
        }


def _count(session: Session, table: Table) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def _is_clear(folder: Path, *, is_again: bool = False) -> bool:
    """Nothing is there, or what a backup or restore that was cut short left."""
    return not folder.exists() or all(
        _LEFT.fullmatch(path.name) or (is_again and _DATABASE.fullmatch(path.name))
        for path in folder.iterdir()
    )
