"""Going through the index, newest row first, and stopping as soon as enough is found.

The words drive: rows that have them are taken in the index's own order, and those that the filters leave out are passed
over. Where a common word meets a rare filter that would be long; then the filter drives, and of each document that it
lets through, newest first, the rows with the words are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from store import models as rows
from store.search.filters import Filters, of_document, of_hint, of_row
from store.search.index import LATE
from store.search.meaning import hints
from store.search.syntax import And, Tree
from store.search.windows import Window, window
from store.search.words import Words, is_anchored, opposite

# Rows looked at before the filter drives; some 30 ms.
MOST_SCANNED = 2_000
VERSIONS_AT_ONCE = 50
FEW_DOCUMENTS = 5_000


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the index that answers: which version brought it, which is its last (None while it stays) and which one
    the document has today; what facets count and what orders it."""

    row: int
    is_title: bool
    brought_by: int
    first: int
    last_in: int | None
    last: int | None
    today: int | None
    document: str
    source: str
    role: str | None
    state: str
    region: str | None
    start: int | None
    end: int | None
    kind: str | None
    publisher: str | None


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was found, newest first; `is_all` when there is no more."""

    found: list[Found]
    is_all: bool


class Scan:
    """One query with its filters, on one database."""

    def __init__(self, session: Session, tree: Tree | None, filters: Filters) -> None:
        self.session = session
        # Rows of columns: the session would treat each as a part of an object, which costs half of the time.
        self.connection = session.connection()
        self.words = Words(self.connection)
        self.filters = filters
        self.tree, self.hints = hints(tree)

    def newest(self, before: int | None, wanted: int, enough: int) -> Scanned:
        """Up to `wanted` rows that are older than `before`; where the filters leave out many, `enough` are enough."""
        found, before = self._late(before, wanted)
        if len(found) >= wanted:
            return Scanned(found[:wanted], False)
        scanned = 0
        step = wanted
        newest = self._newest(before)
        while len(found) < wanted and (len(found) < enough or scanned < MOST_SCANNED):
            if scanned >= MOST_SCANNED and of_document(self.filters):
                return self._by_filter(found, before, enough)
            at = Window(before)
            if newest is not None:
                at = window(newest, before or newest + 1, scanned, wanted)
            batch = self._candidates(at, step)
            found += [_found(one) for one in batch if one.fits]
            scanned += len(batch)
            if len(batch) == step:
                before = batch[-1].row
            elif at.floor is not None:
                before = at.floor
            else:
                return Scanned(found[:wanted], len(found) <= wanted)
        return Scanned(found[:wanted], False)

    def _newest(self, before: int | None) -> int | None:
        """The newest row to look at, where the index doesn't give them in their order by itself."""
        if self.words.is_sqlite or not self._has_words:
            return None
        newest: int = self.connection.scalar(select(func.max(self.words.row))) or 0
        return newest if before is None else min(newest, before - 1)

    def _late(self, before: int | None, wanted: int) -> tuple[list[Found], int | None]:
        """Of a search as of a day: where the rows begin that were indexed by then, and what was captured by then but
        indexed long after."""
        as_of = self.filters.as_of
        beyond = rows.Indexed.reached > as_of + LATE if as_of else None
        query = select(rows.Indexed.first).order_by(rows.Indexed.reached, rows.Indexed.first)
        reach = None if beyond is None else self.connection.scalar(query.where(beyond).limit(1))
        if reach is None or (before is not None and before <= reach):
            return [], before
        found: list[Found] = []
        query = select(rows.Indexed.first).join(rows.Version, rows.Version.id == rows.Indexed.version_id)
        query = query.where(
            rows.Indexed.is_late, rows.Indexed.first >= reach, rows.Version.captured_at <= as_of
        )
        query = query.order_by(rows.Indexed.first.desc()).limit(VERSIONS_AT_ONCE)
        while len(found) < wanted:
            older = query if before is None else query.where(rows.Indexed.first < before)
            firsts = list(self.connection.scalars(older))
            if not firsts:
                return found, reach
            found += map(_found, self._of_versions(firsts, before))
            before = firsts[-1]
        return found, before

    def _by_filter(self, found: list[Found], before: int | None, enough: int) -> Scanned:
        """The rest by the filter: all documents that it lets through where they are few, else as they come."""
        few = self._documents()
        while len(found) < enough:
            firsts = self._versions(before, few)
            if not firsts:
                return Scanned(found, True)
            found += map(_found, self._of_versions(firsts, before))
            before = firsts[-1]
        return Scanned(found, False)

    # ── statements ──

    def _candidates(self, at: Window, step: int) -> Sequence[Any]:
        """The next rows with the words, each with whether it `fits` the filters."""
        before = at.before
        if at.way == "as they come":
            matching, order = self._matching(before), self._order
        else:
            assert self.tree is not None
            named = (
                self.words.named(self.tree, before)
                if at.way == "by index"
                else self.words.tested(self.tree, before, at.floor)
            )
            matching, order = select(named.c.row), named.c.row
        inner = matching.order_by(order.desc()).limit(step).subquery("matching")
        oldest = None
        if self.hints:
            numbers = select(func.min(inner.c.row))
            oldest = self.connection.scalar(numbers) or 0
        fits = and_(rows.Version.id.is_not(None), *self._conditions(inner.c.row, oldest, before))
        query = _described(inner).add_columns(fits.label("fits")).order_by(inner.c.row.desc())
        return self.connection.execute(query).all()

    def _documents(self) -> list[str] | None:
        """The documents that the filters let through; None when they are many."""
        query = select(rows.Document.id).outerjoin(rows.Plan, rows.Plan.id == rows.Document.plan_id)
        query = query.where(*of_document(self.filters)).limit(FEW_DOCUMENTS + 1)
        found = list(self.connection.scalars(query))
        return found if len(found) <= FEW_DOCUMENTS else None

    def _versions(self, before: int | None, few: list[str] | None) -> list[int]:
        """The first rows of the next versions of documents that the filters let through."""
        query = select(rows.Indexed.first).join(rows.Version, rows.Version.id == rows.Indexed.version_id)
        if few is None:
            query = (
                query.join(rows.Document, rows.Document.id == rows.Version.document_id)
                .outerjoin(rows.Plan, rows.Plan.id == rows.Document.plan_id)
                .where(*of_document(self.filters))
                .order_by(rows.Indexed.first.desc())
            )
        else:  # in an order that no index has, so that the documents come first
            query = query.where(rows.Version.document_id.in_(few)).order_by((rows.Indexed.first + 0).desc())
        if before is not None:
            query = query.where(rows.Indexed.first < before)
        return list(self.connection.scalars(query.limit(VERSIONS_AT_ONCE)))

    def _of_versions(self, firsts: Sequence[int], before: int | None) -> Sequence[Any]:
        """The rows with the words that versions brought."""
        if self._has_words:
            assert self.tree is not None
            blocks = select(rows.Indexed.first, rows.Indexed.count).where(rows.Indexed.first.in_(firsts))
            inner = self.words.of_blocks(self.tree, blocks.subquery("block"))
        else:
            inner = self._matching(None).where(rows.Indexed.first.in_(firsts)).subquery("matching")
        conditions = self._conditions(inner.c.row, firsts[-1], before)
        if before is not None:
            conditions.append(inner.c.row < before)
        described = _described(inner).where(rows.Version.id.is_not(None), *conditions)
        return self.connection.execute(described.order_by(inner.c.row.desc())).all()

    @property
    def _row(self) -> ColumnElement[Any]:
        return self.words.row if self._has_words else rows.Indexed.title.expression

    @property
    def _order(self) -> ColumnElement[Any]:
        """What has an index; titles are in the order of their versions' first rows."""
        return self.words.row if self._has_words else rows.Indexed.first.expression

    @property
    def _has_words(self) -> bool:
        return self.tree is not None and is_anchored(self.tree)

    def _matching(self, before: int | None) -> Select[Any]:
        """Rows with the words. Where the query only says what shall not be there, titles that have none of it."""
        query: Select[Any] = select(self._row.label("row"))
        if self._has_words:
            assert self.tree is not None
            query = query.where(self.words.matching(self.tree))
        else:
            query = query.where(rows.Indexed.title.is_not(None))
            if before is not None:  # the order's own index
                query = query.where(rows.Indexed.first < before)
            if self.tree is not None:
                unwanted = select(literal(1)).select_from(self.words.table)
                unwanted = unwanted.where(
                    self.words.matching(opposite(self.tree)), self.words.row == self._row
                )
                query = query.where(~unwanted.exists())
        return query if before is None else query.where(self._row < before)

    def _conditions(
        self, row: ColumnElement[int], oldest: int | None, before: int | None
    ) -> list[ColumnElement[bool]]:
        """What the filters and the hints say of a row; of rows from `oldest` on and older than `before`."""
        found = [*of_document(self.filters), *of_row(self.filters)]
        for hint in self.hints:
            assert self.tree is not None
            both = self.words.matching(And((self.tree, hint.phrase)))
            said = select(self.words.row).where(both, self.words.row >= oldest)
            said = said if before is None else said.where(self.words.row < before)
            found.append(or_(of_hint(hint), row.in_(said)))
        return found


def _described(inner: Subquery) -> Select[Any]:
    """What facets and order need to know of rows, in the order of Found. A row belongs to the version whose rows begin last before it."""
    beginning, last = aliased(rows.Indexed), aliased(rows.Version)
    first = select(func.max(beginning.first)).where(beginning.first <= inner.c.row).scalar_subquery()
    return (
        select(
            inner.c.row,
            (rows.Indexed.title == inner.c.row).label("is_title"),
            rows.Version.id.label("brought_by"),
            rows.Version.number.label("first"),
            last.id.label("last_in"),
            last.number.label("last"),
            rows.Document.version_id.label("today"),
            rows.Document.id.label("document"),
            rows.Document.source_id.label("source"),
            rows.Document.role,
            rows.Document.state,
            rows.Plan.region,
            rows.Plan.period_start.label("start"),
            rows.Plan.period_end.label("end"),
            rows.Plan.kind,
            rows.Plan.publisher,
        )
        .select_from(inner)
        .join(rows.Indexed, rows.Indexed.first == first)
        .outerjoin(rows.Version, rows.Version.id == rows.Indexed.version_id)
        .outerjoin(rows.Document, rows.Document.id == rows.Version.document_id)
        .outerjoin(rows.Plan, rows.Plan.id == rows.Document.plan_id)
        .outerjoin(rows.Ended, rows.Ended.row == inner.c.row)
        .outerjoin(last, last.id == rows.Ended.version_id)
    )


_FIELDS = len(fields(Found))


def _found(row: Any) -> Found:
    return Found(*row[:_FIELDS])
