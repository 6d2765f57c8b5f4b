"""From the digests that wait to what is delivered: they are handed over from their rows.

A run that is killed leaves either no digest or a whole one that waits; what was handed over and not yet noted is
handed over again as the same bytes under the same Message-ID.
"""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sqlalchemy import select

from notify.subscriptions import ACTIVE
from store import models as rows
from store.database import Database
from store.errors import OperatorError, UsageError

WAITING, SENT = "waiting", "sent"


class Outlet(Protocol):
    """Where mail goes."""

    def send(self, delivery: rows.Delivery, address: str) -> str:
        """Hand one mail over, and tell where it went. Raises OperatorError."""


@dataclass(frozen=True, slots=True)
class Sent:
    subscription: int
    address: str
    changes: int
    where: str


class Outbox:
    """Mail as .eml files. A delivery that is repeated replaces its own file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def send(self, delivery: rows.Delivery, address: str) -> str:
        path = self.folder / f"digest-{delivery.digest_id:06d}.eml"
        try:
            write_whole(path, delivery.message)
        except OSError as error:
            raise OperatorError(
                f"outbox {self.folder}: {error.strerror}; make room or make it writable"
            ) from error
        return str(path)


def write_whole(path: Path, content: bytes) -> None:
    """The file is there whole or not at all, whenever the process or the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def chosen(database: Database, now: dt.datetime, *, only: int | None, everyone: bool) -> list[int]:
    """The ids of the active subscriptions to serve: one, all, or those that are due."""
    query = select(rows.Subscription).order_by(rows.Subscription.id)
    with database.read() as session:
        if only is not None:
            subscription = session.get(rows.Subscription, only)
            if subscription is None:
                raise UsageError(f"no subscription {only}; `yaodian subscriptions list` names them all")
            if subscription.state != ACTIVE:
                raise UsageError(f"subscription {only} is {subscription.state}; confirm it first")
            return [only]
        found = session.scalars(query.where(rows.Subscription.state == ACTIVE))
        return [s.id for s in found if everyone or (s.next_due_at is not None and s.next_due_at <= now)]


def deliver(database: Database, outlet: Outlet, now: dt.datetime) -> list[Sent]:
    """Hand over everything that waits, each noted before the next; also what an earlier run left, and what
    another run has made meanwhile, but for what that one is just handing over itself."""
    sent: list[Sent] = []
    query = select(rows.Delivery).where(rows.Delivery.state == WAITING)
    with database.read() as session:
        waiting = [delivery.id for delivery in session.scalars(query.order_by(rows.Delivery.id))]
    for delivery_id in waiting:
        with database.write() as session:
            free = query.where(rows.Delivery.id == delivery_id).with_for_update(skip_locked=True)
            delivery = session.scalars(free).first()
            if delivery is None:
                continue
            subscription = delivery.digest.subscription
            delivery.attempts += 1
            where = outlet.send(delivery, subscription.address)
            delivery.state, delivery.sent_at = SENT, now
            count = len(
                session.scalars(
                    select(rows.DigestChange.change_id).where(
                        rows.DigestChange.digest_id == delivery.digest_id
                    )
                ).all()
            )
            sent.append(Sent(subscription.id, subscription.address, count, where))
    return sent
