"""A PostgreSQL of the tests' and measurements' own: made of the Debian package's programs, in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from store.database import OLDEST_POSTGRESQL

# What a killed server's processes need to notice it.
LAST_GONE_S = 60
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

    binaries: Path
    folder: Path
    settings: Mapping[str, str]
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def start(self) -> None:
        """Also after `kill`, as soon as the last of its processes is gone."""
        settings = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        words = ("start", "--wait", "-l", self.folder / "log", "-o", f"-k {self.folder} {settings}")
        until = time.monotonic() + LAST_GONE_S
        while True:
            try:
                return self._control(*words)
            except subprocess.CalledProcessError as error:
                if time.monotonic() > until:
                    error.add_note((self.folder / "log").read_text(encoding="utf-8")[-2000:])
                    raise
                time.sleep(0.2)

    def kill(self) -> None:
        """As the system does when memory is short: no process of it has a word to say."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text(encoding="utf-8").split()[0])
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self._control("stop", "--mode=immediate")

    def _control(self, *words: str | Path) -> None:
        run(self.folder, self.binaries / "pg_ctl", "-D", self.folder / "data", *words)

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
def running(binaries: Path, **settings: str) -> Iterator[Server]:
    """Settings such as `fsync="on"` come before those here."""
    folder = Path(tempfile.mkdtemp(prefix="yaodian-postgresql-"))
    owner = _owner()
    if owner is not None:
        shutil.chown(folder, owner)
    try:
        run(
            folder, binaries / "initdb", "--pgdata", folder / "data", "--username=yaodian", "--auth=trust",
            "--no-sync", "--encoding=UTF8", "--locale=C", "--locale-provider=icu", "--icu-locale=en-US",
        )  # fmt: skip
        (folder / "data" / "pg_hba.conf").write_text(HBA, encoding="utf-8")
        server = Server(binaries, folder, {**SETTINGS, **settings})
        server.start()
        try:
            server.execute("create role locked login password 'right'")
            server.execute("create role weak login")
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def run(folder: Path, *words: str | Path) -> None:
    """A server refuses to run as root."""
    subprocess.run(
        words, check=True, capture_output=True, text=True, user=_owner(), cwd=folder, env={"LC_ALL": "C"}
    )


def _owner() -> str | None:
    """Whom to run the server as: ourselves, unless we are root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
