"""How long this process has run, by a monotonic clock. A child of the service has the service's uptime."""

from __future__ import annotations

import datetime as dt
import os
import time
from pathlib import Path

from crawler.lifeline import bound_to

_STARTED = time.monotonic()


def uptime() -> dt.timedelta:
    """Return the time since the service started if this is its child, else since this process started."""
    parent = bound_to()
    seconds = _seconds_since_start(parent) if parent is not None else None
    return dt.timedelta(seconds=time.monotonic() - _STARTED if seconds is None else seconds)


def _seconds_since_start(pid: int) -> float | None:
    """Return the seconds since a process started; None if the system has no /proc."""
    try:
        words = (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        )
        started = int(words[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, IndexError, ValueError, AttributeError):
        return None
