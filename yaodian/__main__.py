"""`yaodian`: runs a command; a failure that a person can act on is one line on stderr and exit status 1."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys

from store.errors import WrongUse, YaodianError


def main() -> None:
    # What we write is our user's alone from its first byte: subscribers' addresses, live links in mails, the secret.
    os.umask(0o077)
    _speak_anyway()
    _collect_little()
    try:
        _run(*_hoisted(sys.argv[1:]))
    except YaodianError as error:
        sys.stderr.write(f"yaodian: {error}\n")
        sys.exit(2 if isinstance(error, WrongUse) else 1)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; that is no failure of ours. What is still to be written
        # when Python ends goes nowhere, or it would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        sys.stderr.write(
            f"yaodian: {error.filename or 'output'}: {error.strerror}; mend that and run it again\n"
        )
        sys.exit(1)


def _run(options: list[str], words: list[str]) -> None:
    """The command, up to its last word written. Typer ends with status 1 where the reader has gone."""
    from yaodian.commands import loaded

    app = loaded(*words[:1])
    gc.freeze()
    gc.enable()
    try:
        app(options + words)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            raise leaving.__context__ from None
        sys.stdout.flush()
        raise


def _collect_little() -> None:
    """Going through all objects for garbage takes a third of a short command's time: while it is imported there is none,
    and what is left at the end ends with the process."""
    gc.disable()
    atexit.register(gc.freeze)


def _speak_anyway() -> None:
    """A closed output, or one whose encoding has no Chinese, is no reason to fail."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 (stays open to the end)
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _hoisted(words: list[str]) -> tuple[list[str], list[str]]:
    """`--data DIR`, which belongs before the command (people write it after, and mean the same), and all the rest."""
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
    return hoisted, rest


if __name__ == "__main__":
    main()
