"""Asking the store: plans, documents, versions, changes, by what a reader knows of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload, undefer

from store import models as rows
from store import regions
from store.archive import Place
from store.diff import diff
from store.errors import UsageError
from store.flow import Difference, Page
from store.plans import resolve
from store.shapes import page_from_json

_ID = re.compile(r"[dp][a-z2-7]{12}")
_NUMBER = re.compile(r"[1-9]\d{0,8}")


def plans(
    session: Session,
    *,
    region: str | None = None,
    year: int | None = None,
    kind: str | None = None,
    publisher: str | None = None,
) -> Iterator[rows.Plan]:
    """Plans by region, then period, those without last; a region includes the divisions within it, a year any
    period around it."""
    query = select(rows.Plan).options(selectinload(rows.Plan.documents).joinedload(rows.Document.source))
    if region is not None:
        query = query.where(rows.Plan.region.startswith(regions.prefix(region)))
    if year is not None:
        query = query.where(rows.Plan.period_start <= year, rows.Plan.period_end >= year)
    if kind is not None:
        query = query.where(rows.Plan.kind == kind)
    if publisher is not None:
        query = query.where(rows.Plan.publisher.icontains(publisher, autoescape=True))
    yield from session.scalars(
        query.order_by(
            rows.Plan.region.nulls_last(), rows.Plan.period_start.desc().nulls_last(), rows.Plan.id
        )
    )


def document(session: Session, name: str) -> rows.Document:
    """A document by its id, or a plan's original by the plan's. Raises UsageError."""
    if not _ID.fullmatch(name):
        raise UsageError(f"{name!r} is no id; ids are d or p and twelve characters, see: yaodian plans")
    found = session.get(rows.Document, name) if name.startswith("d") else None
    if name.startswith("p") and (plan := resolve(session, name)) is not None:
        found = plan.original
    if found is None:
        raise UsageError(
            f"nothing has the id {name}; `yaodian plans` and `yaodian export documents` name what there is"
        )
    return found


def version(session: Session, name: str) -> rows.Version:
    """`ID` or `ID@NUMBER`: a document's version, the newest without a number. Raises UsageError."""
    identity, at, number = name.partition("@")
    if at and not _NUMBER.fullmatch(number):
        raise UsageError(f"{name!r}: the version is a number from 1; write such as {identity}@2")
    return numbered(session, document(session, identity), int(number) if number else None)


def numbered(session: Session, of: rows.Document, number: int | None) -> rows.Version:
    if of.version is None:
        raise UsageError(f"{of.id} was not read yet; run: yaodian crawl {of.source_id}")
    found = session.scalars(
        select(rows.Version)
        .where(
            rows.Version.document_id == of.id,
            rows.Version.number == (of.version.number if number is None else number),
        )
        .options(undefer(rows.Version.page))
    ).first()
    if found is None:
        raise UsageError(f"{of.id} has no version {number}; it has 1 to {of.version.number}")
    return found


def page_of(version: rows.Version) -> Page:
    return page_from_json(version.page)


def versions_of(session: Session, of: rows.Document) -> list[rows.Version]:
    """A document's versions without their texts, the newest first."""
    query = select(rows.Version).where(rows.Version.document_id == of.id)
    return list(session.scalars(query.order_by(rows.Version.number.desc())))


def capture_of(session: Session, version: rows.Version) -> rows.Capture:
    return session.get_one(rows.Capture, version.capture_id)


def body_place(session: Session, capture: int) -> Place | None:
    """Where the bytes of a capture lie, which of a revisit is in another record."""
    found = session.get(rows.Capture, capture)
    if found is not None and found.body_of is not None:
        found = session.get(rows.Capture, found.body_of)
    return None if found is None else Place(found.file, found.offset, found.length)


def changes(session: Session, of: rows.Document | None = None) -> Iterator[rows.Change]:
    """Changes in the order in which they were detected, of one document or of all."""
    query = select(rows.Change).order_by(rows.Change.detected_at, rows.Change.id)
    if of is not None:
        query = query.where(rows.Change.document_id == of.id)
    yield from session.scalars(query.execution_options(yield_per=200))


def versions(session: Session) -> Iterator[rows.Version]:
    query = select(rows.Version).options(undefer(rows.Version.page))
    yield from session.scalars(
        query.order_by(rows.Version.document_id, rows.Version.number).execution_options(yield_per=100)
    )


def archive_ends(session: Session) -> dict[str, int]:
    """The archive's files that captures lie in, and how many bytes of each these reach over."""
    end = func.max(rows.Capture.offset + rows.Capture.length)
    return {
        file: reach
        for file, reach in session.execute(select(rows.Capture.file, end).group_by(rows.Capture.file))
    }


def documents(session: Session) -> Iterator[rows.Document]:
    query = select(rows.Document).order_by(rows.Document.source_id, rows.Document.id)
    yield from session.scalars(query.execution_options(yield_per=500))


def compare(
    session: Session, of: rows.Document, old: int | None, new: int | None
) -> tuple[rows.Version, rows.Version, Difference]:
    """Two versions of a document and what differs; without numbers the newest and the one before."""
    after = numbered(session, of, new)
    if old is None and after.number == 1:
        raise UsageError(f"{of.id} has one version only; there is nothing to compare")
    before = numbered(session, of, old if old is not None else after.number - 1)
    return before, after, diff(page_from_json(before.page), page_from_json(after.page))
