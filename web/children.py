"""Asking the program itself, as a child process: what fetches from the web must not do it in the web's own process."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from store.errors import OperatorError, UsageError
from web.terms import Terms

LONGEST_S = 120


def asked(terms: Terms, *words: str) -> dict[str, Any]:
    """What `yaodian WORDS --format json` answers; blocks for LONGEST_S at most. Raises UsageError with the line that
    the command says when it fails."""
    try:
        done = subprocess.run(
            [*terms.program, *words, "--format", "json"],
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError(f"no answer within {LONGEST_S} seconds; the site is slow, try again") from error
    except OSError as error:
        raise OperatorError(f"{terms.program[0]}: {error.strerror}; install Yaodian anew") from error
    if not done.stdout.strip():
        said = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        raise UsageError(said[-1].removeprefix("yaodian: "))
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
