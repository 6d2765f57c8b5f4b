"""The index of words kept in step with the versions: in the transaction of each new one, or rebuilt from what is stored.

A passage that a version shares with the one before keeps its row, so an edited digit costs one row and no page.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, exists, insert, select, update
from sqlalchemy.orm import Session, undefer

from store import models as rows
from store.database import Database
from store.flow import Page
from store.locks import alone
from store.plans import LINKING
from store.search.passages import passages
from store.search.tokens import spaced
from store.search.words import Words
from store.shapes import page_from_json

AT_ONCE = 50
# Crawls that end out of order bring versions somewhat late; those of a document that is indexed anew come long after.
LATE = dt.timedelta(days=1)


def add(session: Session, version: rows.Version, page: Page, before: rows.Version | None) -> None:
    """Index a new version, the newest of its document; `before` is the one that held until now. The transaction must
    hold `LINKING` alone, under which all new versions come."""
    open_rows: dict[str, deque[int]] = defaultdict(deque)
    if before is not None:
        known = session.scalars(select(rows.Indexed).where(rows.Indexed.version_id == before.id)).first()
        if known is None:
            renew(session, version.document_id)
            return
        earlier = passages(page_from_json(before.page), before.title)
        for row, passage in zip(unpacked(known.rows), earlier, strict=True):
            open_rows[spaced(passage.text)].append(row)
    _index(session, version, page, before, open_rows)


def renew(session: Session, document: str) -> None:
    """Index all versions of a document anew, in the order in which the site said them. Their rows from before are
    nobody's until the whole index is rebuilt."""
    of_document = select(rows.Version.id).where(rows.Version.document_id == document)
    session.flush()
    session.execute(delete(rows.Ended).where(rows.Ended.version_id.in_(of_document)))
    session.execute(
        update(rows.Indexed).where(rows.Indexed.version_id.in_(of_document)).values(version_id=None)
    )
    query = (
        select(rows.Version)
        .where(rows.Version.document_id == document)
        .order_by(rows.Version.captured_at, rows.Version.number)
        .options(undefer(rows.Version.page))
    )
    before: rows.Version | None = None
    open_rows: dict[str, deque[int]] = {}
    for version in session.scalars(query):
        open_rows = _index(session, version, page_from_json(version.page), before, open_rows)
        before = version


def pending(database: Database) -> list[int]:
    """The versions that are not indexed, in the order in which they were captured."""
    query = (
        select(rows.Version.id)
        .where(~exists().where(rows.Indexed.version_id == rows.Version.id))
        .order_by(rows.Version.captured_at, rows.Version.number, rows.Version.id)
    )
    with database.read() as session:
        return list(session.scalars(query))


def catch_up(database: Database, versions: Sequence[int]) -> Iterator[int]:
    """Index versions that are not indexed; yields how many each transaction did. Killed at any instant, what was done
    is done, and `pending` names the rest."""
    for at in range(0, len(versions), AT_ONCE):
        some = versions[at : at + AT_ONCE]
        with database.write() as session:
            alone(session, LINKING)
            for version in some:
                _late(session, session.get_one(rows.Version, version))
        yield len(some)


def empty(database: Database) -> None:
    """Forget the whole index; `catch_up` makes it again from the stored versions."""
    with database.write() as session:
        alone(session, LINKING)
        session.execute(delete(rows.Ended))
        session.execute(delete(rows.Indexed))
        connection = session.connection()
        Words(connection).clear(connection)


def packed(numbers: Sequence[int]) -> str:
    """Row numbers of passages as runs from the last to the first: [9, 7, 6, 5] is "5+3 9+1"."""
    runs: list[list[int]] = []
    for number in reversed(numbers):
        if runs and number == runs[-1][0] + runs[-1][1]:
            runs[-1][1] += 1
        else:
            runs.append([number, 1])
    return " ".join(f"{first}+{count}" for first, count in runs)


def unpacked(runs: str) -> list[int]:
    found: list[int] = []
    for run in runs.split():
        first, _, count = run.partition("+")
        found += range(int(first), int(first) + int(count))
    return found[::-1]


def _late(session: Session, version: rows.Version) -> None:
    """Index a version that was stored before, unless it is; its document anew where a later one is already."""
    of_document = (
        select(rows.Version, rows.Indexed.first)
        .outerjoin(rows.Indexed, rows.Indexed.version_id == rows.Version.id)
        .where(rows.Version.document_id == version.document_id)
        .order_by(rows.Version.captured_at, rows.Version.number)
    )
    found = session.execute(of_document).all()
    at = next(place for place, (other, _) in enumerate(found) if other.id == version.id)
    if found[at].first is not None:
        return
    if any(first is not None for _, first in found[at + 1 :]):
        renew(session, version.document_id)
    else:
        add(session, version, page_from_json(version.page), found[at - 1][0] if at else None)


def _index(
    session: Session,
    version: rows.Version,
    page: Page,
    before: rows.Version | None,
    open_rows: dict[str, deque[int]],
) -> dict[str, deque[int]]:
    """Index a version whose predecessor has `open_rows`, by the words of each; returns its own."""
    texts = [spaced(passage.text) for passage in passages(page, version.title)]
    shared = [open_rows[words].popleft() if open_rows.get(words) else None for words in texts]
    # Rows that nobody asks for as objects: the connection itself is twice as fast.
    connection = session.connection()
    first, reached = _next(connection, version)
    count = shared.count(None)
    fresh = iter(range(first + count - 1, first - 1, -1))
    numbers = [next(fresh) if row is None else row for row in shared]
    added = [(row, words) for row, words, was in zip(numbers, texts, shared, strict=True) if was is None]
    connection.execute(
        insert(rows.Indexed),
        {
            "first": first,
            "count": count,
            "title": numbers[0] if shared[0] is None else None,
            "version_id": version.id,
            "rows": packed(numbers),
            "reached": reached,
            "is_late": version.captured_at < reached - LATE,
        },
    )
    own: dict[str, deque[int]] = defaultdict(deque)
    for words, row in zip(texts, numbers, strict=True):
        own[words].append(row)
    left = [row for waiting in open_rows.values() for row in waiting]
    if before is not None and left:
        ended = {"version_id": before.id, "until": version.captured_at}
        connection.execute(insert(rows.Ended), [{"row": row, **ended} for row in left])
    Words(connection).add(connection, reversed(added))
    return own


def _next(connection: Connection, version: rows.Version) -> tuple[int, dt.datetime]:
    """The next row, and the latest moment of capture with this version."""
    columns = rows.Indexed.first, rows.Indexed.count, rows.Indexed.reached
    last = connection.execute(select(*columns).order_by(rows.Indexed.first.desc()).limit(1)).first()
    if last is None:
        return 1, version.captured_at
    first, count, reached = last
    return first + max(count, 1), max(reached, version.captured_at)
