"""A process that reads foreign pages for a parent process, which kills it when it exceeds its time limit.

A process and not a thread, because parsing is C code that no exception interrupts. It is started on first use,
reused, and restarted after a kill; the operating system limits its memory. Tasks and results are pickles,
exchanged only between two processes of one program and one user. Started as: python -m crawler.reader_process
PARENT
"""

from __future__ import annotations

import contextlib
import os
import pickle
import resource
import struct
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, ParamSpec, TypeVar, cast

from crawler.lifeline import die_with_parent
from store.errors import SiteError, Unfinished
from store.said import said

P = ParamSpec("P")
T = TypeVar("T")

WALL_S = 20.0
"""Seconds that one task may take. The largest page that is read at all takes 6 s of a core of 2020."""
START_S = 60.0
MEMORY = 1536 << 20
KEPT_MEMORY = 256 << 20
"""A process that took more for a task is not kept: its memory would not be given back."""
_LENGTH = struct.Struct(">Q")
_READY = b"R"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a task: a value, or an error of the site's, or the traceback of one of our own."""

    value: object = None
    error: SiteError | None = None
    trace: str = ""
    is_last: bool = False


class ReaderProcess:
    """Runs functions in the process apart, one at a time; callers in other threads wait for their turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, wall_s: float, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what the function of a module returns, and raise the SiteError that it raises; blocks for `wall_s` seconds
        at most, and for those of a start.

        Raises Unfinished when the time or the memory was not enough, or a library crashed.
        """
        with self._lock:
            process = self._started()
            with _stopped_after(wall_s, process) as is_late:
                answer = _ask(process, pickle.dumps((function, args, kwargs)))
            if answer is None or answer.is_last:
                self._stop()
        if answer is None:
            raise Unfinished(
                said("reading it took more than {most:g} seconds", most=wall_s)
                if is_late.is_set()
                else said("reading it took more time or memory than it may, or broke the reader")
            )
        if answer.error is not None:
            raise answer.error
        if answer.trace:
            raise RuntimeError(f"in the reader process: {answer.trace}")
        return cast(T, answer.value)

    def close(self) -> None:
        """Stop the process, if there is one."""
        with self._lock:
            self._stop()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._stop()
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "crawler.reader_process", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        assert process.stdout is not None
        with _stopped_after(START_S, process):
            is_ready = process.stdout.read(len(_READY)) == _READY
        if not is_ready:
            self._stop()
            raise RuntimeError("the reader process does not start; run: python -m crawler.reader_process")
        return process

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        self._process = None


@contextlib.contextmanager
def _stopped_after(wall_s: float, process: subprocess.Popen[bytes]) -> Iterator[threading.Event]:
    """Kill the process unless the block ends in time; yields the event that tells of it."""
    is_late = threading.Event()

    def stop() -> None:
        is_late.set()
        process.kill()

    timer = threading.Timer(wall_s, stop)
    timer.daemon = True
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()


def _ask(process: subprocess.Popen[bytes], task: bytes) -> _Answer | None:
    """Send a task and wait for its answer; None when the process has ended instead."""
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        _send(process.stdin, task)
        answer = _receive(process.stdout)
    except OSError:
        return None
    return None if answer is None else _Answer(*pickle.loads(answer))  # noqa: S301 - of our own process


def _send(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(_LENGTH.pack(len(message)))
    pipe.write(message)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes | None:
    """Read one message; return None at the end of the pipe."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _LENGTH.unpack(head)[0]
    message = pipe.read(length)
    return message if len(message) == length else None


def main() -> None:
    if len(sys.argv) > 1:
        die_with_parent(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not come between the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    import crawler.safe_reading  # noqa: F401 - what the tasks need, before the first of them is timed

    answers.write(_READY)
    answers.flush()
    while (task := _receive(tasks)) is not None:
        # as a tuple: the classes of this module have other names in the process that reads it
        _send(answers, pickle.dumps(_done(task)))


def _done(task: bytes) -> tuple[object, SiteError | None, str, bool]:
    """Run a task; the fields of its `_Answer`."""
    function, args, kwargs = pickle.loads(task)  # noqa: S301 - of our own process
    value, error, trace = None, None, ""
    try:
        value = function(*args, **kwargs)
    except SiteError as raised:
        error = raised
    except MemoryError:
        error = Unfinished(said("reading it took more time or memory than it may, or broke the reader"))
    except Exception:  # noqa: BLE001 - a fault of ours is raised again by whoever asked
        trace = traceback.format_exc()
    has_grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 > KEPT_MEMORY
    return value, error, trace, has_grown


if __name__ == "__main__":
    main()
