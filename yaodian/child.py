"""`python -m yaodian.child PARENT WORDS…`: a command of `yaodian` as a child of the process PARENT, with which it ends.

A module of its own, so that the child is bound to its parent before it reads the rest of the program, which takes a
second in which a parent can be killed."""

from __future__ import annotations

import sys

from crawler.lifeline import die_with_parent


def main() -> None:
    die_with_parent(int(sys.argv.pop(1)))
    from yaodian.__main__ import main as program

    program()


if __name__ == "__main__":
    main()
