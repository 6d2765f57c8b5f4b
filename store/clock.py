"""Check of the system clock against the rows written before; asked before anything is erased for its age."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models as rows
from store.said import said

# A clock that is off by more makes times that readers see wrong; the clocks of several machines differ by less.
TOLERANCE = dt.timedelta(minutes=2)
# Longer than any service leaves its rows alone: its chores alone write each minute.
LONGEST_PAUSE = dt.timedelta(days=30)
# What is written again and again, with the moment of each row; a row's id says which is the newest, whatever the clock said.
_STAMPS = (
    (rows.Capture.id, rows.Capture.fetched_at),
    (rows.Run.id, rows.Run.started_at),
    (rows.HealthEvent.id, rows.HealthEvent.at),
    (rows.Version.id, rows.Version.captured_at),
    (rows.Change.id, rows.Change.detected_at),
    (rows.Subscription.id, rows.Subscription.created_at),
    (rows.Digest.id, rows.Digest.created_at),
    (rows.Letter.id, rows.Letter.created_at),
    (rows.Delivery.id, rows.Delivery.created_at),
    (rows.Bounce.id, rows.Bounce.at),
)


def explain_clock_doubt(session: Session, now: dt.datetime, uptime: dt.timedelta) -> str:
    """Say why the clock can't be right: it shows a moment before the newest row, or more than 30 days after the newest row
    that was written before this process started. Return "" when neither is so, or nothing was written yet.

    `uptime` is how long this process has run, measured by a clock that nobody sets (`yaodian.uptime`): rows that the process
    itself wrote while the clock was wrong prove nothing. A row with a later moment than that of its start, as the clock
    has it now, is such a row.
    """
    newest = max(_newest(session, None), default=None)
    if newest is not None and newest - now > TOLERANCE:
        return said(
            "it shows {now} UTC, and something was written at {newest}; set it right, best by NTP: timedatectl set-ntp true",
            now=f"{now:%Y-%m-%d %H:%M}",
            newest=f"{newest:%Y-%m-%d %H:%M}",
        )
    started = now - uptime
    before = max([*_newest(session, started), *_chores_done(session, started)], default=None)
    if before is not None and started - before > LONGEST_PAUSE:
        return said(
            "it shows {now} UTC, and the newest row written before this process started is of {newest}, more than {days} days "
            "earlier; set it right, best by NTP: timedatectl set-ntp true; if it is right, start the service again",
            now=f"{now:%Y-%m-%d %H:%M}",
            newest=f"{before:%Y-%m-%d %H:%M}",
            days=LONGEST_PAUSE.days,
        )
    return ""


def _newest(session: Session, until: dt.datetime | None) -> list[dt.datetime]:
    """Return the time of each table's newest row, not later than `until` if that is given."""
    found = []
    for identity, moment in _STAMPS:
        query = select(moment).order_by(identity.desc()).limit(1)
        found.append(session.scalar(query if until is None else query.where(moment <= until)))
    return [one for one in found if one is not None]


def _chores_done(session: Session, until: dt.datetime) -> list[dt.datetime]:
    done = rows.Chore.done_at
    return [one for one in session.scalars(select(done).where(done <= until)) if one is not None]
