"""Which plan a document carries: the same work on the official site and on its mirrors is one plan."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from store import models as rows
from store.flow import Metadata, Page
from store.identity import plan_id
from store.likeness import ENOUGH, SAME, clauses, containment, fingerprint
from store.shapes import page_from_json

CANDIDATES = 5
LINKING = "linking plans"
# SQLite takes 32 766 values in a statement; no plan has as many fingerprints.
MOST_HASHES = 20_000


@dataclass(frozen=True, slots=True)
class Likeness:
    document: rows.Document
    similarity: float


def link(session: Session, document: rows.Document, page: Page) -> rows.Plan:
    """Put a document's current page under its plan: the one it has, that of the document it copies, or a new one.

    The transaction must hold `LINKING` alone: two that looked at the same moment would not find each other.
    """
    hashes = fingerprint(page.text)
    if document.plan is None:
        like = _most_alike(session, document, page, hashes)
        document.plan = (
            like.document.plan if like and like.document.plan else _found_plan(session, document, page)
        )
        document.similarity = round(like.similarity, 3) if like else 1.0
    _keep_fingerprint(session, document, hashes)
    session.flush()
    _assign_roles(document.plan)
    original = next(d for d in document.plan.documents if d.role == "original")
    if original is document:
        _describe(document.plan, document, page)
    return document.plan


def _most_alike(
    session: Session, document: rows.Document, page: Page, hashes: frozenset[int]
) -> Likeness | None:
    if len(hashes) < ENOUGH:
        return None
    shared = func.count().label("shared")
    found = session.execute(
        select(rows.Fingerprint.document_id, shared)
        .where(
            rows.Fingerprint.hash.in_(sorted(hashes)[:MOST_HASHES]),
            rows.Fingerprint.document_id != document.id,
        )
        .group_by(rows.Fingerprint.document_id)
        .having(shared >= ENOUGH)
        .order_by(shared.desc(), rows.Fingerprint.document_id)
        .limit(CANDIDATES)
    ).all()
    best: Likeness | None = None
    mine = clauses(page.text)
    for candidate_id, count in found:
        size = session.scalar(select(func.count()).where(rows.Fingerprint.document_id == candidate_id)) or 1
        if count / min(size, len(hashes)) < SAME:
            continue
        candidate = session.get_one(rows.Document, candidate_id)
        if candidate.version is None:
            continue
        other = page_from_json(candidate.version.page)
        similarity = containment(mine, clauses(other.text))
        if similarity >= SAME and not _different_works(document, page, candidate, other):
            best = max([best, Likeness(candidate, similarity)], key=lambda x: x.similarity if x else 0.0)
    return best


def _different_works(a: rows.Document, page_a: Page, b: rows.Document, page_b: Page) -> bool:
    """What text alone can't tell: the same body's plan of another year, and another body's plan from one template."""
    years_a, years_b = page_a.metadata.period, page_b.metadata.period
    if years_a and years_b and years_a != years_b:
        return True
    if a.source.kind == b.source.kind == "official":
        return _publisher(a, page_a.metadata) != _publisher(b, page_b.metadata)
    return False


def _publisher(document: rows.Document, metadata: Metadata) -> str | None:
    return metadata.publisher or (document.source.publisher if document.source.kind == "official" else None)


def own_title(title: str) -> str:
    """The plan's own title in that of the notice which issues it: 关于印发《…》的通知 → …"""
    match = re.search(
        r"(?:印发|转发|下发|公布|发布)[^《]{0,20}《(.+)》的?(?:通知|函|公告)?$", re.sub(r"\s", "", title)
    )
    return match[1] if match else title


def _found_plan(session: Session, document: rows.Document, page: Page) -> rows.Plan:
    plan = rows.Plan(id=plan_id(document.id), title="")
    _describe(plan, document, page)
    session.add(plan)
    return plan


def _describe(plan: rows.Plan, document: rows.Document, page: Page) -> None:
    metadata = page.metadata
    plan.title = own_title(page.title or document.listed_title)
    plan.publisher = _publisher(document, metadata)
    plan.region = metadata.region or (document.source.region if document.source.kind == "official" else None)
    plan.kind = metadata.kind
    plan.period_start = metadata.period.start if metadata.period else None
    plan.period_end = metadata.period.end if metadata.period else None
    plan.document_number = metadata.document_number


def _assign_roles(plan: rows.Plan) -> None:
    """The original is the earliest official document, else the earliest of all."""

    def precedence(document: rows.Document) -> tuple[bool, dt.datetime, str]:
        return (document.source.kind != "official", document.found_at, document.id)

    first = min(plan.documents, key=precedence)
    for document in plan.documents:
        document.role = "original" if document is first else "reprint"


def _keep_fingerprint(session: Session, document: rows.Document, hashes: frozenset[int]) -> None:
    session.execute(delete(rows.Fingerprint).where(rows.Fingerprint.document_id == document.id))
    if hashes:
        session.execute(
            insert(rows.Fingerprint), [{"hash": h, "document_id": document.id} for h in sorted(hashes)]
        )
