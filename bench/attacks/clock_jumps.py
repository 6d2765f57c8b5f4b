"""System clocks that are wrong by various amounts, while `tidy` decides what is old enough to be erased."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import delete, func, select, update
from typer.testing import CliRunner

from bench.attacks import Attempt, Ground
from store import models as rows
from store.clock import explain_clock_doubt
from store.database import Database
from store.errors import OperatorError
from yaodian.commands import loaded

TITLE = "clocks that jump"
BOTH_DATABASES = True

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# How far the clock is ahead of (or behind) the newest row, and whether that can be believed.
JUMPS = (
    (400 * DAY, False), (3650 * DAY, False), (31 * DAY, False), (30 * DAY + HOUR, False), (-HOUR, False), (-DAY, False),
    (-400 * DAY, False), (-3 * HOUR / 60, False), (30 * DAY - HOUR, True), (DAY, True), (HOUR, True), (dt.timedelta(), True),
    (-HOUR / 60, True),
)  # fmt: skip
KINDS = ("capture", "subscription", "run", "letter")
# How long a service runs before its clock is set, and how long it goes on after it and writes; then by how much it was set.
SERVICES = (
    (DAY, HOUR, 400 * DAY),
    (90 * DAY, HOUR, 400 * DAY),
    (90 * DAY, DAY, 31 * DAY),
    (HOUR, 20 * DAY, 60 * DAY),
    (400 * DAY, DAY, 3650 * DAY),
)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Set the rows off from the clock, and tidy as the command line does; then the same within a service."""
    database = Database(ground.database_url)
    for kind in KINDS[:: 2 if ground.is_short else 1]:
        for jump, is_right in JUMPS[:: 2 if ground.is_short else 1]:
            _write_row(database, kind, dt.datetime.now(dt.UTC) - jump)
            yield Attempt(
                f"the clock {jump} after the newest {kind}", _tidy(ground, database, is_right=is_right)
            )
    for ran, since, jump in SERVICES:
        yield Attempt(f"set by {jump} in a service, {since} ago", _doubt_service(database, ran, since, jump))
        yield Attempt(
            f"a service of {ran + since} whose clock is right", _believe_service(database, ran + since)
        )
    database.close()


def _write_row(database: Database, kind: str, at: dt.datetime) -> None:
    """Write one row of a kind, and a subscription request that a wrong clock would erase."""
    long_ago = at - 6 * DAY
    with database.write() as session:
        for table in (rows.Capture, rows.Run, rows.Letter, rows.Subscription, rows.Source):
            session.execute(delete(table))
        session.add(rows.Source(id="a", name="a", publisher="a", region="620000", kind="official"))
        session.flush()
        session.add(_newest(kind, at))
        if kind != "subscription":
            session.add(_request(long_ago))


def _newest(kind: str, at: dt.datetime) -> rows.Base:
    if kind == "capture":
        return rows.Capture(
            url="http://a/", fetched_at=at, status=200, digest="", file="a", offset=0, length=1
        )
    if kind == "run":
        return rows.Run(source_id="a", started_at=at, counts={})
    return _request(at) if kind == "subscription" else rows.Letter(created_at=at, slot="a", content={})


def _request(at: dt.datetime) -> rows.Subscription:
    """Build a subscription request that nobody has confirmed yet."""
    return rows.Subscription(
        address="a@b.example", mailbox="a@b.example", filter={}, rhythm={"every": "day"}, created_at=at
    )


def _tidy(ground: Ground, database: Database, *, is_right: bool) -> str:
    environment = {"YAODIAN_DATABASE_URL": ground.database_url}
    before = _count(database)
    done = CliRunner().invoke(loaded("tidy"), ["--data", str(ground.data), "tidy"], env=environment)
    is_refused = isinstance(done.exception, OperatorError)
    if is_right:
        return "is refused" if is_refused else ""
    if not is_refused:
        return f"is not refused: {done.output or done.exception!r}"
    if _count(database) != before:
        return "erased rows and refused then"
    return "" if "--force" in str(done.exception) else "does not tell the remedy"


def _count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(rows.Subscription)) or 0


def _doubt_service(database: Database, ran: dt.timedelta, since: dt.timedelta, jump: dt.timedelta) -> str:
    """Check that rows which the service wrote after its clock was set do not make the clock believed."""
    now = dt.datetime.now(dt.UTC)
    started = now - jump - since - ran  # as the true clock had it
    _write_row(database, "capture", started - HOUR)
    with database.write() as session:
        for at in (started + ran / 2, now - since + HOUR / 2, now - HOUR / 4):
            session.add(
                rows.Capture(
                    url="http://a/", fetched_at=at, status=200, digest="", file="a", offset=0, length=1
                )
            )
            session.flush()
    with database.read() as session:
        return "" if explain_clock_doubt(session, now, ran + since) else "is believed"


def _believe_service(database: Database, uptime: dt.timedelta) -> str:
    now = dt.datetime.now(dt.UTC)
    _write_row(database, "run", now - uptime - HOUR)
    with database.write() as session:
        session.execute(update(rows.Subscription).values(created_at=now - uptime - DAY))
        session.add(rows.Run(source_id="a", started_at=now - HOUR, counts={}))
    with database.read() as session:
        return explain_clock_doubt(session, now, uptime)
