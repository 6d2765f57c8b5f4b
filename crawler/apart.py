"""Reading a file in a process apart: foreign formats may crash the libraries that read them, or never let them end.

The child gets the bytes on its input and answers with JSON; its time and its memory are limited by the system.
python -m crawler.apart [PARENT] < FILE
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from dataclasses import asdict

from crawler import attachments
from crawler.lifeline import die_with_parent
from store.flow import Reading
from store.said import said

CPU_S = 20
WALL_S = 60
MEMORY = 1536 << 20
ANTIWORD = ("antiword", "-m", "UTF-8.txt", "-w", "0", "-")


def read(body: bytes, wall_s: float = WALL_S) -> Reading:
    """What a file says; blocks for `wall_s` seconds at most. Never raises for what the bytes are."""
    if len(body) > attachments.MOST_BYTES:
        return attachments.read(body)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "crawler.apart", str(os.getpid())],
            input=body,
            capture_output=True,
            timeout=wall_s,
            check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
    except subprocess.TimeoutExpired:
        return Reading("unreadable", detail=said("reading it took more than {most:g} seconds", most=wall_s))
    if done.returncode:
        return Reading(
            "unreadable", detail=said("reading it took more time or memory than it may, or broke the reader")
        )
    return Reading(**json.loads(done.stdout))


def main() -> None:
    if len(sys.argv) > 1:
        die_with_parent(int(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    body = sys.stdin.buffer.read()
    reading = attachments.read(body)
    if reading.state == "unreadable" and body.startswith(attachments.OLE):
        reading = _by_antiword(body) or reading
    json.dump(asdict(reading), sys.stdout)


def _by_antiword(body: bytes) -> Reading | None:
    """What antiword makes of it, where that is installed: it also knows the Words before 97."""
    if shutil.which(ANTIWORD[0]) is None:
        return None
    done = subprocess.run(ANTIWORD, input=body, capture_output=True, timeout=CPU_S, check=False)
    lines = (line.strip(" \u3000\t|") for line in done.stdout.decode("utf-8", "replace").splitlines())
    text = "\n".join(line for line in lines if line)
    return Reading("read", text) if done.returncode == 0 and text else None


if __name__ == "__main__":
    main()
