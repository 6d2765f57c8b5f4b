"""The index of words keeps in step with the versions: one row for what stays, and the same when it is made anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from library import CLAUSES, DAY, QUERIES, START, all_hits, fill, kept, page
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import models as rows
from store.database import Database
from store.flow import Node
from store.search import index


@pytest.fixture
def library(database: Database) -> Database:
    fill(database)
    return database


def test_an_item_that_stays_is_indexed_once(database: Database) -> None:
    items = [f"{CLAUSES[n % 11]}之{n}" for n in range(50)]
    with database.write() as session:
        kept(session, "d1", START, page("要点", items))
        for edition in range(1, 5):
            items[edition] += "（修改）"
            kept(session, "d1", START + edition * DAY, page("要点", items))
    with database.read() as session:
        assert session.scalar(select(func.sum(rows.Indexed.count))) == 51 + 4
        (hit,) = all_hits(session, "“修改” 双师型")
        assert (hit.first, hit.last, hit.shown.number) == (5, None, 5)


def test_a_renumbered_item_is_shown_where_it_stands_now(database: Database) -> None:
    with database.write() as session:
        kept(session, "d1", START, page("要点", ["甲类事项"]))
        first = Node("1.", 1, None, "新增的")
        moved = replace(
            page("要点", []),
            outline=(Node("一、", 1, None, "总则", (first, Node(None, 2, None, "1.甲类事项"))),),
        )
        kept(session, "d1", START + DAY, moved)
    with database.read() as session:
        (hit,) = all_hits(session, "甲类事项")
        assert (hit.passage.path, hit.first, hit.last) == ("一、/¶1", 1, None)


def answers(session: Session) -> list[list[tuple[str, str, int, int | None]]]:
    return [
        sorted(
            (hit.document.id, hit.passage.text, hit.first, hit.last or 0) for hit in all_hits(session, query)
        )
        for query in QUERIES
    ]


def test_the_index_is_made_anew_from_what_is_stored(
    library: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with library.read() as session:
        before = answers(session)
    monkeypatch.setattr(index, "AT_ONCE", 10)
    index.empty(library)
    with library.read() as session:
        assert not all_hits(session, "双减")
    waiting = index.pending(library)
    stepwise: Iterator[int] = index.catch_up(library, waiting)
    assert next(stepwise) == 10
    library.upgrade()  # goes on where the other was cut
    assert not index.pending(library)
    with library.read() as session:
        assert answers(session) == before
    with library.write() as session:
        index.renew(session, "d000000000003")
    with library.read() as session:
        assert answers(session) == before
