"""One item through the versions of its document: which changes touched it, under whichever number. Pure but for the question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from store import models as rows
from store.flow import ItemChange
from store.shapes import difference_from_json


@dataclass(frozen=True, slots=True)
class Touch:
    """A change that altered, moved, or brought an item, and how."""

    change: rows.Change
    item: ItemChange


def touches(session: Session, version: rows.Version, path: str) -> Iterator[Touch]:
    """What happened to the item that stands at a path of a version, the latest first, back to where it came in. A new
    number alone is followed, but is nothing that happened to it."""
    query = (
        select(rows.Change)
        .join(rows.Change.to_version)
        .where(
            rows.Change.document_id == version.document_id,
            rows.Change.from_version_id.is_not(None),
            rows.Version.number <= version.number,
        )
        .order_by(rows.Version.number.desc(), rows.Change.id.desc())
        .options(
            undefer(rows.Change.difference),
            joinedload(rows.Change.from_version),
            joinedload(rows.Change.to_version),
        )
    )
    for change in session.scalars(query):
        found = next(
            (item for item in difference_from_json(change.difference).items if item.new_path == path), None
        )
        if found is None:
            continue
        if found.op != "renumbered":
            yield Touch(change, found)
        if found.old_path is None:
            return
        path = found.old_path
