"""A command of `yaodian` that kills itself (SIGKILL) before its Nth step: python -m bench.steps N FILE WORDS…

A step is a statement to the database, a commit, or a file that is made, opened for writing, renamed or removed. With 0 the command
runs to its end; how many steps that took is then written to FILE. So kills are spread over what a command does, however busy
the machine is.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

# Audit events by name; of "open" only those that write.
FILE_STEPS = frozenset({"os.rename", "os.remove", "os.mkdir", "os.link", "os.truncate", "os.chmod"})
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Steps:
    """Counts, and kills before the last."""

    def __init__(self, last: int) -> None:
        self.last, self.count = last, 0

    def take(self, *_: object) -> None:
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(self, name: str, args: tuple[object, ...]) -> None:
        if name in FILE_STEPS or (name == "open" and isinstance(args[2], int) and args[2] & WRITES):
            self.take()


def main() -> None:
    steps = Steps(int(sys.argv.pop(1)))
    file = Path(sys.argv.pop(1))
    from yaodian.__main__ import main as program

    sys.addaudithook(steps.hear)
    event.listen(Engine, "before_cursor_execute", steps.take)
    event.listen(Engine, "commit", steps.take)
    if not steps.last:
        atexit.register(lambda: file.write_text(str(steps.count), encoding="utf-8"))
    program()


if __name__ == "__main__":
    main()
