"""Verifying the archive: every record that a row points to is read back and holds the bytes that the row promises."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from store import models as rows
from store.archive import Archive, Place, digest
from store.database import Database
from store.errors import OperatorError

# Verified a share each night, the whole archive is verified once in so many days.
NIGHTS = 30


@dataclass(frozen=True, slots=True)
class Verified:
    """A file of the archive: how many captures lie in it, and what is wrong with some of them."""

    file: str
    captures: int
    problems: tuple[str, ...]


def files(database: Database, night: int | None = None) -> list[str]:
    """The names of the archive's files, or those of them whose turn is in a night (a day's ordinal)."""
    with database.read() as session:
        found = session.scalars(select(rows.Capture.file).distinct().order_by(rows.Capture.file))
        return [name for name in found if night is None or _turn(name) == night % NIGHTS]


def verify(database: Database, archive: Archive, names: list[str]) -> Iterator[Verified]:
    """File by file, in the order of the records in it."""
    for name in names:
        problems: list[str] = []
        count = 0
        with database.read() as session:
            captures = session.execute(
                select(
                    rows.Capture.id,
                    rows.Capture.url,
                    rows.Capture.digest,
                    rows.Capture.body_of,
                    rows.Capture.offset,
                    rows.Capture.length,
                )
                .where(rows.Capture.file == name)
                .order_by(rows.Capture.offset)
                .execution_options(yield_per=1000)
            )
            for capture_id, url, promised, body_of, offset, length in captures:
                count += 1
                problem = _problem(archive, Place(name, offset, length), url, None if body_of else promised)
                if problem:
                    problems.append(f"capture {capture_id}: {problem}")
        yield Verified(name, count, tuple(problems))


def _problem(archive: Archive, place: Place, url: str, promised: str | None) -> str | None:
    try:
        capture = archive.read(place)
    except OperatorError as error:
        return str(error)
    if capture.url != url:
        return f"{place.file}: the record at {place.offset} is of {capture.url}, not of {url}"
    if promised is not None and digest(capture.body) != promised:
        return f"{place.file}: the record at {place.offset} holds other bytes than were fetched from {url}"
    return None


def _turn(name: str) -> int:
    return int.from_bytes(hashlib.sha256(str(name).encode("utf-8", "surrogateescape")).digest()[:4]) % NIGHTS
