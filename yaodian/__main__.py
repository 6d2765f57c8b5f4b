"""`yaodian`: runs a command; a failure that a person can act on is one line on stderr and exit status 1."""

from __future__ import annotations

import sys

from store.errors import YaodianError
from yaodian.commands import app


def main() -> None:
    try:
        app(_hoisted(sys.argv[1:]))
    except YaodianError as error:
        sys.stderr.write(f"yaodian: {error}\n")
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; that is no failure of ours.
        sys.stderr.close()
        sys.exit(0)


def _hoisted(words: list[str]) -> list[str]:
    """`--data DIR` belongs before the command; people write it after, and mean the same."""
    hoisted: list[str] = []
    rest: list[str] = []
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            rest += [word, *remaining]
        elif word == "--data":
            hoisted += [word, *([value] if (value := next(remaining, None)) is not None else [])]
        elif word.startswith("--data="):
            hoisted.append(word)
        else:
            rest.append(word)
    return hoisted + rest


if __name__ == "__main__":
    main()
