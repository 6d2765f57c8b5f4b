"""The state of each source as a row: since when, with what evidence, and what the operator was told of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models as rows
from store.health import Health, Look, Sign, State, judge

LOOKS = 30
"""Crawls that tell what is usual: a week at the usual rhythm."""


@dataclass(frozen=True, slots=True)
class Condition:
    """The state of a source since a moment, and why. `told` is the state of which the operator was told last."""

    source: str
    state: State
    since: dt.datetime
    reasons: tuple[Sign, ...]
    told: State | None = None

    @property
    def says(self) -> str:
        return "; ".join(f"{sign.sign}: {sign.says}" for sign in self.reasons)


def conditions(session: Session) -> dict[str, Condition]:
    """Of every source that was crawled."""
    return {row.source_id: _condition(row) for row in session.scalars(select(rows.SourceHealth))}


def renew(session: Session, source: str, now: dt.datetime) -> None:
    """Judge a source anew, as part of the transaction that ends its crawl. The moment of a state is that of the
    crawl that showed it first."""
    health = judge(looks(session, source))
    if health is None:
        return
    row = session.get(rows.SourceHealth, source)
    if row is None:
        row = rows.SourceHealth(source_id=source, state=health.state, since=now)
    elif row.state != health.state:
        row.state, row.since = health.state, now
    row.reasons = [asdict(sign) for sign in health.reasons]
    session.add(row)


def looks(session: Session, source: str) -> list[Look]:
    """The last crawls of its listings that came to their end, oldest first."""
    of_source = select(rows.Run).where(
        rows.Run.source_id == source,
        rows.Run.finished_at.is_not(None),
        rows.Run.outcome.in_(("done", "degraded", "failed")),
        rows.Run.counts[rows.ONLY_RECHECKS].as_integer().is_(None),
    )
    found = list(session.scalars(of_source.order_by(rows.Run.id.desc()).limit(LOOKS)))[::-1]
    if not found:
        return []
    events = list(
        session.scalars(
            select(rows.HealthEvent)
            .where(rows.HealthEvent.source_id == source, rows.HealthEvent.at >= found[0].started_at)
            .order_by(rows.HealthEvent.id)
        )
    )
    return [_look(run, events) for run in found]


def _look(run: rows.Run, events: Iterable[rows.HealthEvent]) -> Look:
    assert run.finished_at is not None
    signs = tuple(
        Sign(event.sign, event.url, event.detail, event.capture_id)
        for event in events
        if run.started_at <= event.at <= run.finished_at
    )
    broke = run.counts.get("broke", 0) > 0
    return Look(run.finished_at, run.counts, signs, failed=broke)


def _condition(row: rows.SourceHealth) -> Condition:
    health = Health(row.state, tuple(Sign(**sign) for sign in row.reasons))  # type: ignore[arg-type]
    return Condition(row.source_id, health.state, row.since, health.reasons, row.told)  # type: ignore[arg-type]
