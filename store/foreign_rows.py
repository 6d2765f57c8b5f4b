"""Validation of a SQLite file of unknown origin before any of its rows is used.

It must be undamaged, with our tables only and with values of the right types. The file is only read; nothing is
created beside it.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from store.database import Database, is_revision, newest_revision
from store.errors import OperatorError
from store.safe_files import shorten

# Rows of these are never dropped, so a backup holds as many as its manifest counts, or more.
LASTING = ("documents", "captures", "versions", "changes")
# SQLite's own notes for its planner.
_STATISTICS = "sqlite_stat"
# How SQLite may hold a value of a column's type. JSON's numbers are kept as numbers.
_HELD_AS = {
    "INTEGER": "'integer'",
    "BIGINT": "'integer'",
    "BOOLEAN": "'integer'",
    "FLOAT": "'real', 'integer'",
    "DOUBLE": "'real', 'integer'",
    "REAL": "'real', 'integer'",
    "VARCHAR": "'text'",
    "TEXT": "'text'",
    "DATETIME": "'text'",
    "DATE": "'text'",
    "JSON": "'text', 'integer', 'real'",
    "BLOB": "'blob'",
}
_DAY = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]"
_SHAPES = {"DATE": _DAY, "DATETIME": f"{_DAY} [0-9][0-9]:[0-9][0-9]:[0-9][0-9]*"}


@dataclass(frozen=True, slots=True)
class _Schema:
    """What there is by type, name and table, and each table's columns with their types; `hidden` columns are computed."""

    objects: frozenset[tuple[str, str, str]]
    columns: Mapping[str, Mapping[str, str]]
    hidden: frozenset[str]


def check_rows(path: Path, counts: Mapping[str, int]) -> None:
    """Check the database of a backup whose manifest counts so many rows. Raises OperatorError."""
    try:
        with closing(_open(path)) as foreign:
            _check_whole(foreign, path)
            expected = _expected_schema(_revision(foreign, path))
            _check_schema(_read_schema(foreign), expected, path)
            for table, columns in expected.columns.items():
                _check_values(foreign, path, table, columns)
            _check_references(foreign, path)
            _check_counts(foreign, path, counts)
    except (sqlite3.Error, OverflowError) as error:
        raise _refused(path, " ".join(str(error).split())[:200]) from error


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    for pragma in ("trusted_schema=OFF", "cell_size_check=ON", "query_only=ON", "mmap_size=0"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _check_whole(foreign: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is damaged or has views or triggers, before any table is read.

    So no view or trigger ever runs.
    """
    foreign_kinds = foreign.execute(
        "select name from sqlite_master where type not in ('table', 'index') limit 1"
    ).fetchone()
    if foreign_kinds:
        raise _refused(path, f"it holds {shorten(foreign_kinds[0])}, which is neither a table nor an index")
    answer = foreign.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if answer != "ok":
        raise _refused(path, f"it is damaged: {shorten(answer)}")


def _revision(foreign: sqlite3.Connection, path: Path) -> str:
    found = [row[0] for row in foreign.execute("select version_num from alembic_version limit 2")]
    if (
        len(found) == 1
        and isinstance(found[0], str)
        and found[0].isdecimal()
        and found[0] > newest_revision()
    ):
        raise OperatorError(f"{path} was made by a newer Yaodian; install that one")
    if len(found) != 1 or not is_revision(found[0]):
        raise _refused(
            path, f"its revision is {shorten(found[0] if found else None)}, which Yaodian never had"
        )
    return str(found[0])


@cache
def _expected_schema(revision: str) -> _Schema:
    """Return the schema that this version's own migrations create up to a revision."""
    with tempfile.TemporaryDirectory(prefix="yaodian-") as folder:
        made = Path(folder) / "expected.db"
        database = Database(f"sqlite:///{made}")
        database.make_tables(revision)
        database.close()
        with closing(sqlite3.connect(made)) as connection:
            return _read_schema(connection)


def _read_schema(connection: sqlite3.Connection) -> _Schema:
    objects = frozenset(
        connection.execute(
            "select type, name, tbl_name from sqlite_master where substr(name, 1, length(?1)) <> ?1",
            [_STATISTICS],
        ).fetchall()
    )
    columns: dict[str, dict[str, str]] = {}
    hidden: set[str] = set()
    virtual = {
        name
        for (name,) in connection.execute(
            "select name from sqlite_master where type = 'table' and (rootpage = 0 or sql like 'create virtual%')"
        )
    }
    own = {one[1] for one in objects if one[0] == "table"} - virtual
    for table in own - {name for name in own for index in virtual if str(name).startswith(f"{index}_")}:
        found = connection.execute("select name, type, hidden from pragma_table_xinfo(?)", [table]).fetchall()
        columns[table] = {name: kind.partition("(")[0].upper() for name, kind, _ in found}
        hidden |= {f"{table}.{name}" for name, _, is_hidden in found if is_hidden}
    return _Schema(objects, columns, frozenset(hidden))


def _check_schema(found: _Schema, expected: _Schema, path: Path) -> None:
    if strange := sorted(found.objects - expected.objects, key=repr):
        kind, name, _ = strange[0]
        raise _refused(path, f"it holds the {shorten(kind)} {shorten(name)}, which Yaodian does not make")
    if missing := sorted(expected.objects - found.objects):
        raise _refused(path, f"its {missing[0][0]} {missing[0][1]} is missing")
    if found.hidden:
        raise _refused(path, f"its column {shorten(min(found.hidden))} is computed")
    for table, columns in expected.columns.items():
        if found.columns.get(table) != columns:
            raise _refused(path, f"its table {table} has other columns than Yaodian makes")


def _check_values(foreign: sqlite3.Connection, path: Path, table: str, columns: Mapping[str, str]) -> None:
    """Check in one pass over the table that each value is null or of its column's type."""
    tests = ", ".join(f"max(not ({_test(name, kind)}))" for name, kind in columns.items())
    found = foreign.execute(f'select {tests} from "{table}"').fetchone()  # noqa: S608 (our own names)
    for (name, kind), is_wrong in zip(columns.items(), found, strict=True):
        if is_wrong:
            raise _refused(path, f"a value of {table}.{name} is not of the type {kind}")


def _test(name: str, kind: str) -> str:
    column = f'"{name}"'
    test = f"typeof({column}) in ('null', {_HELD_AS[kind]})"
    if kind in _SHAPES:
        test += f" and ({column} is null or ({column} glob '{_SHAPES[kind]}' and julianday({column}) is not null))"
    return test


def _check_references(foreign: sqlite3.Connection, path: Path) -> None:
    broken = foreign.execute("PRAGMA foreign_key_check").fetchone()
    if broken:
        raise _refused(
            path, f"a row of {shorten(broken[0])} points to a row of {shorten(broken[2])} that is not there"
        )


def _check_counts(foreign: sqlite3.Connection, path: Path, counts: Mapping[str, int]) -> None:
    for table in LASTING:
        held = foreign.execute(f'select count(*) from "{table}"').fetchone()[0]  # noqa: S608
        if held < counts.get(table, 0):
            raise _refused(path, f"it holds {held} {table}, and {counts[table]} were backed up")


def _refused(path: Path, reason: str) -> OperatorError:
    return OperatorError(f"{path} can't be restored: {reason}; restore from another backup")
