"""The index's words in the database: FTS5 on SQLite, tsvector with GIN on PostgreSQL; only here is known which.

A row is a passage, its words are `store.search.tokens`. The text itself is not stored again.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, TableClause, cast, column, literal, table, text
from sqlalchemy.dialects.postgresql import TSQUERY

from store.search.syntax import And, Not, Or, Phrase, Tree

TABLE = "item_words"


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
        return self.table.c.words.op("@@", is_comparison=True)(cast(literal(tsquery(tree)), TSQUERY))

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
