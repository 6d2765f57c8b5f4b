"""The database: connecting, transactions, and bringing its tables up to date. SQLite and PostgreSQL behave alike."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.orm import Session, sessionmaker

from store import troubles
from store.errors import OperatorError

LOCK_WAIT_S = 30
OLDEST_POSTGRESQL = 15
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Transactions as units of meaning: `with database.write() as session` commits whole or not at all, and
    `with database.read() as session` sees one moment, however long it reads.

    On SQLite one transaction writes at a time. On PostgreSQL several do: whoever decides by what a row says takes
    it with FOR UPDATE, or asks `store.locks.alone`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        snapshot: dict[str, Any] = {}
        if self.engine.dialect.name == "postgresql":
            snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        self._reading = sessionmaker(self.engine.execution_options(**snapshot))
        self._writing = sessionmaker(self.engine.execution_options(writes=True))

    @contextmanager
    def read(self) -> Iterator[Session]:
        with told_plainly(self.url), self._reading() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with told_plainly(self.url), self._writing.begin() as session:
            yield session

    def upgrade(self) -> None:
        """Create the tables, or bring those of an older Yaodian up to date; all of it or nothing. What is stored and
        is not indexed yet is indexed then; cut short, the next call goes on."""
        from store.search import index  # it stands on this module

        self.make_tables("head")
        for _ in index.catch_up(self, index.pending(self)):
            pass

    def make_tables(self, revision: str) -> None:
        """Bring the tables alone to a revision; all of it or nothing."""
        from alembic import command  # half of the program's start-up time, for a command that is run once
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["url"] = self.url
        with told_plainly(self.url):
            self._refuse_unfit()
            command.upgrade(config, revision)

    def check(self) -> None:
        """Raise OperatorError unless the tables are there and of this Yaodian's making."""
        with told_plainly(self.url), self.engine.connect() as connection:
            found = _revision(connection)
        if found is None:
            raise OperatorError(f"{masked(self.url)} holds no Yaodian tables; run: yaodian init")
        if found < newest_revision():
            raise OperatorError(f"{masked(self.url)} was made by an older Yaodian; run: yaodian init")
        if found > newest_revision():
            raise _too_new(self.url)

    def close(self) -> None:
        self.engine.dispose()

    def _refuse_unfit(self) -> None:
        with self.engine.connect() as connection:
            if (_revision(connection) or "") > newest_revision():
                raise _too_new(self.url)
            if connection.dialect.name != "postgresql":
                return
            major = int((connection.dialect.server_version_info or (0,))[0])
            if major < OLDEST_POSTGRESQL:
                raise OperatorError(
                    f"{masked(self.url)} is PostgreSQL {major}; Yaodian needs {OLDEST_POSTGRESQL} or newer"
                )
            encoding = connection.scalar(text("show server_encoding"))
            if encoding != "UTF8":
                raise OperatorError(
                    f"{masked(self.url)} is encoded in {encoding}; make it anew: createdb -E UTF8 -T template0 NAME"
                )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("select version_num from alembic_version"))
    return found


def _too_new(url: str) -> OperatorError:
    return OperatorError(f"{masked(url)} was made by a newer Yaodian; install that one")


def masked(url: str) -> str:
    """The database's URL as it may be shown: without its password."""
    parsed = make_url(url)
    hidden = {name: "***" for name in parsed.query if "password" in name}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True)


@contextmanager
def told_plainly(url: str) -> Iterator[None]:
    """Turn what the operator must mend (no connection, no space, no right) into one line."""
    try:
        yield
    except DatabaseError as error:
        remedy = troubles.remedy(error)
        if remedy is None:
            raise
        raise OperatorError(
            f"database {masked(url)}: {troubles.said(error)}; {remedy} (nothing was half written)"
        ) from error


def _engine(url: str) -> Engine:
    try:
        parsed = _dialect(make_url(url))
        # A server that went away and came back is noticed before a connection to it is used.
        kept = {"pool_pre_ping": True} if parsed.get_backend_name() == "postgresql" else {}
        engine = create_engine(_as_it_may_be_opened(parsed), **kept)
    except (ArgumentError, ImportError, ValueError) as error:
        raise OperatorError(
            f"YAODIAN_DATABASE_URL: {error}; write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_read_only if _is_read_only(parsed) else _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", _tune_postgresql)
    return engine


def _dialect(url: URL) -> URL:
    """postgresql:// and postgres://, as other programs write it, are psycopg's to us."""
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise ValueError(f"{url.drivername!r} is neither SQLite nor PostgreSQL with psycopg")
    return url


def _is_read_only(url: URL) -> bool:
    """Whether a SQLite database is there and may be read, but not written: another user's, or on a read-only disk."""
    if url.get_backend_name() != "sqlite" or not url.database or not (path := Path(url.database)).is_file():
        return False
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _as_it_may_be_opened(url: URL) -> URL:
    """Of a read-only database SQLite can't make the files beside it that readers and writers share. Where a writer
    has them open they are there; where they are not, nobody is writing."""
    if not _is_read_only(url):
        return url
    path = Path(str(url.database))
    wanted = {"mode": "ro"} if path.with_name(f"{path.name}-wal").exists() else {"immutable": "1"}
    return url.set(database=path.absolute().as_uri(), query={"uri": "true", **wanted})


def _tune_read_only(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={LOCK_WAIT_S * 1000}")
    connection.execute("PRAGMA trusted_schema=OFF")


def _tune_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # The driver's own BEGIN comes too late to be a snapshot; `_begin_sqlite` says it instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        # What was committed stays when the power fails: a digest that was handed over is not made a second time.
        "synchronous=FULL",
        "foreign_keys=ON",
        # What the tables of a file from elsewhere call (in a check or an index) can do no harm.
        "trusted_schema=OFF",
        f"busy_timeout={LOCK_WAIT_S * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: one that began as a reader could not wait for it later, only fail.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _tune_postgresql(connection: Any, _: Any) -> None:
    # The keep-alives: what a machine held that vanished without a word is free again after a minute, not two hours.
    for setting in (
        f"lock_timeout = '{LOCK_WAIT_S}s'",
        "tcp_keepalives_idle = 30",
        "tcp_keepalives_interval = 10",
        "tcp_keepalives_count = 3",
        # It takes 0.2 s to compile what then runs for some milliseconds: the planner expects far more rows than there are.
        "jit = off",
    ):
        connection.execute(f"SET {setting}")
    connection.commit()


def newest_revision() -> str:
    """Revisions are numbered 0001, 0002, …; a file's name begins with its number."""
    return max(_revisions())


def is_revision(number: object) -> bool:
    return number in _revisions()


def _revisions() -> set[str]:
    return {path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}


@contextmanager
def migrating(url: str) -> Iterator[Connection]:
    """A connection within the one transaction in which all revisions run, one process at a time."""
    engine = _engine(url).execution_options(writes=True)
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:
        # Altering a table makes a new one and drops the old, to which others point meanwhile. Checked at the end.
        event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys=OFF"))
    try:
        with engine.begin() as connection:
            if not is_sqlite:
                connection.execute(text("select pg_advisory_xact_lock(hashtext('yaodian init'))"))
            yield connection
            if is_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise RuntimeError(f"a revision left rows that point nowhere: {broken[:3]}")
    finally:
        engine.dispose()
