"""Doing something alone among all processes of one database. What is held is let go when its holder ends, however
it ends: the system does that, no row has to be tidied up."""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from store.database import Database, told_plainly
from store.errors import OperatorError

FOLDER = "locks"
# Who only asks whether a file is locked (`held`) locks it for some microseconds.
AGAIN_S = 0.02


def alone(session: Session, what: str) -> None:
    """Until this transaction ends, no other one that asks for the same gets past here; what they wrote is seen.

    SQLite has only one writer at a time as it is. Ask before the transaction's first change of a row, so that
    nobody waits for us while we wait.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(key(what))))


class Claims:
    """What this process works on and no other may: `take` is False when another has it.

    On PostgreSQL the locks of one connection, so that processes on several machines see each other; on SQLite
    locked files beside the database.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self._connection: Connection | None = None
        self._names: set[str] = set()
        self._files: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in list(self._files):
            self._files.pop(name).close()
        self._let_go()

    def _let_go(self) -> None:
        if self._connection is not None:
            # Back in the pool the connection would keep its locks.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    def take(self, name: str) -> bool:
        """Raises OperatorError when the lock can't be asked for. A name that is held already is not taken again."""
        if self.database.engine.dialect.name == "sqlite":
            return self._take_file(name)
        with told_plainly(self.database.url):
            if self._connection is None:
                self._connection = self.database.engine.connect().execution_options(
                    isolation_level="AUTOCOMMIT"
                )
            taken = bool(self._connection.scalar(select(func.pg_try_advisory_lock(key(name)))))
        if taken:
            self._names.add(name)
        return taken

    def hold(self) -> None:
        """Make sure that what was taken is still ours: PostgreSQL forgets it when it restarts, or the network fails.

        Takes it anew where it can; raises OperatorError when another process was faster, or the database is gone.
        """
        if self._connection is None:
            return
        try:
            self._connection.execute(select(1))
        except DBAPIError:
            self._let_go()
            names, self._names = self._names, set()
            for name in names:
                if not self.take(name):
                    raise OperatorError(
                        f"{name}: the connection to the database broke, and another process took it; it goes on there"
                    ) from None

    def release(self, name: str) -> None:
        self._names.discard(name)
        if self._connection is not None:
            with told_plainly(self.database.url):
                self._connection.execute(select(func.pg_advisory_unlock(key(name))))
        elif name in self._files:
            self._files.pop(name).close()

    def _take_file(self, name: str) -> bool:
        path = _file_of(self.database, name)
        try:
            path.parent.mkdir(exist_ok=True)
            file = path.open("ab")
        except OSError as error:
            raise OperatorError(
                f"{path}: {error.strerror}; free some space or make it writable, then run it again"
            ) from error
        if not _lock(file, fcntl.LOCK_EX):
            time.sleep(AGAIN_S)
            if not _lock(file, fcntl.LOCK_EX):
                file.close()
                return False
        self._files[name] = file
        return True


def claim_of_host(host: str) -> str:
    """Return the name under which `Claims` takes a host."""
    return f"host {host}"


def held(database: Database, names: Iterable[str]) -> set[str]:
    """Return those of the names that some process holds by `Claims` at this moment."""
    if database.engine.dialect.name == "sqlite":
        return {name for name in names if _is_locked(_file_of(database, name))}
    advisory = text(
        "select (classid::bigint << 32) | objid::bigint from pg_locks"
        " where locktype = 'advisory' and objsubid = 1 and granted"
        " and database = (select oid from pg_database where datname = current_database())"
    )
    with database.read() as session:
        keys = set(session.scalars(advisory))
    return {name for name in names if key(name) in keys}


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return not _lock(file, fcntl.LOCK_SH)
    except OSError:
        return False  # nobody took it yet; or whoever wants it will be told why it can't be had


def _lock(file: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _file_of(database: Database, name: str) -> Path:
    return Path(database.engine.url.database or "").with_name(FOLDER) / f"{name}.lock"


def key(what: str) -> int:
    """A name as PostgreSQL's advisory locks want it: signed 64 bits."""
    return int.from_bytes(hashlib.sha256(f"yaodian {what}".encode()).digest()[:8], signed=True)
