"""`python -m yaodian.child PARENT WORDS…`: a command of `yaodian` as a child of the process PARENT, with which it ends.

A module of its own, so that the child is bound to its parent before it reads the rest of the program, which takes a
second in which a parent can be killed."""

from __future__ import annotations

import json
import sys
import traceback
from types import TracebackType

from crawler.lifeline import die_with_parent

LONGEST_TRACEBACK = 20_000


def main() -> None:
    die_with_parent(int(sys.argv.pop(1)))
    sys.excepthook = _tell_in_one_line
    from yaodian.__main__ import main as program

    program()


def _tell_in_one_line(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    """Log an uncaught exception as one error event instead of one line per line of the traceback."""
    text = "".join(traceback.format_exception(kind, error, where))
    event = {
        "event": "crashed",
        "level": "error",
        "error": kind.__name__,
        "says": "".join(traceback.format_exception_only(error)).strip()[:300],
        "exception": text[-LONGEST_TRACEBACK:],
    }
    sys.stderr.write(json.dumps(event) + "\n")


if __name__ == "__main__":
    main()
