"""The changes that filters choose from, and what is told of the chosen ones, read out of the store.

How many statements that takes depends on the changes, never on how many filters or readers there are.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from notify.filters import Facts, Filter, matches, narrowed
from notify.news import Happening
from store import models as rows
from store import reprints
from store.flow import ItemChange, Page
from store.search import syntax
from store.shapes import difference_from_json, page_from_json

# Pages in memory at once.
BATCH = 25
# A plan is copied when it is fresh: the newest versions of the original are enough to find which was copied.
MOST_VERSIONS = 5

_Before, _After = aliased(rows.Version), aliased(rows.Version)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change that some filter may want."""

    id: int
    detected_at: dt.datetime
    facts: Facts


def candidates(
    session: Session,
    filters: Collection[Filter],
    since: dt.datetime | None = None,
    until: dt.datetime | None = None,
) -> Iterator[Candidate]:
    """The changes that the site made, as they were detected (`until` not included), with what these filters ask of
    them: one statement.
    What a single filter wants is narrowed by the database itself."""
    with_texts = any(wanted.keywords for wanted in filters)
    query = _changes(
        rows.Change.id,
        rows.Change.type,
        rows.Change.detected_at,
        rows.Plan.region,
        rows.Plan.kind,
        rows.Plan.publisher,
        rows.Source.id,
        rows.Source.kind,
        *((_Before.title, _Before.page, _After.title, _After.page) if with_texts else ()),
    ).order_by(rows.Change.detected_at, rows.Change.id)
    if since is not None:
        query = query.where(rows.Change.detected_at >= since)
    if until is not None:
        query = query.where(rows.Change.detected_at < until)
    if len(filters) == 1:
        query = narrowed(query, next(iter(filters)))
    for number, type_, at, region, kind, publisher, source, site, *texts in session.execute(
        query.execution_options(yield_per=BATCH)
    ):
        facts = Facts(type_, region, kind, publisher, source, site == "official", _searchable(texts))
        yield Candidate(number, at, facts)


def wanted_by(wanted: Filter, found: Sequence[Candidate]) -> tuple[Candidate, ...]:
    return tuple(candidate for candidate in found if matches(wanted, candidate.facts))


def newest(session: Session, wanted: Filter, most: int) -> list[int]:
    """The last changes that a filter wants, the newest first, by their ids."""
    query = _changes(
        rows.Change.id,
        rows.Change.type,
        rows.Plan.region,
        rows.Plan.kind,
        rows.Plan.publisher,
        rows.Source.id,
        rows.Source.kind,
        *((_Before.title, _Before.page, _After.title, _After.page) if wanted.keywords else ()),
    ).order_by(rows.Change.detected_at.desc(), rows.Change.id.desc())
    query = narrowed(query, wanted)
    if not wanted.keywords:
        query = query.limit(most)
    chosen: list[int] = []
    for number, type_, region, kind, publisher, source, site, *texts in session.execute(
        query.execution_options(yield_per=BATCH)
    ):
        if matches(
            wanted, Facts(type_, region, kind, publisher, source, site == "official", _searchable(texts))
        ):
            chosen.append(number)
        if len(chosen) == most:
            break
    return chosen


def happenings(session: Session, ids: Sequence[int]) -> Iterator[Happening]:
    """What there is to tell of some changes, in the order of their ids here; a few pages are in memory at a time."""
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        query = _changes(
            rows.Change, rows.Document, rows.Plan, rows.Source, _Before, _After, _Before.page, _After.page
        )
        found: dict[int, Any] = {
            row.Change.id: row for row in session.execute(query.where(rows.Change.id.in_(batch)))
        }
        copied = {
            row.Plan.id
            for row in found.values()
            if row.Plan is not None and row.Document.role == "reprint" and row.Change.type == "new"
        }
        originals = _originals(session, copied)
        for number in batch:
            if number in found:
                yield _happening(found[number], originals)
        session.expunge_all()


def _changes(*columns: Any) -> Select[Any]:
    """Changes that the site made, with all that belongs to them; those that our own reading made are nobody's."""
    return (
        select(*columns)
        .select_from(rows.Change)
        .join(rows.Document, rows.Document.id == rows.Change.document_id)
        .join(rows.Source, rows.Source.id == rows.Document.source_id)
        .outerjoin(rows.Plan, rows.Plan.id == rows.Document.plan_id)
        .outerjoin(_Before, _Before.id == rows.Change.from_version_id)
        .outerjoin(_After, _After.id == rows.Change.to_version_id)
        .where(rows.Change.extraction.is_(False))
    )


def _searchable(texts: Sequence[Any]) -> tuple[str, ...]:
    """Of (title, page) twice, before and after, the words that there are."""
    return tuple(
        syntax.searchable(f"{title}\n{page['text']}")
        for title, page in zip(texts[::2], texts[1::2], strict=True)
        if page is not None
    )


def _originals(session: Session, plans: Collection[str]) -> dict[str, list[Page]]:
    """The newest versions of the originals of some plans, oldest first."""
    if not plans:
        return {}
    query = (
        select(rows.Document.plan_id, rows.Version.page)
        .join(rows.Version, rows.Version.document_id == rows.Document.id)
        .where(rows.Document.plan_id.in_(plans), rows.Document.role == "original")
        .order_by(rows.Version.number.desc())
    )
    found: dict[str, list[Page]] = defaultdict(list)
    for plan, page in session.execute(query):
        if len(found[plan]) < MOST_VERSIONS:
            found[plan].insert(0, page_from_json(page))
    return found


def _happening(row: Any, originals: dict[str, list[Page]]) -> Happening:
    change: rows.Change
    document: rows.Document
    plan: rows.Plan | None
    source: rows.Source
    before: rows.Version | None
    after: rows.Version | None
    change, document, plan, source, before, after, page_before, page_after = row
    version = after or before
    raw = page_after if after is not None else page_before
    page = page_from_json(raw) if raw is not None else None
    is_reprint = document.role == "reprint"
    return Happening(
        id=change.id,
        type=change.type,
        detected_at=change.detected_at,
        document=document.id,
        plan=document.plan_id,
        plan_title=plan.title if plan else None,
        region=(plan.region if plan else None) or "",
        kind=plan.kind if plan else None,
        publisher=plan.publisher if plan else None,
        title=version.title if version else document.listed_title,
        url=document.url,
        source=source.name,
        is_official=source.kind == "official",
        is_reprint=is_reprint,
        similarity=document.similarity,
        listed_on=document.listed_on,
        from_version=before.number if before else None,
        to_version=after.number if after else None,
        page=page,
        difference=difference_from_json(change.difference),
        errors=_errors(originals.get(document.plan_id or ""), page)
        if is_reprint and change.type == "new"
        else None,
    )


def _errors(versions: list[Page] | None, page: Page | None) -> tuple[ItemChange, ...] | None:
    if not versions or page is None:
        return None
    return reprints.of_its_time(versions, page)[1]
