"""Subjects, texts and senders' names with headers hidden in them, from the outbox to the mail server."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import replace
from email.header import decode_header, make_header
from email.utils import parseaddr
from itertools import islice

import structlog
from sqlalchemy import select

from bench import hostile_text, mailserver
from bench.attacks import Attempt, Ground
from bench.attacks.mail_addresses import find_breach, make_post, read_mails
from notify import outbox, plain, sending
from notify.parcels import Letter, Reader
from store import models as rows
from store.database import Database

TITLE = "headers hidden in subjects and names"
BOTH_DATABASES = True

ALL, SAMPLE = 10_000, 150
PER_NAME = 500
SENDER = "yaodian@example.org"
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
KNOWN = (
    "=?utf-8?q?a=0D=0ABcc=3A_x?=", "title\r\nBcc: x", "title\nBcc: x", "title\u2028x", "title\x85x", "t\x0bx\x0cx\x1cx", "\ud800",
    "", " ", "\r\n", "\r\n\r\nbody", "\x00", "x" * 5000, "教" * 5000, "a " * 2000, "=?utf-8?b?" + "A" * 2000 + "?=", "\t\tBcc: x",
)  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Send one letter with each subject to a reader of its own, with another hostile sender name every 500."""
    subjects = [*KNOWN, *islice(hostile_text.texts(5), SAMPLE if ground.is_short else ALL)]
    senders = _find_senders()
    # Each refusal is logged, as it should be: thousands of them here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    database = Database(ground.database_url)
    with mailserver.running(ground.data / "taken", "--keep", str(ground.data / "mails")) as server:
        post = make_post(ground.data, server.port)
        for start in range(0, len(subjects), PER_NAME):
            some = subjects[start : start + PER_NAME]
            with database.write() as session:
                for number, text in enumerate(some, start):
                    letter = Letter(text, text, f"<p>{text}", text)
                    outbox.put(
                        session, "health", letter, [Reader(f"r{number}@example.org")], "example.org", NOW
                    )
            sending.deliver(database, replace(post, sender=next(senders)), lambda: NOW)
        mails = dict(read_mails(ground.data / "mails"))
    with database.read() as session:
        unsent = dict(
            session.execute(select(rows.Delivery.address, rows.Delivery.last_error).where(rows.Delivery.state != "sent")).all()
        )  # fmt: skip
    database.close()
    for number, text in enumerate(subjects):
        reader = f"r{number}@example.org"
        if reader not in mails:
            yield Attempt(repr(text[:200]), f"was not sent: {unsent.get(reader)}")
            continue
        yield Attempt(
            repr(text[:200]), find_breach(reader, mails[reader]) or _find_difference(text, mails[reader])
        )


def _find_senders() -> Iterator[str]:
    """Yield senders with hostile names that the settings accept because the address is not hidden."""
    for name in hostile_text.texts(6):
        sender = f"{''.join(name.splitlines())} <{SENDER}>"
        if parseaddr(sender)[1] == SENDER:
            yield sender


def _find_difference(text: str, raw: bytes) -> str:
    """Return the subject that the reader sees if it differs from the cleaned one, else ""."""
    unfolded = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    value = next(line for line in unfolded if line.startswith(b"Subject:"))[len(b"Subject:") :].decode()
    shown = " ".join(str(make_header(decode_header(value.strip()))).split(" ")).strip()
    return "" if shown == plain.line(text) else f"the subject reads {shown!r}"
