"""Small files of an archive in object storage become large ones: uploaded first, then all rows are led there at once.

Killed between the two, the new file is a spare copy that no row points to. What no row points to is dropped a day after
that was so, and who read a row before it was led elsewhere still finds what it said.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from store import models as rows
from store.archive import SUFFIX, Archive
from store.database import Database
from store.objects import Objects, stamp, write_file

SMALL = 16 << 20
LARGE = 256 << 20
GRACE = dt.timedelta(days=1)
# What was written in the last hour a crawl may be about to gather itself.
FRESH = dt.timedelta(hours=1)


def finish(database: Database, archive: Archive, now: dt.datetime) -> None:
    """A crawl has ended: its records become one file. Raises OperatorError; then they stay as they are."""
    if isinstance(archive, Objects):
        if len(archive.spooled) > 1:
            _gather(database, archive, archive.spool(), now)
        archive.forget()
    archive.close()


def tidy(database: Database, archive: Archive, now: dt.datetime) -> dict[str, int]:
    """Drop what no row points to, then gather; returns how many files were dropped and how many gathered."""
    done = {"archive files gathered": 0, "archive files": 0}
    if not isinstance(archive, Objects):
        return done
    sizes = archive.sizes()
    with database.read() as session:
        named = set(session.scalars(select(rows.Capture.file).distinct()))
    for name in _long_spare(database, set(sizes) - named, now):
        archive.remove(name)
        done["archive files"] += 1
    small = [name for name in sorted(named & set(sizes)) if sizes[name] < SMALL]
    for group in _groups((name for name in small if archive.age(name, now) > FRESH), sizes):
        _gather(database, archive, ((name, archive.content(name)) for name in group), now)
        done["archive files gathered"] += len(group)
    return done


def _long_spare(database: Database, spare: set[str], now: dt.datetime) -> list[str]:
    """Those to which no row has pointed for a day. A moment that lies ahead, as a clock that was ahead noted it, is now."""
    with database.write() as session:
        known = {row.file: row for row in session.scalars(select(rows.SpareFile))}
        for file, row in known.items():
            if file not in spare:
                session.delete(row)
            elif row.since > now:
                row.since = now
        session.add_all(rows.SpareFile(file=file, since=now) for file in sorted(spare - known.keys()))
        return sorted(file for file in spare & known.keys() if now - known[file].since > GRACE)


def _groups(names: Iterable[str], sizes: dict[str, int]) -> Iterator[list[str]]:
    group: list[str] = []
    for name in names:
        if group and sum(sizes[one] for one in group) + sizes[name] > LARGE:
            yield group
            group = []
        group.append(name)
    if len(group) > 1:
        yield group


def _gather(
    database: Database, archive: Objects, files: Iterator[tuple[str, bytes]], now: dt.datetime
) -> None:
    name = f"yaodian-{stamp()}{SUFFIX}"
    with tempfile.TemporaryDirectory(prefix="yaodian-") as folder:
        path = Path(folder) / "gathered"
        offsets = write_file(files, path, name)
        archive.put(path, name)
    with database.write() as session:
        _lead(session, name, offsets)
        for file in offsets:
            session.merge(rows.SpareFile(file=file, since=now))


def _lead(session: Session, name: str, offsets: dict[str, int]) -> None:
    capture = rows.Capture
    for file, offset in offsets.items():
        session.execute(
            update(capture)
            .where(capture.file == file)
            .values(file=name, offset=capture.offset + offset)
            .execution_options(synchronize_session=False)
        )
