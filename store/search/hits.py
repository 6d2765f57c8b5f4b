"""Rows of the index as items that a reader can cite: passage, path, version, plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, undefer

from store import models as rows
from store.search.index import unpacked
from store.search.passages import Passage, passages
from store.search.scan import Found
from store.search.snippets import Snippet, snippet
from store.search.syntax import Phrase
from store.shapes import page_from_json


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that answers a query: its passage as the version `shown` has it. `first` and `last` are the numbers of
    the versions between which it stands so; `last` is None while the newest has it."""

    passage: Passage
    snippet: Snippet
    shown: rows.Version
    first: int
    last: int | None

    @property
    def document(self) -> rows.Document:
        return self.shown.document

    @property
    def is_current(self) -> bool:
        return self.last is None and self.document.state == "live"


@dataclass(frozen=True, slots=True)
class _LaidOut:
    """A version with its passages by their rows."""

    version: rows.Version
    passages: dict[int, Passage]


def hits(
    session: Session, page: Sequence[Found], wanted: Sequence[Phrase], as_of: dt.datetime | None
) -> list[Hit]:
    """The items of some rows, in their order: as the newest version shows them, or the last one that had them, or the
    one that held at a moment."""
    shown = {one.row: _shown(session, one, as_of) for one in page}
    laid = _laid_out(session, shown.values())
    lost = [one.brought_by for one in page if one.row not in laid[shown[one.row]].passages]
    laid |= _laid_out(session, lost) if lost else {}
    hits = []
    for one in page:
        shows = laid[shown[one.row]]
        if one.row not in shows.passages:
            shows = laid[one.brought_by]
        passage = shows.passages[one.row]
        hits.append(Hit(passage, snippet(passage.text, wanted), shows.version, one.first, one.last))
    return hits


def _shown(session: Session, one: Found, as_of: dt.datetime | None) -> int:
    if as_of is None:
        return one.last_in or one.today or one.brought_by
    query = select(rows.Version.id).where(
        rows.Version.document_id == one.document, rows.Version.captured_at <= as_of
    )
    held = query.order_by(rows.Version.captured_at.desc(), rows.Version.number.desc()).limit(1)
    return session.scalars(held).one()


def _laid_out(session: Session, versions: Iterable[int]) -> dict[int, _LaidOut]:
    query = (
        select(rows.Version, rows.Indexed.rows)
        .join(rows.Indexed, rows.Indexed.version_id == rows.Version.id)
        .where(rows.Version.id.in_(versions))
        .options(
            undefer(rows.Version.page),
            joinedload(rows.Version.document).joinedload(rows.Document.plan),
        )
        .execution_options(populate_existing=True)
    )
    found = {}
    for version, runs in session.execute(query):
        texts = passages(page_from_json(version.page), version.title)
        found[version.id] = _LaidOut(version, dict(zip(unpacked(runs), texts, strict=True)))
    return found
