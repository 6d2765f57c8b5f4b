"""What is dropped again, by the operator's rules. Versions, changes and the bytes that they came from always stay."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete

from store import models as rows
from store.database import Database


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
    if rules.logs:
        last = (now - dt.timedelta(days=rules.logs)).timestamp()
        for path in (data / "logs").glob("*.log*"):
            if path.stat().st_mtime < last:
                path.unlink()
                dropped["logs"] += 1
    return dropped
