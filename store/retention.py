"""What is dropped again, by the operator's rules. Versions, changes and the bytes that they came from always stay."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete

from store import models as rows
from store import sessions
from store.database import Database

_DATED = re.compile(r"-\d{4}-\d\d-\d\d$")


@dataclass(frozen=True, slots=True)
class Rules:
    """Days for which something is kept; 0 is for ever."""

    runs: int = 0
    health: int = 0
    logs: int = 90


def tidy(database: Database, data: Path, rules: Rules, now: dt.datetime) -> dict[str, int]:
    """Returns how many of each were dropped."""
    dropped = {"runs": 0, "health events": 0, "logs": 0}
    with database.write() as session:
        if rules.runs:
            old = delete(rows.Run).where(rows.Run.finished_at < now - dt.timedelta(days=rules.runs))
            dropped["runs"] = session.connection().execute(old).rowcount
        if rules.health:
            old = delete(rows.HealthEvent).where(rows.HealthEvent.at < now - dt.timedelta(days=rules.health))
            dropped["health events"] = session.connection().execute(old).rowcount
        # What a host was asked on a day is of no use on another.
        session.execute(delete(rows.HostDay).where(rows.HostDay.day < now.date() - dt.timedelta(days=7)))
        sessions.erase_expired(session, now)
    _put_aside(data / "logs", now)
    if rules.logs:
        last = (now - dt.timedelta(days=rules.logs)).timestamp()
        for path in (data / "logs").glob("*.log*"):
            if path.stat().st_mtime < last:
                path.unlink()
                dropped["logs"] += 1
    return dropped


def _put_aside(logs: Path, now: dt.datetime) -> None:
    """Name what was written until now for its day, or it would grow for ever and never be old. Who writes into it at
    this moment goes on doing so; the next one begins anew."""
    for path in logs.glob("*.log"):
        kept = path.with_stem(f"{path.stem}-{now:%Y-%m-%d}")
        if not _DATED.search(path.stem) and not kept.exists():
            path.rename(kept)
