"""Which failures of a database a person has to mend, and how. What is not here is our own mistake, and crashes."""

from __future__ import annotations

import re

from sqlalchemy.exc import DatabaseError, OperationalError

# A pattern is sought in SQLite's error name or PostgreSQL's SQLSTATE, followed by what the driver says: a refused
# connection has no SQLSTATE. First match counts. Each stands beside a failure that it is for.
REMEDIES: tuple[tuple[str, str], ...] = (
    # connection to server at "127.0.0.1", port 5432 failed: Connection refused
    # connection to server on socket "/run/postgresql/.s.PGSQL.5432" failed: No such file or directory
    (
        r"^connection .*(refused|No such file|timeout|timed out|unreachable)",
        "start PostgreSQL there, or mend host and port in YAODIAN_DATABASE_URL",
    ),
    # failed to resolve host 'nowhere.invalid': [Errno -2] Name or service not known
    (r"resolve host|translate host", "mend the host in YAODIAN_DATABASE_URL"),
    # FATAL:  password authentication failed for user "yaodian"; fe_sendauth: no password supplied
    (r"password", "mend user and password in YAODIAN_DATABASE_URL"),
    # FATAL:  database "yaodian" does not exist
    (r"database .* does not exist", "make it, owned by the role that Yaodian uses: createdb -O ROLE NAME"),
    # FATAL:  role "yaodian" does not exist
    (
        r"role .* does not exist",
        "make it: createuser --pwprompt NAME; or mend the user in YAODIAN_DATABASE_URL",
    ),
    # FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "yaodian", database "yaodian", no encryption
    (r"pg_hba\.conf", "allow this connection in the server's pg_hba.conf"),
    # 53300 FATAL:  sorry, too many clients already
    (
        r"^53300|too many clients",
        "raise max_connections in postgresql.conf, or run fewer processes at a time",
    ),
    # 53100 could not extend file "base/16384/16400": No space left on device; SQLITE_FULL database or disk is full
    # SQLITE_IOERR_SHMSIZE disk I/O error: on a full disk even reading wants some room beside the file
    (
        r"^53100|^SQLITE_FULL|^SQLITE_IOERR_(SHM\w+|WRITE|FSYNC)",
        "free some space on the database's disk and run it again",
    ),
    # SQLITE_IOERR_READ disk I/O error
    (
        r"^SQLITE_IOERR",
        "see whether its disk is sound (dmesg), and restore it from a backup when it is not",
    ),
    # 25006 cannot execute INSERT in a read-only transaction: a standby, or default_transaction_read_only
    (r"^25006", "name the primary server in YAODIAN_DATABASE_URL, or let this one be written"),
    # SQLITE_READONLY attempt to write a readonly database
    (r"^SQLITE_READONLY", "make the file and its folder writable for this user"),
    # 42501 permission denied for schema public, as PostgreSQL 15 says to every role but the database's owner
    (r"^42501", "let the role own the database: ALTER DATABASE NAME OWNER TO ROLE"),
    # SQLITE_CANTOPEN unable to open database file
    (r"^SQLITE_CANTOPEN", "see that its folder is there and writable for this user"),
    # SQLITE_NOTADB file is not a database; SQLITE_CORRUPT database disk image is malformed
    (r"^SQLITE_(NOTADB|CORRUPT)|^XX00[12]", "restore it from a backup"),
    # SQLITE_BUSY database is locked; 55P03 canceling statement due to lock timeout; 40P01 deadlock detected
    (r"^SQLITE_BUSY|^55P03|^40P01|^40001", "another process was writing for long; run it again"),
)
OTHERWISE = "mend that and run it again"


def remedy(error: DatabaseError) -> str | None:
    """What to do about it; None when only we can mend it: a broken constraint, wrong SQL."""
    code = _code(error)
    says = f"{code} {error.orig}".strip()
    for pattern, words in REMEDIES:
        if re.search(pattern, says):
            return words
    # SQLITE_ERROR is wrong SQL, and an OperationalError to Python all the same.
    if type(error) not in (DatabaseError, OperationalError) or code == "SQLITE_ERROR":
        return None
    return OTHERWISE


def said(error: DatabaseError) -> str:
    """The driver's own words, in one line."""
    lines = str(error.orig).strip().splitlines()
    return " ".join(lines[0].split()) if lines else type(error.orig).__name__


def _code(error: DatabaseError) -> str:
    name = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return str(name or "")
