"""A clock that contradicts the newest rows erases nothing."""

from __future__ import annotations

import datetime as dt

import pytest
from conftest import Run
from sqlalchemy import func, select, update

from store import models as rows
from store.clock import explain_clock_doubt
from store.database import Database

DAY = dt.timedelta(days=1)


def set_rows_back(database: Database, by: dt.timedelta) -> None:
    """As if the clock had jumped ahead by that much since they were written; chores of a service that never ran, none."""
    now = dt.datetime.now(dt.UTC)
    with database.write() as session:
        for column in (
            rows.Capture.fetched_at, rows.Run.started_at, rows.HealthEvent.at, rows.Version.captured_at,
            rows.Change.detected_at, rows.Letter.created_at, rows.Delivery.created_at,
        ):  # fmt: skip
            session.execute(update(column.class_).values({column.key: now - by}))
        session.add(
            rows.Subscription(
                address="a@b.example",
                mailbox="a@b.example",
                filter={},
                rhythm={"every": "day"},
                created_at=now - by,
            )
        )


def requests(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(rows.Subscription)) or 0


@pytest.mark.parametrize("by", [400 * DAY, -400 * DAY], ids=["ahead", "back"])
def test_tidy_and_doctor_refuse_a_clock_that_jumped(
    archive: Database, yaodian: Run, by: dt.timedelta
) -> None:
    set_rows_back(archive, by)
    refused = yaodian("tidy")
    assert (refused.returncode, refused.stderr.count("\n"), refused.stdout) == (1, 1, "")
    assert "timedatectl set-ntp true" in refused.stderr
    assert refused.stderr.endswith("or run: yaodian tidy --force\n")
    assert requests(archive) == 1
    assert '"what": "clock"' in "".join(
        line for line in yaodian("doctor", "--format", "jsonl").stdout.splitlines() if '"ok": false' in line
    )
    assert yaodian("tidy", "--force").returncode == 0
    assert requests(archive) == (0 if by > DAY else 1)


def test_an_archive_of_yesterday_and_an_empty_one_are_tidied(database: Database, yaodian: Run) -> None:
    assert yaodian("tidy").returncode == 0
    set_rows_back(database, DAY)
    assert yaodian("tidy").returncode == 0


@pytest.mark.one_database
def test_what_a_service_wrote_by_a_wrong_clock_does_not_prove_it(archive: Database) -> None:
    """It started at the true time, ran for two days and then the clock was set ahead by 400 days, an hour ago."""
    set_rows_back(archive, 402 * DAY)
    now, uptime = dt.datetime.now(dt.UTC), 2 * DAY
    with archive.write() as session:
        last = session.scalars(select(rows.Capture).order_by(rows.Capture.id.desc()).limit(1)).one()
        last.fetched_at = now - dt.timedelta(minutes=5)
    with archive.read() as session:
        assert "written before this process started" in explain_clock_doubt(session, now, uptime)
        assert explain_clock_doubt(session, now, dt.timedelta()) == ""
