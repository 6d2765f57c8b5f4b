"""A PostgreSQL of the tests' own: made of the Debian package's programs, in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg

from store.database import OLDEST_POSTGRESQL

MISSING = f"no PostgreSQL {OLDEST_POSTGRESQL} or newer here; on Debian: apt-get install postgresql"
# Nothing here has to survive a power cut. Text is ordered by language, as on many a server, so that it shows where
# the program relies on the order of code points.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
HBA = """\
local all locked scram-sha-256
local all all trust
"""


def programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = [
        path
        for path in Path("/usr/lib/postgresql").glob("*/bin")
        if path.parent.name.isdigit()
        and int(path.parent.name) >= OLDEST_POSTGRESQL
        and (path / "initdb").exists()
    ]
    return max(found, key=lambda path: int(path.parent.name), default=None)


@dataclass(frozen=True)
class Server:
    """Databases are reached through a socket in `folder`; nothing listens on the network."""

    folder: Path
    _numbers: count[int]

    def url(self, database: str, role: str = "yaodian") -> str:
        return f"postgresql://{role}@/{database}?host={self.folder}"

    def create(self, template: str = "template1") -> str:
        """A new database, and its URL; a copy of the template, to which nobody may be connected."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"create database {name} template {template}")
        return self.url(name)

    def name(self, url: str) -> str:
        return url.partition("@/")[2].partition("?")[0]

    def drop(self, url: str) -> None:
        self.execute(f"drop database {self.name(url)} with (force)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def running(binaries: Path) -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="yaodian-postgresql-"))
    owner = _owner()
    if owner is not None:
        shutil.chown(folder, owner)
    data = folder / "data"

    def run(*words: str | Path) -> None:
        # A server refuses to run as root.
        subprocess.run(
            words, check=True, capture_output=True, text=True, user=owner, cwd=folder, env={"LC_ALL": "C"}
        )

    try:
        run(
            binaries / "initdb", "--pgdata", data, "--username=yaodian", "--auth=trust", "--no-sync",
            "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US",
        )  # fmt: skip
        (data / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        settings = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options = f"-k {folder} {settings}"
        run(binaries / "pg_ctl", "start", "--wait", "-D", data, "-l", folder / "log", "-o", options)
        try:
            server = Server(folder, count(1))
            server.execute("create role locked login password 'right'")
            server.execute("create role weak login")
            yield server
        finally:
            run(binaries / "pg_ctl", "stop", "--mode=immediate", "-D", data)
    finally:
        shutil.rmtree(folder)


def _owner() -> str | None:
    """Whom to run the server as: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
