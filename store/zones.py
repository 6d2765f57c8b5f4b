"""The time zones that this machine knows."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def timezones() -> frozenset[str]:
    """Their names. Asked for once: it reads all the files of the zones, which takes longer than a source's file or a
    subscription does."""
    return frozenset(available_timezones())
