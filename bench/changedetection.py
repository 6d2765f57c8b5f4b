"""changedetection.io as a monitor of the bench: its server is up over all passes, driven by its API."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from bench.costs import Cost, Peak, tree, weight

LONGEST_S = 1800.0


class Failed(Exception):
    """It could not be measured."""


class ChangeDetection:
    """The server; entered it gives the function that runs a pass: "first" imports the addresses, others recheck all."""

    def __init__(self, program: Path, urls: Sequence[str], store: Path) -> None:
        self.program, self.urls, self.store = program, urls, store

    def __enter__(self) -> Callable[[str], Cost]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [str(self.program), "-d", str(self.store), "-C", "-p", str(port), "-h", "127.0.0.1"],
            env=os.environ
            | {
                "ALLOW_IANA_RESTRICTED_ADDRESSES": "true",
                "FETCH_WORKERS": "10",
                "DISABLE_VERSION_CHECK": "true",
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.api = self._ready(f"http://127.0.0.1:{port}/api/v1")
        for watch in self._get("/watch"):  # the examples of a new store
            self.api.delete(f"/watch/{watch}")
        time.sleep(5)
        return self.run

    def __exit__(self, *_: object) -> None:
        self.api.close()
        self.process.terminate()
        self.process.wait()

    def run(self, which: str) -> Cost:
        checked = {name: watch.get("last_checked") or 0 for name, watch in self._get("/watch").items()}
        time.sleep(2)  # its times are whole seconds
        peak, begun, before = Peak(self.process.pid), time.monotonic(), spent(tree(self.process.pid))
        if which == "first":
            answer = self.api.post(
                "/import?include_filters=%23article",
                content="\n".join(self.urls),
                headers={"Content-Type": "text/plain"},
            )
            if answer.is_error:
                raise Failed(f"it answers {answer.status_code} to the import")
        else:
            self._get("/watch?recheck_all=1")
        while time.monotonic() - begun < LONGEST_S:
            time.sleep(max(0.5, len(self.urls) / 500))  # telling us costs it, too
            now = self._get("/watch")
            if len(now) >= len(self.urls) and all(
                (watch.get("last_checked") or 0) > checked.get(name, 0) for name, watch in now.items()
            ):
                break
        else:
            raise Failed("it did not end")
        wall, cpu = time.monotonic() - begun, spent(tree(self.process.pid)) - before
        time.sleep(3)  # what it holds back
        return Cost(cpu, wall, peak.end(), weight(self.store))

    def _ready(self, address: str) -> httpx.Client:
        until = time.monotonic() + 180
        while time.monotonic() < until:
            time.sleep(0.5)
            try:
                known = json.loads((self.store / "changedetection.json").read_text(encoding="utf-8"))
                key = known["settings"]["application"]["api_access_token"]
                client = httpx.Client(base_url=address, headers={"x-api-key": key}, timeout=120)
                client.get("/systeminfo").raise_for_status()
                return client
            except (OSError, ValueError, KeyError, httpx.HTTPError):
                continue  # it begins
        raise Failed("it did not begin")

    def _get(self, path: str) -> Any:
        for _ in range(60):  # it answers 500 while an import changes what it lists
            answer = self.api.get(path)
            if answer.status_code != 500:
                break
            time.sleep(1)
        if answer.is_error:
            raise Failed(f"it answers {answer.status_code} for {path}")
        return answer.json()


def spent(pids: Sequence[int]) -> float:
    """CPU seconds of some processes and of their children that have ended."""
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")
