"""`yaodian serve` under storms of requests, with a reader's requests alongside.

python -m bench.storms [--short] [STORM ...]

Made-up tokens, made-up passwords from as many addresses, uploads of 400 MB and 2 000 idle connections, each against a
service that has just begun, on the sample web's archive (the short form: smaller storms, on an empty one). Prints p95 of
the reader's requests, the growth of memory and the bytes logged. Exit status 1 when a reader waits for more than two
seconds (p95) or is refused, memory grows by more than 300 MB, or more than 5 MB are logged.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.service_process import Service, prepare, serving
from bench.webserver import read_to_end
from web.server import raise_file_limit

MAX_P95_SECONDS = 2.0
MAX_GROWTH_BYTES = 300 << 20
MAX_LOGGED_BYTES = 5 << 20
PAGES = ("/", "/plans", "/healthz", "/search?q=%E6%95%99%E8%82%B2", "/sources", "/digest")
READERS = 4
AT_ONCE = 60
BLOCK = bytes(1 << 16)

Storm = Callable[[Service, threading.Event, "Size"], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How large a storm is, and how many requests a reader makes meanwhile."""

    requests: int
    idle: int
    megabytes: int


LONG, SHORT = Size(200, 2000, 400), Size(60, 600, 60)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a storm came to; `refused` are the reader's requests that were not answered 200."""

    p95_seconds: float
    growth_bytes: int
    logged_bytes: int
    refused: int

    @property
    def is_good(self) -> bool:
        return (
            self.p95_seconds <= MAX_P95_SECONDS
            and self.growth_bytes <= MAX_GROWTH_BYTES
            and self.logged_bytes <= MAX_LOGGED_BYTES
            and not self.refused
        )


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench.storms", description=__doc__)
    options.add_argument("--short", action="store_true")
    options.add_argument("storms", nargs="*", choices=[[], *STORMS], metavar="STORM")
    given = options.parse_args()
    raise_file_limit()
    is_good = True
    with tempfile.TemporaryDirectory(prefix="yaodian-storms-") as folder:
        data = Path(folder) / "data"
        prepare(data, with_archive=not given.short)
        print(f"{'storm':8}{'p95 s':>8}{'memory MB':>11}{'logged KB':>11}{'refused':>9}", flush=True)
        for name in given.storms or STORMS:
            outcome = measure(data, name, SHORT if given.short else LONG)
            is_good &= outcome.is_good
            print(
                f"{name:8}{outcome.p95_seconds:8.2f}{outcome.growth_bytes / 2**20:+11.0f}"
                f"{outcome.logged_bytes / 1024:11.0f}{outcome.refused:9}",
                flush=True,
            )
    print("all hold" if is_good else "short of the goals")
    return 0 if is_good else 1


def measure(data: Path, name: str, size: Size) -> Outcome:
    """Let a storm loose on a service of its own, and read pages meanwhile."""
    with serving(data) as service:
        _read(service, iter(PAGES))  # what is made once, at the first request, is no growth
        before, logged = service.memory(), service.log.stat().st_size
        ending = threading.Event()
        peaks = [before]
        threads = [
            threading.Thread(target=STORMS[name], args=(service, ending, size)),
            threading.Thread(target=_watch, args=(service, ending, peaks)),
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.5)  # the storm shall have begun
        paths = iter([PAGES[n % len(PAGES)] for n in range(size.requests)])
        with ThreadPoolExecutor(READERS) as readers:
            found = list(readers.map(lambda _: _read(service, paths), range(READERS)))
        ending.set()
        for thread in threads:
            thread.join()
        grown, said = max(peaks) - before, service.log.stat().st_size - logged
    answers = list(itertools.chain.from_iterable(found))
    p95 = statistics.quantiles((seconds for _, seconds in answers), n=20)[-1]
    return Outcome(p95, grown, said, sum(status != 200 for status, _ in answers))


def _read(service: Service, paths: Iterator[str]) -> list[tuple[int, float]]:
    """Request each path; return its status (0 without an answer) and the seconds it took."""
    answers = []
    for path in paths:
        began = time.monotonic()
        try:
            status = httpx.get(service.url + path, timeout=60).status_code
        except httpx.TransportError:
            status = 0
        answers.append((status, time.monotonic() - began))
    return answers


def _watch(service: Service, ending: threading.Event, peaks: list[int]) -> None:
    while not ending.wait(0.05):
        peaks.append(service.memory())


# ── the storms ──


def _client() -> httpx.Client:
    """Return one client for all requests of a storm.

    With a client per request, most of the CPU time would go to loading certificates.
    """
    return httpx.Client(verify=False, timeout=60, limits=httpx.Limits(max_connections=None))


def _storm_tokens(service: Service, ending: threading.Event, size: Size) -> None:
    """Send made-up tokens from one client."""
    headers = {"Authorization": f"Bearer yaodian_1_{'A' * 43}", "X-Forwarded-For": "198.51.100.7"}
    with _client() as client:
        _repeat(ending, lambda _: client.get(f"{service.url}/api/v1/subscriptions", headers=headers))


def _storm_logins(service: Service, ending: threading.Event, size: Size) -> None:
    """Try to sign in, each time from another address and with another name."""

    with _client() as client:

        def attempt(n: int) -> None:
            client.post(
                f"{service.url}/operator/login",
                data={"name": f"operator-{n}", "password": "a password of many characters"},
                headers={"X-Forwarded-For": f"198.51.{n // 250 % 250}.{n % 250}"},
            )

        _repeat(ending, attempt)


def _storm_bodies(service: Service, ending: threading.Event, size: Size) -> None:
    """Upload large bodies, half of them with a length and half in chunks."""

    def upload(n: int) -> None:
        path = ("/api/v1/subscriptions", "/subscribe")[n // 2 % 2]
        length = f"Content-Length: {size.megabytes << 20}" if n % 2 else "Transfer-Encoding: chunked"
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
        )
        with service.site.connect() as connection:
            try:
                connection.sendall(head.encode())
                for _ in range(size.megabytes * 16):
                    connection.sendall(BLOCK if n % 2 else b"10000\r\n" + BLOCK + b"\r\n")
            except OSError:  # it is refused
                return
            read_to_end(connection)

    _repeat(ending, upload, at_once=8)


def _storm_idle(service: Service, ending: threading.Event, size: Size) -> None:
    """Hold as many idle connections as wanted; open a new one for each that is closed."""
    ways = (
        b"",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"POST /subscribe HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n",
    )
    with ExitStack() as stack:
        kept = []
        for n in itertools.count():
            if ending.is_set():
                return
            if len(kept) >= size.idle:
                kept.pop(0).close()
                time.sleep(0.005)
            connection = stack.enter_context(service.site.connect())
            kept.append(connection)
            try:
                connection.sendall(ways[n % len(ways)])
            except OSError:  # closed already, as one too many
                continue


def _repeat(ending: threading.Event, act: Callable[[int], object], at_once: int = AT_ONCE) -> None:
    numbers = itertools.count()

    def work(_: int) -> None:
        while not ending.is_set():
            try:
                act(next(numbers))
            except (httpx.TransportError, OSError):  # a storm does not mind
                continue

    with ThreadPoolExecutor(at_once) as workers:
        list(workers.map(work, range(at_once)))


STORMS: dict[str, Storm] = {
    "tokens": _storm_tokens,
    "logins": _storm_logins,
    "bodies": _storm_bodies,
    "idle": _storm_idle,
}


if __name__ == "__main__":
    sys.exit(main())
