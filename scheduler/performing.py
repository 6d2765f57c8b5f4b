"""What a piece of work does to the rows when it has ended, whoever ran it: a service in its own children, or a worker.

The holder is the service that claimed it; None is a worker, which claims nothing: the queue's rows say who is at it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

import structlog

from scheduler.chores import CHORES
from scheduler.due import following, sane
from scheduler.work import Ending, Runner, Work
from store import agenda, metrics
from store.database import Database

log = structlog.get_logger("yaodian.service")


async def perform(runner: Runner, work: Work) -> Ending:
    """Have it done, and tell."""
    began = time.monotonic()
    metrics.RUNNING.labels(work.kind).inc()
    log.info("work begins", kind=work.kind, sources=len(work.sources))
    try:
        ending = await runner.run(work)
    finally:
        metrics.RUNNING.labels(work.kind).dec()
    took = time.monotonic() - began
    metrics.WORK_SECONDS.labels(work.kind).observe(took)
    metrics.WORK.labels(work.kind, _word(ending)).inc()
    log.info("work ended", kind=work.kind, status=ending.status, seconds=round(took, 1), why=ending.why)
    return ending


def settle(database: Database, holder: str | None, ending: Ending, now: dt.datetime) -> None:
    """Let go what a crawl was for. What never came to its end rests first, unless we ended it ourselves; what was no
    source's doing is only put off."""
    left = [one for one in ending.work.sources if one not in ending.ended]
    away = [one for one in left if ending.excused or one in ending.busy]
    unfinished = [] if ending.stopped else [one for one in left if one not in away]
    if not ending.stopped:
        agenda.put_off(database, holder, away, now)
    agenda.rest(database, holder, unfinished, now)
    agenda.release(database, holder, ending.work.sources if holder else ending.ended)
    if unfinished:
        why = ending.why or "see crawl.log"
        log.warning("crawl unfinished", sources=unfinished, status=ending.status, why=why)


def note(database: Database, holder: str | None, name: str, now: dt.datetime, timezone: str) -> None:
    """The chore is done, and due again as its schedule says."""
    schedule = next(chore.schedule for chore in CHORES if chore.name == name)
    agenda.finish_chore(database, holder, name, now, following(schedule, now, timezone))


def note_nothing_to_send(database: Database, holder: str | None, now: dt.datetime) -> None:
    """Whoever subscribes waits for the letter to confirm: where there was none to send, the next tick looks again."""
    agenda.finish_chore(database, holder, agenda.DIGESTS, now, now)


def first(now: dt.datetime, timezone: str) -> dict[str, dt.datetime]:
    """When each chore is due that never was."""
    return {chore.name: following(chore.schedule, now, timezone) for chore in CHORES} | {agenda.DIGESTS: now}


def saner(now: dt.datetime, timezone: str) -> Callable[[str, dt.datetime], dt.datetime]:
    """What a chore's noted moment is worth: see `scheduler.due.sane`."""
    schedules = {chore.name: chore.schedule for chore in CHORES}
    return lambda name, noted: sane(schedules[name], noted, now, timezone)


def _word(ending: Ending) -> str:
    if ending.stopped:
        return "stopped"
    return {0: "done", 1: "degraded"}.get(ending.status, "failed")
