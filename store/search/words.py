"""The index's words in the database: FTS5 on SQLite, tsvector with GIN on PostgreSQL; only here is known which.

A row is a passage, its words are `store.search.tokens`. The text itself is not stored again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    TableClause,
    cast,
    column,
    literal,
    select,
    table,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSQUERY

from store.search.syntax import And, Not, Or, Phrase, Tree

TABLE = "item_words"
MOST_ROWS = 2**31 - 1


class Words:
    """The table as it is on this connection's database; `row` is the column that numbers its rows."""

    def __init__(self, connection: Connection) -> None:
        self.is_sqlite = connection.dialect.name == "sqlite"
        number = "rowid" if self.is_sqlite else "id"
        # FTS5 is asked through a column that is named like its table.
        self.table: TableClause = table(TABLE, column(number), column("words"), column(TABLE))
        self.row: ColumnElement[int] = self.table.c[number]

    def matching(self, tree: Tree) -> ColumnElement[bool]:
        """Whether a row is meant by a tree. The tree is anchored: see `anchored`."""
        if self.is_sqlite:
            return self.table.c[TABLE].op("MATCH", is_comparison=True)(fts5(tree))
        return _meant(self.table.c.words, tree)

    def tested(self, tree: Tree, before: int | None, floor: int | None) -> Subquery:
        """PostgreSQL: the rows of a stretch that are meant, tested one by one from the newest down. The stretch is
        fenced off by its offset, or the planner would ask the index for all rows of the table first."""
        stretch = select(self.row.label("row"), self.table.c.words).order_by(self.row.desc()).offset(0)
        if before is not None:
            stretch = stretch.where(self.row < before)
        if floor is not None:
            stretch = stretch.where(self.row >= floor)
        fenced = stretch.subquery("stretch")
        return select(fenced.c.row).where(_meant(fenced.c.words, tree)).subquery("tested")

    def named(self, tree: Tree, before: int | None) -> Subquery:
        """PostgreSQL: the rows that the index names, fenced off likewise: with an order and a limit the planner would
        rather test all rows of the table."""
        meant = select(self.row.label("row")).where(_meant(self.table.c.words, tree)).offset(0)
        return (meant if before is None else meant.where(self.row < before)).subquery("named")

    def of_blocks(self, tree: Tree, blocks: Subquery) -> Subquery:
        """The rows that are meant of blocks, each `count` rows from `first` on: short stretches of the index, gone
        through before anything else."""
        begins, ends = blocks.c.first, blocks.c.first + blocks.c.count
        if self.is_sqlite:
            meant = select(self.row.label("row")).join_from(blocks, self.table, true())
            # FTS5 heeds one lower and one upper bound; with a limit SQLite does this by itself.
            meant = meant.where(self.matching(tree), self.row >= begins, self.row < ends)
            return meant.limit(MOST_ROWS).subquery("matching")
        stretch = select(self.row.label("row"), self.table.c.words).where(self.row >= begins, self.row < ends)
        fenced = stretch.offset(0).lateral("stretch")
        meant = select(fenced.c.row).join_from(blocks, fenced, true()).where(_meant(fenced.c.words, tree))
        return meant.offset(0).subquery("matching")

    def add(self, connection: Connection, rows: Iterable[tuple[int, str]]) -> None:
        """Add rows with the words of each, as `spaced` gives them."""
        if self.is_sqlite:
            statement = "insert into item_words (rowid, words) values (:row, :words)"
            values = [{"row": row, "words": words} for row, words in rows]
        else:
            statement = "insert into item_words (id, words) values (:row, cast(:words as tsvector))"
            values = [{"row": row, "words": _vector(words)} for row, words in rows]
        if values:
            connection.execute(text(statement), values)

    def clear(self, connection: Connection) -> None:
        """Take all rows away."""
        if self.is_sqlite:
            connection.execute(text("insert into item_words (item_words) values ('delete-all')"))
        else:
            connection.execute(text("delete from item_words"))


def _meant(words: ColumnElement[Any], tree: Tree) -> ColumnElement[bool]:
    return words.op("@@", is_comparison=True)(cast(literal(tsquery(tree)), TSQUERY))


def _vector(words: str) -> str:
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words.split(), 1):
        places.setdefault(word, []).append(str(place))
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())


def is_anchored(tree: Tree) -> bool:
    """Whether a text without words is not meant: then the index can tell what is. `-奥数` alone is not anchored."""
    if isinstance(tree, Phrase):
        return True
    if isinstance(tree, Not):
        return not is_anchored(tree.part)
    return (any if isinstance(tree, And) else all)(is_anchored(part) for part in tree.parts)


def opposite(tree: Tree) -> Tree:
    """What means all texts that a tree doesn't."""
    return tree.part if isinstance(tree, Not) else Not(tree)


def fts5(tree: Tree) -> str:
    """An anchored tree in the language of FTS5, which knows NOT only as “this, but not that”."""
    if isinstance(tree, Phrase):
        return '"' + " ".join(tree.words) + '"'
    if isinstance(tree, Not):
        return fts5(_pushed(tree.part))
    if isinstance(tree, Or):
        return "(" + " OR ".join(map(fts5, tree.parts)) + ")"
    wanted = [fts5(part) for part in tree.parts if is_anchored(part)]
    unwanted = [fts5(opposite(part)) for part in tree.parts if not is_anchored(part)]
    said = "(" + " AND ".join(wanted) + ")"
    return f"({said} NOT ({' OR '.join(unwanted)}))" if unwanted else said


def _pushed(tree: Tree) -> Tree:
    """The opposite of a tree that is not anchored, with what it denies moved inwards."""
    if isinstance(tree, Not):
        return tree.part
    if isinstance(tree, And):
        return Or(tuple(map(opposite, tree.parts)))
    assert isinstance(tree, Or)
    return And(tuple(map(opposite, tree.parts)))


def tsquery(tree: Tree) -> str:
    """A tree in the language of PostgreSQL's tsquery."""
    if isinstance(tree, Phrase):
        return "(" + " <-> ".join(f"'{word}'" for word in tree.words) + ")"
    if isinstance(tree, Not):
        return "!" + tsquery(tree.part)
    return "(" + (" & " if isinstance(tree, And) else " | ").join(map(tsquery, tree.parts)) + ")"
