"""`yaodian serve` as a process of its own, on the sample web's archive or an empty one; nothing is due there."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench import kills
from bench.webserver import Site
from demo.web import DemoWeb


@dataclass(frozen=True, slots=True)
class Service:
    """A running `yaodian serve`."""

    site: Site
    pid: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.site.port}"

    def memory(self) -> int:
        fields = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def prepare(data: Path, *, with_archive: bool) -> None:
    """Make a data directory with the sample web's archive, or an empty one; nothing in it is due."""
    if with_archive:
        with DemoWeb() as running:
            kills.prepared(data, running)
            for day in (1, 3):
                running.day = day
                kills.crawl(data)
        for path in (data / "sources").iterdir():
            path.unlink()
    else:
        subprocess.run([*_program(data), "init"], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def serving(data: Path, *words: str, **settings: str) -> Iterator[Service]:
    """Run the service behind a trusted proxy on this machine: clients may have any address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = data.parent / f"serve-{port}.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("YAODIAN_")}
    environment |= {"YAODIAN_TRUSTED_PROXIES": "127.0.0.1", "YAODIAN_LOG": "json"} | settings
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*_program(data), "serve", "--port", str(port), *words], env=environment, stderr=said
        )
    service = Service(Site(port), process.pid, log)
    try:
        _wait_until_ready(service)
        yield service
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(service: Service) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if httpx.get(f"{service.url}/healthz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit(f"the service did not begin within a minute: {service.log.read_text(encoding='utf-8')}")


def _program(data: Path) -> list[str]:
    return [sys.executable, "-m", "yaodian", "--data", str(data)]
