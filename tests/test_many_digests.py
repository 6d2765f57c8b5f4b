"""Many readers cost few statements: the short form of `python -m bench.digests`."""

from __future__ import annotations

from sqlalchemy import delete, func, select

from bench.digests import NOW, counting, fill, page, subscribe
from notify import making
from notify.post import Post
from store import models as rows
from store.database import Database


def made(database: Database, post: Post, subscribers: int, filters: int) -> tuple[int, int]:
    """How many statements it takes to make the digests of so many, but for those that put a letter down; and how many
    letters that were."""
    with database.write() as session:
        for table in (rows.Delivery, rows.Letter, rows.DigestChange, rows.Digest, rows.Subscription):
            session.execute(delete(table))
    subscribe(database, subscribers, filters)
    with database.read() as session:
        ids = list(session.scalars(select(rows.Subscription.id)))
    with counting(database) as counted:
        making.make(database, ids, post, NOW)
    with database.read() as session:
        letters = session.scalar(select(func.count()).select_from(rows.Letter)) or 0
        digests = session.scalar(select(func.count()).select_from(rows.Digest)) or 0
    assert digests > subscribers / 2
    # A letter, its deliveries, and what is told of changes that no letter before it had.
    return counted.total - counted.statements["INSERT INTO letters"] - counted.statements[
        "INSERT INTO deliveries"
    ], letters


def test_statements_do_not_grow_with_readers_nor_with_filters(database: Database, post: Post) -> None:
    fill(database, 20)
    few, _ = made(database, post, 20, 2)
    more_readers, letters = made(database, post, 150, 2)
    more_filters, more_letters = made(database, post, 150, 30)
    assert more_readers == few
    assert letters < 150 < more_letters * 10
    # What is told of a change is read when a letter first needs it: at most once for each change.
    assert more_filters <= few + 2 * 20


def test_the_page_of_the_bench_has_one_figure_that_changes() -> None:
    old, new = page(1, 10), page(1, 11)
    assert [a.text != b.text for a, b in zip(old.outline, new.outline, strict=True)].count(True) == 1
