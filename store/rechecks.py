"""When a known document is looked at again: often while it is fresh, ever more rarely while it is quiet, at once more
often after a change. Pure.

The rule, and what it rests on (`python -m bench.recheck` holds it against others at the same number of requests):

- *How often to look, given how often it changes.* A change is seen half an interval late on average, so with a limited
  number of requests the mean delay is least when a document is looked at in proportion to the square root of its rate
  of change (Coffman, Liu, Weber 1998; the age-optimal policy of Cho and Garcia-Molina, TODS 2003, grows with the rate,
  too). Their freshness-optimal policy would give up on what changes often: right for an index, wrong for a monitor.
- *How often it changes.* Official texts are corrected soon after they are published, and again soon after a correction:
  that chance falls with the quiet time q as 1 / (q + 1 day). A revision out of the blue can come at any age. Each
  document's own factor on both is estimated from the changes seen in the time that it was watched (the Poisson rate
  of Cho and Garcia-Molina, TOIT 2003, as the mean of a Gamma posterior: without a history it is that of its kind).
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

SHORTEST = dt.timedelta(hours=2)
LONGEST = dt.timedelta(days=30)

SECOND_LOOK = dt.timedelta(minutes=30)
# After a failure, doubled with each further one.
FIRST_PAUSE = dt.timedelta(hours=1)
LONGEST_PAUSE = dt.timedelta(days=7)

# The interval of a document that changes daily; the knob between requests and delay. A new document is looked at after
# 9 hours, one that was quiet for two months every day and a half, for two years every four days.
PACE = dt.timedelta(hours=3)
# What an average document does: changes while its quiet time grows e-fold, and further ones a day, whatever its age.
# CONFIDENCE is how many changes this expectation is worth against what was seen.
SETTLES = 0.1
REVISED = 1 / 100
CONFIDENCE = 1.0

WHOLE_EVERY = 10
"""Of so many checks in a row one asks for the whole, without validators: some servers answer 304 for ever (a cache
that was not told, a Last-Modified that is the template's)."""


def is_believed(times: int) -> bool:
    """Whether one more 304 would be believed, after so many in a row."""
    return times + 1 < WHOLE_EVERY


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of a document: since when it is published, when it changed last, and how often it did while we
    watched, which is since `watched_from`."""

    published_at: dt.datetime
    watched_from: dt.datetime
    changed_at: dt.datetime | None = None
    changes: int = 0


def next_check(now: dt.datetime, past: Past) -> dt.datetime:
    quiet = _days(past.changed_at if past.changed_at and past.changes else past.published_at, now)
    rate = (SETTLES / (1 + quiet) + REVISED) * _liveliness(past, now)
    interval = PACE / math.sqrt(rate)
    return now + min(max(interval, SHORTEST), LONGEST)


def pause(failures: int) -> dt.timedelta:
    """How long a document is left alone that could not be had so many times in a row: by itself it would be asked for
    first each time, and a dozen of its kind would keep a crawl from all others."""
    doublings = min(failures - 1, 16)
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def urgency(
    now: dt.datetime,
    checked_at: dt.datetime | None,
    next_check_at: dt.datetime | None,
    failures: int = 0,
) -> float:
    """Sorts documents, the most urgent first: what was never asked for, then what is late by most of its interval,
    or of the pause after it failed."""
    if failures and next_check_at is not None:
        return -1 - (now - next_check_at) / pause(failures)
    if checked_at is None or next_check_at is None or next_check_at <= checked_at:
        return -math.inf
    return -(now - checked_at) / (next_check_at - checked_at)


def _liveliness(past: Past, now: dt.datetime) -> float:
    """How much more often than an average document of its age this one changes."""
    before = _days(past.published_at, past.watched_from)
    until = max(before, _days(past.published_at, now))
    expected = SETTLES * math.log((1 + until) / (1 + before)) + REVISED * (until - before)
    return (CONFIDENCE + past.changes) / (CONFIDENCE + expected)


def _days(since: dt.datetime, now: dt.datetime) -> float:
    """A date in the future is today's."""
    return max(now - since, dt.timedelta()) / dt.timedelta(days=1)
