"""An nginx of one's own, as Debian ships it: its defaults, an unprivileged prefix, a free port."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
MISSING = "no nginx here: install it as root: apt-get install nginx-light"

# Only what a process without rights, and a test, need; what concerns caching, ETag and gzip is nginx's own.
CONFIGURATION = """\
pid {folder}/pid;
error_log {folder}/error.log;
daemon off;
worker_processes 1;
events {{}}
http {{
    types {{ text/html html; }}
    log_format told '$msec $request_time $status $request_uri';
    access_log {folder}/access.log told;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    server {{ listen 127.0.0.1:{port}; root {folder}/www; }}
}}
"""


@dataclass(frozen=True)
class Told:
    """One line of the access log: begin and end in seconds, the status, the path."""

    began: float
    ended: float
    status: int
    path: str


@dataclass(frozen=True)
class Nginx:
    url: str
    folder: Path

    @property
    def www(self) -> Path:
        return self.folder / "www"

    def told(self) -> list[Told]:
        lines = (self.folder / "access.log").read_text(encoding="utf-8").splitlines()
        fields = [line.split(" ", 3) for line in lines]
        return [
            Told(float(end) - float(took), float(end), int(status), path)
            for end, took, status, path in fields
        ]


@contextmanager
def running(folder: Path) -> Iterator[Nginx]:
    assert PROGRAM is not None
    port = free_port()
    (folder / "www").mkdir(parents=True)
    folder.chmod(0o755)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, port=port), encoding="utf-8")
    with subprocess.Popen(
        [PROGRAM, "-p", str(folder), "-c", str(configuration), "-g", f"user {user()};"],
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            _wait(port)
            yield Nginx(f"http://127.0.0.1:{port}/", folder)
        finally:
            server.terminate()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def user() -> str:
    """Return the user for nginx's workers.

    Workers of an nginx started by root drop root's rights, and then could not read a test's folder.
    """
    import getpass

    return getpass.getuser()


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
