"""Work in child processes: the service's loop never waits on it, and what breaks a child takes nothing else with it.

A child is `yaodian` itself. It dies with its parent, has a limit of time and of memory, and tells what it does as JSON
lines on its output, and what went wrong as such lines, or in words, on its other output. It is asked to end (SIGTERM: a crawl ends between two pages) before it is made to (SIGKILL).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scheduler.work import Ending, Tell, Work

GRACE_S = 20.0
LOOK_S = 2.0
# A line of a child's output; more is cut off.
LONGEST_LINE = 1 << 20
PAGE = os.sysconf("SC_PAGE_SIZE")


class Children:
    """At most so many children at a time, of one service. `words` are the program and the options that all share."""

    def __init__(self, words: Sequence[str], at_a_time: int, tell: Tell) -> None:
        self.words = tuple(words)
        self.at_a_time = at_a_time
        self.tell = tell
        self.running: dict[int, Work] = {}
        self._asked_to_end: dict[int, str] = {}
        self._stopping = asyncio.Event()

    @property
    def free(self) -> int:
        return 0 if self._stopping.is_set() else self.at_a_time - len(self.running)

    async def run(self, work: Work) -> Ending:
        try:
            process = await self._begin(work)
        except OSError as error:
            # No memory, no process or no file handle left on this machine: no source's doing.
            why = f"no child could be begun: {error.strerror}"
            return Ending(work, -1, frozenset(), stopped=False, why=why, excused=True)
        self.running[process.pid] = work
        watching = asyncio.create_task(self._watch(process, work))
        try:
            heard, *_ = await asyncio.gather(
                self._listen(process, work), self._complain(process, work), _give(process, work.given)
            )
            status = await process.wait()
        finally:
            watching.cancel()
            self.running.pop(process.pid, None)
        why = self._asked_to_end.pop(process.pid, "")
        return replace(heard, status=status, stopped=why == "stopped", why=why)

    async def _begin(self, work: Work) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *self.words,
            *work.words,
            stdin=asyncio.subprocess.PIPE if work.given else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
            # Ctrl-C at a terminal is for the service alone, which then asks its children.
            start_new_session=True,
        )

    async def stop(self) -> None:
        self._stopping.set()
        while self.running:
            await asyncio.sleep(0.05)

    async def _listen(self, process: asyncio.subprocess.Process, work: Work) -> Ending:
        """Pass on what the child tells; returns what it told of its sources."""
        assert process.stdout is not None
        ended: dict[str, set[str]] = {}
        excused = False
        async for line in _lines(process.stdout):
            event = _event(line)
            if event["event"] == "crawl ended":
                ended.setdefault(str(event.get("outcome")), set()).add(str(event.get("source")))
            excused = excused or event["event"] == "crawl failed"
            self.tell(work, event)
        busy = ended.pop("busy", set())
        ended.pop("interrupted", None)
        whole = frozenset[str]().union(*ended.values())
        return Ending(work, 0, whole, stopped=False, busy=frozenset(busy), excused=excused)

    async def _complain(self, process: asyncio.subprocess.Process, work: Work) -> None:
        assert process.stderr is not None
        async for line in _lines(process.stderr):
            if line.strip():
                self.tell(work, {"level": "warning", **_event(line)})

    async def _watch(self, process: asyncio.subprocess.Process, work: Work) -> None:
        """End the child when it takes more than it may, or when the service ends."""
        loop = asyncio.get_running_loop()
        until = loop.time() + work.limits.wall_s
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), LOOK_S)
            if self._stopping.is_set():
                why = "stopped"
            elif loop.time() > until:
                why = f"it took more than {work.limits.wall_s:g} seconds"
            elif resident(process.pid) > work.limits.memory:
                why = f"it took more than {work.limits.memory >> 20} MB of memory"
            else:
                continue
            break
        self._asked_to_end[process.pid] = why
        _signal(process, signal.SIGTERM)
        await asyncio.sleep(GRACE_S)
        _signal(process, signal.SIGKILL)


async def _give(process: asyncio.subprocess.Process, words: str) -> None:
    if process.stdin is None:
        return
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(words.encode())
        await process.stdin.drain()
    process.stdin.close()


def program(data: Path) -> list[str]:
    """How a child of this process is called, with its data directory."""
    return [sys.executable, "-m", "yaodian.child", str(os.getpid()), "--data", str(data)]


def resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 when it is gone, or where the system doesn't tell."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)


async def _lines(stream: asyncio.StreamReader) -> Any:
    while True:
        try:
            line = await stream.readline()
        except ValueError:
            continue  # longer than the limit, and dropped by the reader
        if not line:
            return
        yield line


def _event(line: bytes) -> dict[str, Any]:
    """A line of a child's output as an event; what is no JSON object is something that it said."""
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if isinstance(event, dict) and isinstance(event.get("event"), str):
        return event
    return {"event": "said", "text": line.decode("utf-8", "replace").strip()}
