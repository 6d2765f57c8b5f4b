"""Captures of an address in the order of time, for who asks what it said then (Memento, RFC 7089)."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from store import models as rows
from store.identity import canonical

OK = 200
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Memento:
    capture: int
    at: dt.datetime


def of_address(session: Session, url: str) -> list[Memento]:
    """The captures of an address that brought a page, oldest first; of a document also those that came from where it
    was redirected to, or lived before."""
    addresses = {url, canonical(url)}
    documents = select(rows.Document.id).where(rows.Document.url.in_(addresses))
    former = select(rows.DocumentUrl.document_id).where(rows.DocumentUrl.url.in_(addresses))
    query = (
        select(rows.Capture.id, rows.Capture.fetched_at)
        .where(
            rows.Capture.status == OK,
            or_(
                rows.Capture.url.in_(addresses),
                rows.Capture.document_id.in_(documents),
                rows.Capture.document_id.in_(former),
            ),
        )
        .order_by(rows.Capture.fetched_at, rows.Capture.id)
        .limit(MOST)
    )
    by_second = {at.replace(microsecond=0): Memento(capture, at) for capture, at in session.execute(query)}
    return list(by_second.values())


def nearest(mementos: Sequence[Memento], at: dt.datetime) -> Memento:
    """The memento that is closest to a moment; of two that are as close, the earlier."""
    place = bisect_left(mementos, at, key=lambda one: one.at.replace(microsecond=0))
    around = mementos[max(0, place - 1) : place + 1]
    return min(around, key=lambda one: abs(one.at.replace(microsecond=0) - at))
