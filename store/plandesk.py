"""What a person asks of plans and says about them: one by any of its ids, its reprints' errors, the plan before it,
merging and splitting."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import select
from sqlalchemy.orm import Session

from store import decisions, plans, queries, reprints, series
from store import models as rows
from store.errors import UsageError
from store.flow import Difference, ItemChange
from store.shapes import difference_to_json, page_from_json

# A plan is copied when it is fresh: of a much revised one the first versions are enough to find which.
MOST_VERSIONS = 20
MOST_REPRINTS = 50
SAME_SERIES = 60.0
MOST_YEARS = 5


@dataclass(frozen=True, slots=True)
class Reprint:
    """A reprint, the number of the original's version that it was copied from, and how it differs from that."""

    document: str
    version: int
    errors: tuple[ItemChange, ...]

    def errors_to_json(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = difference_to_json(Difference(self.errors))["items"]
        return found


@dataclass(frozen=True, slots=True)
class Earlier:
    """An item of an earlier year's plan that a later one goes on with; `similarity` is 0–1."""

    plan: rows.Plan
    item: series.Item
    similarity: float


def plan(session: Session, name: str) -> rows.Plan:
    """A plan by its id, by one that it had before, or by a document's. Raises UsageError."""
    found = plans.resolve(session, name) or queries.document(session, name).plan
    if found is None:
        raise UsageError(f"{name} was not read yet, so it is under no plan; run: yaodian crawl")
    return found


def former_ids(session: Session, of: rows.Plan) -> list[str]:
    query = select(rows.PlanAlias.former_id).where(rows.PlanAlias.plan_id == of.id)
    return list(session.scalars(query.order_by(rows.PlanAlias.former_id)))


def reprints_of(session: Session, of: rows.Plan) -> list[Reprint]:
    """What each reprint gets wrong, the first MOST_REPRINTS of them."""
    original = of.original
    query = (
        select(rows.Version.number, rows.Version.page)
        .where(rows.Version.document_id == original.id)
        .order_by(rows.Version.number)
        .limit(MOST_VERSIONS)
    )
    numbers, versions = [], []
    for number, page in session.execute(query):
        numbers.append(number)
        versions.append(page_from_json(page))
    found = []
    for document in [d for d in of.documents if d.role == "reprint"][:MOST_REPRINTS]:
        index, errors = reprints.of_its_time(versions, plans.page_of(session, document))
        found.append(Reprint(document.id, numbers[index], errors))
    return found


def before(session: Session, of: rows.Plan) -> tuple[rows.Plan, series.Series]:
    """The plan of the same body that this one follows, and what it makes of it. Raises UsageError."""
    previous = _previous(session, of)
    if previous is None:
        raise UsageError(
            f"{of.id} has no earlier plan of {of.publisher or 'its publisher'} here; "
            "`yaodian crawl ID --full` looks further back"
        )
    old, new = (plans.page_of(session, p.original) for p in (previous, of))
    return previous, series.compare(old, new)


def earlier_items(session: Session, of: rows.Plan, item: series.Item) -> Iterator[Earlier]:
    """What the same body's earlier plans say on an item's subject, the latest first, as far back as they go on with it."""
    plan, page = of, plans.page_of(session, of.original)
    for _ in range(MOST_YEARS):
        previous = _previous(session, plan)
        if previous is None:
            return
        before_it = plans.page_of(session, previous.original)
        compared = series.compare(before_it, page)
        found = next((pair for pair in compared.continued if pair.new.path == item.path), None)
        if found is None:
            return
        yield Earlier(previous, found.old, found.similarity)
        plan, page, item = previous, before_it, found.old


def series_of(session: Session, of: rows.Plan) -> list[rows.Plan]:
    """The same body's plans that say the same but for years, this one among them, the latest first."""
    if of.publisher is None or of.period_start is None:
        return [of]
    query = select(rows.Plan).where(rows.Plan.publisher == of.publisher, rows.Plan.kind == of.kind)
    own = _yearless(of.title)
    found = [
        p for p in session.scalars(query) if p is of or fuzz.ratio(own, _yearless(p.title)) >= SAME_SERIES
    ]
    return sorted(found, key=lambda p: (-(p.period_start or 0), p.id))


def merge(session: Session, names: Sequence[str], at: dt.datetime) -> rows.Plan:
    """One plan of several; remembered as a decision. Raises UsageError."""
    found = list(dict.fromkeys(plan(session, name) for name in names))
    if len(found) < 2:
        raise UsageError(f"{', '.join(names)} are one plan already: {found[0].id}")
    documents = [[document.id for document in p.documents] for p in found]
    originals = [p.original.id for p in found]
    merged = found[0]
    for other, ids in zip(found[1:], documents[1:], strict=True):
        decisions.forget_apart(session, [d.id for d in merged.documents], ids)
        merged = plans.merge(session, merged, other)
    decisions.decide(session, ((originals[0], other) for other in originals[1:]), together=True, at=at)
    plans.settle(session, merged)
    return merged


def split(
    session: Session, name: str, documents: Sequence[str], at: dt.datetime
) -> tuple[rows.Plan, rows.Plan]:
    """Documents taken out of a plan into one of their own; remembered as decisions. Raises UsageError."""
    old = plan(session, name)
    leaving = [queries.document(session, document) for document in dict.fromkeys(documents)]
    for document in leaving:
        if document.plan is not old:
            raise UsageError(f"{document.id} is not under {old.id}; see: yaodian plans show {old.id}")
    staying = [document.id for document in old.documents if document not in leaving]
    if not staying:
        raise UsageError(f"{old.id} has no other documents; name fewer, so that some stay")
    gone = [document.id for document in leaving]
    decisions.decide(session, ((a, b) for a in gone for b in staying), together=False, at=at)
    decisions.decide(session, ((gone[0], other) for other in gone[1:]), together=True, at=at)
    new = plans.separate(session, leaving)
    return old, new


def _previous(session: Session, of: rows.Plan) -> rows.Plan | None:
    """The same publisher's plan of the nearest earlier period whose title says the same but for years."""
    if of.publisher is None or of.period_start is None:
        return None
    query = (
        select(rows.Plan)
        .where(rows.Plan.publisher == of.publisher, rows.Plan.period_start < of.period_start)
        .order_by(rows.Plan.period_start.desc(), rows.Plan.id)
    )
    if of.kind is not None:
        query = query.where(rows.Plan.kind == of.kind)
    own = _yearless(of.title)
    alike = [(p.period_start or 0, fuzz.ratio(own, _yearless(p.title)), p) for p in session.scalars(query)]
    alike = [found for found in alike if found[1] >= SAME_SERIES]
    return max(alike, key=lambda found: found[:2])[2] if alike else None


def _yearless(title: str) -> str:
    return re.sub(r"[\d\W_]|年|“?十[一二三四五六七八九]*五”?", "", title)
