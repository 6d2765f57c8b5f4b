"""How the sources are, for the commands that show it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from notify import health
from store.conditions import Condition, conditions
from store.database import Database
from store.errors import YaodianError
from yaodian.checkup import Finding
from yaodian.settings import Settings


def known(settings: Settings) -> dict[str, Condition]:
    """Of every source that was crawled; nothing before `yaodian init`. Raises OperatorError."""
    if not settings.database_url and not (settings.data / "yaodian.db").exists():
        return {}
    database = settings.opened()
    with database.read() as session:
        found = conditions(session)
    database.close()
    return found


def as_json(condition: Condition | None) -> dict[str, Any]:
    """`health` is null for a source that was never crawled."""
    if condition is None:
        return {"health": None, "since": None, "reasons": []}
    reasons = [
        {"sign": sign.sign, "says": sign.says, "url": sign.url or None, "capture": sign.capture}
        for sign in condition.reasons
    ]
    return {"health": condition.state, "since": condition.since.isoformat(), "reasons": reasons}


def comment(condition: Condition | None) -> list[str]:
    """The lines that follow a source's YAML."""
    if condition is None:
        return ["# health: never crawled"]
    lines = [f"# health: {condition.state} since {condition.since:%Y-%m-%d %H:%M} UTC"]
    for sign in condition.reasons:
        evidence = f" (capture {sign.capture})" if sign.capture else ""
        lines.append(f"#   {sign.sign}: {' '.join((sign.url, sign.says)).strip()}{evidence}")
    return lines


def operator(settings: Settings) -> health.Operator:
    return health.Operator(settings.operator, settings.operator_language, settings.timezone)


def tell(settings: Settings, database: Database, now: dt.datetime) -> None:
    """Put a letter to the operator into the outbox when a source's state has changed; handed over with the rest."""
    if settings.operator and health.untold(database):
        health.tell(database, operator(settings), settings.post(), now)


def tell_findings(settings: Settings, wrong: Sequence[Finding], now: dt.datetime) -> None:
    """The same of what `doctor` found wrong, when that is not what the last letter told. A database that can't be
    used holds no letter either; the log has it then."""
    # Each source's state has letters of its own.
    found = [(one.what, one.says) for one in wrong if one.what != "health"]
    try:
        database = settings.opened()
    except YaodianError:
        return
    if settings.operator:
        health.tell_findings(database, operator(settings), settings.post(), found, now)
    tell(settings, database, now)
    database.close()
