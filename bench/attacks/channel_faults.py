"""Channels that raise every kind of exception while they are opened, send, answer and close, between honest deliveries."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

import structlog
from sqlalchemy import select

from bench import faulty
from bench.attacks import Attempt, Ground
from bench.attacks.mail_addresses import make_post
from notify import outbox, sending
from notify.parcels import Letter, Reader
from notify.senders import LATER
from store import models as rows
from store.database import Database
from store.errors import Unavailable

TITLE = "exceptions of channels"
BOTH_DATABASES = True

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LETTER = Letter("要点", "text", "<p>", "text")


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Put each exception before and after a delivery to an honest reader, who must be served exactly once."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    database = Database(ground.database_url)
    post = make_post(ground.data, 1)
    rounds = 1 if ground.is_short else 50
    bad = [
        *(f"faulty-send://{name}/{turn}" for turn in range(rounds) for name in faulty.FAULTS if name not in faulty.UNAVAILABLE),
        *(f"faulty-answer://{name}/{turn}" for turn in range(rounds) for name in faulty.ANSWERS),
        *(f"faulty-open://none/{turn}" for turn in range(rounds)),
        *(f"faulty-send://{name}/last" for name in faulty.UNAVAILABLE),
    ]  # fmt: skip
    with faulty.installed() as made:
        with database.write() as session:
            for number, address in enumerate(bad):
                readers = [Reader(address), Reader(f"faulty-close://none/{number}")]
                outbox.put(session, "confirmation", LETTER, readers, "example.org", NOW)
        try:
            sending.deliver(database, post, lambda: NOW)
        except Unavailable:
            # Of the last two alone, when everything else is done.
            yield Attempt("Unavailable is told")
        except Exception as error:  # noqa: BLE001 (the breach that is looked for)
            yield Attempt("the run", f"ended with {type(error).__name__}: {error}")
        taken = made["close"].taken
    with database.read() as session:
        by = {one.address: one for one in session.scalars(select(rows.Delivery))}
    database.close()
    for number, address in enumerate(bad):
        honest, one = by[f"faulty-close://none/{number}"], by[address]
        served = honest.state == "sent" and taken.count(honest.id) == 1
        yield Attempt(address, "" if served else f"the honest delivery behind it is {honest.state}")
        kept = one.attempts == 1 and (one.state == "refused" or one.due_at >= NOW + LATER[0])
        is_away = "/last" in address
        yield Attempt(
            f"{address} itself", "" if kept or is_away else f"{one.state} after {one.attempts} attempts"
        )
