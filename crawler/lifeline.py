"""A child process that ends with its parent, however that ends (Linux; elsewhere a child outlives a killed parent)."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
_bound: list[int] = []


def die_with_parent(parent: int) -> None:
    """Have the system kill this process as soon as the process `parent`, which started it, is no more.

    With SIGKILL, since nothing is lost by it: what was fetched is kept, and the rest is asked for again.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise SystemExit("its parent has ended")
    _bound.append(parent)


def bound_to() -> int | None:
    """Return the id of the process that this one ends with, or None."""
    return _bound[-1] if _bound else None
