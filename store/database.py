"""The database: connecting, transactions, and bringing its tables up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from store.errors import OperatorError

LOCK_WAIT_S = 30
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Transactions as units of meaning: `with database.write() as session` commits whole or not at all."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = _engine(url)
        self._reading = sessionmaker(self.engine)
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
        """Create the tables, or bring those of an older Yaodian up to date."""
        from alembic import command  # half of the program's start-up time, for a command that is run once
        from alembic.config import Config
        from alembic.util.exc import CommandError

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["url"] = self.url
        try:
            with told_plainly(self.url):
                command.upgrade(config, "head")
        except CommandError as error:
            raise OperatorError(
                f"{masked(self.url)} was made by a newer Yaodian ({error}); install that version, or restore a backup"
            ) from error

    def check(self) -> None:
        """Raise OperatorError unless the tables are there and of this Yaodian's making."""
        with told_plainly(self.url), self.engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise OperatorError(f"{masked(self.url)} holds no Yaodian tables; run: yaodian init")
            found = connection.scalar(text("select version_num from alembic_version"))
        if found != newest_revision():
            raise OperatorError(
                f"{masked(self.url)} was made by another version of Yaodian; run: yaodian init"
            )

    def close(self) -> None:
        self.engine.dispose()


def masked(url: str) -> str:
    """The database's URL as it may be shown: without its password."""
    return make_url(url).render_as_string(hide_password=True)


@contextmanager
def told_plainly(url: str) -> Iterator[None]:
    """Turn what the operator must mend (no connection, no space, no right) into one line."""
    try:
        yield
    except DatabaseError as error:
        # The subclasses for our own mistakes (a broken constraint, wrong SQL) are left to crash.
        if type(error) not in (DatabaseError, OperationalError):
            raise
        raise OperatorError(
            f"database {masked(url)}: {error.orig}; mend that and run it again, nothing was half written"
        ) from error


def _engine(url: str) -> Engine:
    try:
        engine = create_engine(url)
    except (ArgumentError, ImportError) as error:
        raise OperatorError(
            f"YAODIAN_DATABASE_URL: {error}; write sqlite:///… or postgresql+psycopg://…"
        ) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _tune_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    # The driver's own BEGIN comes too late to be a snapshot; `_begin_sqlite` says it instead.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={LOCK_WAIT_S * 1000}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock at once: one that began as a reader could not wait for it later, only fail.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def newest_revision() -> str:
    """Revisions are numbered 0001, 0002, …; a file's name begins with its number."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def migrating_engine(url: str) -> Engine:
    """An engine for migrations: on SQLite one writing transaction around all of them."""
    return _engine(url).execution_options(writes=True)
