"""Which plan a document carries: the same work on the official site and on its mirrors is one plan.

What links is in the texts (`store.likeness`); what people decided (`store.decisions`) comes before it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, insert, select, update
from sqlalchemy.orm import Session

from store import decisions
from store import models as rows
from store.alike import alike, own_title, telling, titles_alike
from store.flow import Metadata, Page
from store.identity import plan_id
from store.likeness import Sample, compare, sample
from store.shapes import page_from_json

LINKING = "linking plans"

# Of a plan's documents so many can be found by their fingerprints, whether it has ten or ten thousand.
REPRESENTATIVES = 5
MOST_COMPARED = 200


def link(session: Session, document: rows.Document, page: Page) -> rows.Plan:
    """Put a document's current page under its plan: the one it has, that of the work it copies, or a new one. Plans
    that it shows to be one are merged.

    The transaction must hold `LINKING` alone: two that looked at the same moment would not find each other."""
    mine = sample(page.text)
    hashes = telling(session, document, mine.fingerprint)
    document.dated_on = _dated(page.metadata)
    likes = alike(session, document, page, mine, hashes)
    if document.plan is None:
        decided = decisions.plan_of_partner(session, document)
        document.plan = decided or (likes[0].plan if likes else None)
    plan = document.plan
    if plan is None:
        document.plan = plan = _found(session, document)
        document.role, document.similarity = "original", 1.0
        _describe(plan, document, page)
        _keep_fingerprint(session, document, hashes)
        return plan
    session.flush()
    merged = False
    for like in likes:
        if like.plan is not plan and _may_merge(session, document, page, plan, like.plan):
            plan = merge(session, plan, like.plan)
            merged = True
    known = {other: likeness for like in likes for other, likeness in like.to.items()}
    _settle(session, plan, document, page, mine, whole=merged, known=known)
    _keep_fingerprint(session, document, hashes)
    return plan


def merge(session: Session, one: rows.Plan, other: rows.Plan) -> rows.Plan:
    """Make two plans one, under the id of the one that was known first; the other's ids lead there from now on."""
    session.flush()
    keep, gone = sorted((one, other), key=lambda plan: _known_since(session, plan))
    keep_id, gone_id = keep.id, gone.id
    session.execute(
        update(rows.Document)
        .where(rows.Document.plan_id == gone_id)
        .values(plan_id=keep_id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(rows.PlanAlias)
        .where(rows.PlanAlias.plan_id == gone_id)
        .values(plan_id=keep_id)
        .execution_options(synchronize_session=False)
    )
    session.add(rows.PlanAlias(former_id=gone_id, plan_id=keep_id))
    session.expunge(gone)
    session.execute(delete(rows.Plan).where(rows.Plan.id == gone_id))
    session.flush()
    session.expire_all()
    return session.get_one(rows.Plan, keep_id)


def separate(session: Session, documents: Sequence[rows.Document]) -> rows.Plan:
    """Take documents out of their plan into one of their own."""
    old = documents[0].plan
    assert old is not None
    taken = set(session.scalars(select(rows.Plan.id).where(rows.Plan.id.in_(map(_own_id, documents)))))
    free = [document for document in documents if _own_id(document) not in taken]
    # When the document that the old plan is named for leaves alone, the name stays: it was cited for the others, too.
    plan = _found(session, free[0]) if free else _named(session, plan_id(documents[0].id, again=True))
    for document in documents:
        document.plan = plan
    session.flush()
    session.expire_all()
    for changed in (old, plan):
        settle(session, changed)
    for document in documents[:REPRESENTATIVES]:
        hashes = sample(page_of(session, document).text).fingerprint
        _keep_fingerprint(session, document, telling(session, document, hashes))
    return plan


def settle(session: Session, plan: rows.Plan) -> None:
    """Choose a plan's original anew, after documents came or went by hand."""
    first = _first(session, plan)
    page = page_of(session, first)
    _settle(session, plan, first, page, sample(page.text), whole=True, known={})


def resolve(session: Session, name: str) -> rows.Plan | None:
    """A plan by its id or by one that it had before."""
    plan = session.get(rows.Plan, name)
    if plan is None and (alias := session.get(rows.PlanAlias, name)) is not None:
        plan = session.get(rows.Plan, alias.plan_id)
    return plan


def page_of(session: Session, document: rows.Document) -> Page:
    """A read document's current page."""
    return page_from_json(
        session.scalars(select(rows.Version.page).where(rows.Version.id == document.version_id)).one()
    )


def _may_merge(
    session: Session, document: rows.Document, page: Page, one: rows.Plan, other: rows.Plan
) -> bool:
    """Whether a document that is like documents of two plans shows that they are one. A mirror's collection of plans
    does not; the official text does, and so does a whole copy of what was known in pages of the same name."""
    if document.source.kind != "official" and not (
        titles_alike(page.title, one.title) and titles_alike(page.title, other.title)
    ):
        return False
    both_official = all(_first(session, plan).source.kind == "official" for plan in (one, other))
    if both_official and (one.publisher, one.period_start, one.period_end) != (
        other.publisher,
        other.period_start,
        other.period_end,
    ):
        return False
    return not decisions.are_apart(session, one, other)


# ── what a plan says of itself ──


def _own_id(document: rows.Document) -> str:
    return plan_id(document.id)


def _found(session: Session, document: rows.Document) -> rows.Plan:
    return _named(session, _own_id(document))


def _named(session: Session, name: str) -> rows.Plan:
    """A new plan; an id that led elsewhere since a merge is its own again."""
    session.execute(delete(rows.PlanAlias).where(rows.PlanAlias.former_id == name))
    plan = rows.Plan(id=name, title="")
    session.add(plan)
    return plan


def _known_since(session: Session, plan: rows.Plan) -> tuple[dt.datetime, str]:
    first = session.scalar(select(func.min(rows.Document.found_at)).where(rows.Document.plan_id == plan.id))
    return first or dt.datetime.max.replace(tzinfo=dt.UTC), plan.id


def _dated(metadata: Metadata) -> dt.date | None:
    day = metadata.issued_on or metadata.published_at
    return day.date() if isinstance(day, dt.datetime) else day


def _precedence(document: rows.Document) -> tuple[bool, dt.date, dt.datetime, str]:
    """Official before mirror, else the earliest 成文 or 发布 date, else found first."""
    return (
        document.source.kind != "official",
        document.dated_on or dt.date.max,
        document.found_at,
        document.id,
    )


def _first(session: Session, plan: rows.Plan) -> rows.Document:
    undated = rows.Document.dated_on.is_(None)
    return session.scalars(
        select(rows.Document)
        .join(rows.Document.source)
        .where(rows.Document.plan_id == plan.id)
        .order_by(
            rows.Source.kind != "official",
            undated,
            rows.Document.dated_on,
            rows.Document.found_at,
            rows.Document.id,
        )
        .limit(1)
    ).one()


def _settle(
    session: Session,
    plan: rows.Plan,
    document: rows.Document,
    page: Page,
    mine: Sample,
    *,
    whole: bool,
    known: Mapping[str, float],
) -> None:
    """Roles, likeness to the original, and the plan's description after `document` came or changed. `known` has the
    likeness to documents that it was compared with already."""
    originals = session.scalars(
        select(rows.Document).where(rows.Document.plan_id == plan.id, rows.Document.role == "original")
    ).all()
    if whole or document in originals or len(originals) != 1:
        first = _first(session, plan)
    else:
        first = min(originals[0], document, key=_precedence)
    another = [first] != list(originals)
    if first is document:
        if another:
            _crown(session, plan, first, mine)
        _describe(plan, document, page)
    else:
        likeness = known.get(first.id)
        if another or likeness is None:
            original = page_of(session, first)
            theirs = sample(original.text)
            likeness = compare(mine, theirs).similarity
            if another:
                _crown(session, plan, first, theirs)
                _describe(plan, first, original)
        document.role, document.similarity = "reprint", round(likeness, 3)
    session.flush()
    session.expire(plan, ["documents"])


def _crown(session: Session, plan: rows.Plan, first: rows.Document, original: Sample) -> None:
    """Another document is the original now: the others are its reprints, and as similar as they are to it."""
    others = (
        select(rows.Document)
        .where(rows.Document.plan_id == plan.id, rows.Document.id != first.id)
        .order_by(rows.Document.found_at)
    )
    for count, other in enumerate(session.scalars(others).all()):
        other.role = "reprint"
        if count < MOST_COMPARED and other.version_id is not None:
            text = page_of(session, other).text
            other.similarity = round(compare(original, sample(text)).similarity, 3)
    first.role, first.similarity = "original", 1.0


def _describe(plan: rows.Plan, document: rows.Document, page: Page) -> None:
    metadata = page.metadata
    plan.title = own_title(page.title or document.listed_title)
    plan.publisher = metadata.publisher or (
        document.source.publisher if document.source.kind == "official" else None
    )
    plan.region = metadata.region or (document.source.region if document.source.kind == "official" else None)
    plan.kind = metadata.kind
    plan.period_start = metadata.period.start if metadata.period else None
    plan.period_end = metadata.period.end if metadata.period else None
    plan.document_number = metadata.document_number


def _keep_fingerprint(session: Session, document: rows.Document, hashes: frozenset[int]) -> None:
    own = delete(rows.Fingerprint).where(rows.Fingerprint.document_id == document.id)
    had = cast("CursorResult[Any]", session.execute(own)).rowcount > 0
    represents = document.role == "original" or had or _size(session, document.plan_id) <= REPRESENTATIVES
    if hashes and represents:
        kept = [{"hash": one, "document_id": document.id} for one in sorted(hashes)]
        session.execute(insert(rows.Fingerprint), kept)


def _size(session: Session, plan: str | None) -> int:
    of_plan = select(func.count()).select_from(rows.Document).where(rows.Document.plan_id == plan)
    return session.scalar(of_plan) or 0
