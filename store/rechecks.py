"""When a known document is looked at again: often while it is fresh, then ever more rarely. Pure."""

from __future__ import annotations

import datetime as dt

SHORTEST = dt.timedelta(hours=6)
LONGEST = dt.timedelta(days=30)
# A document quiet for eight days is looked at daily: its chance to change falls about as its quiet time grows.
SHARE = 8

SECOND_LOOK = dt.timedelta(minutes=30)


def next_check(now: dt.datetime, changed_at: dt.datetime | None) -> dt.datetime:
    quiet = now - changed_at if changed_at else dt.timedelta()
    return now + min(max(quiet / SHARE, SHORTEST), LONGEST)
