"""Which known documents carry the same work as a text: found by fingerprints in one look-up, judged by their words,
figures, years and issuing bodies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from store import decisions
from store import models as rows
from store.flow import Metadata, Page
from store.likeness import ENOUGH, Evidence, Sample, compare, sample
from store.shapes import page_from_json

# Plans of one body in two years share 0.25 of their words, copies keep above 0.8; boilerplate lies between, told by
# its figures. Without figures to compare, more of the words has to be there.
SAME = 0.65
SAME_WITHOUT_FIGURES = 0.8
# Copies with every damage at once still agree in 0.83 of the figures that they have, plans from one template in 0.6.
SAME_FIGURES = 0.75
TELLING = 8
# So much alike that a year or a name that differs is the copyist's.
IDENTICAL, AGREEING, FEW = 0.85, 0.8, 3
# A page with less of it from one plan is a collection of plans, unless it is called as the plan is.
SHARE_OF_COLLECTION = 0.3
TITLES_ALIKE = 80.0

# One character lost in twelve takes half of the 8-grams; what shares fewer is no copy, and need not be read.
SAME_FINGERPRINTS = 0.15
CANDIDATES = 20
RIVALS = 5
# A hash that as many documents have is of a phrase that everybody writes.
COMMON = 100


@dataclass(frozen=True, slots=True)
class Likeness:
    """A plan that a text is a copy of. `to` gives the likeness to each of its documents that was compared."""

    plan: rows.Plan
    to: dict[str, float]


def telling(session: Session, document: rows.Document, hashes: frozenset[int]) -> frozenset[int]:
    """Those of a document's hashes that tell something: not so many others have them that everybody has."""
    mine = rows.Fingerprint.hash.in_(sorted(hashes)), rows.Fingerprint.document_id != document.id
    common = select(rows.Fingerprint.hash).where(*mine).group_by(rows.Fingerprint.hash)
    return hashes - set(session.scalars(common.having(func.count() >= COMMON)))


def alike(
    session: Session,
    document: rows.Document,
    page: Page,
    mine: Sample,
    hashes: frozenset[int],
) -> list[Likeness]:
    """The plans that a page is a copy of, the likeliest first; those left out that a person set it apart from. `hashes`
    are those that are `telling`."""
    likes = []
    candidates = _candidates(session, document, hashes)
    pages = _pages(session, [candidate for pair in candidates for candidate in pair])
    for nearest, original in candidates:
        other = pages[nearest.id]
        # Asked before the texts are compared, which costs a hundred times as much.
        if _are_two(document, page, nearest, other):
            continue
        evidence = compare(mine, sample(other.text))
        if not (_has_enough(evidence) and not _contradicts(document, page, nearest, other, evidence)):
            continue
        to = {nearest.id: evidence.similarity}
        if original is not nearest:
            first = pages[original.id]
            if _are_two(document, page, original, first):
                continue
            against = compare(mine, sample(first.text))
            # A copy without figures is like its template's other children, too: the original has the last word.
            if _contradicts(document, page, original, first, against):
                continue
            to[original.id] = against.similarity
            evidence = max(evidence, against, key=lambda e: e.similarity)
        assert nearest.plan is not None
        same_body = issuer(document, page.metadata) == nearest.plan.publisher
        rank = (
            round(evidence.similarity, 1),
            not evidence.years_differ,
            round(evidence.agreement, 1),
            same_body,
            original.source.kind == "official",
            evidence.similarity,
            nearest.id,
        )
        likes.append((rank, Likeness(nearest.plan, to)))
    return [like for _, like in sorted(likes, key=lambda ranked: ranked[0], reverse=True)]


def titles_alike(a: str | None, b: str | None) -> bool:
    """Whether two titles may be one, but for years, stars and what a mirror puts around."""
    left, right = (re.sub(r"[^\u4e00-\u9fff]", "", own_title(title or "")) for title in (a, b))
    return bool(left and right) and fuzz.partial_ratio(left, right) >= TITLES_ALIKE


def own_title(title: str) -> str:
    """The plan's own title in that of the notice which issues it: 关于印发《…》的通知 → …"""
    match = re.search(
        r"(?:印发|转发|下发|公布|发布)[^《]{0,20}《(.+)》的?(?:通知|函|公告)?$", re.sub(r"\s", "", title)
    )
    return match[1] if match else title


def issuer(document: rows.Document, metadata: Metadata) -> str | None:
    """The issuing body; None where a mirror's text doesn't say or has starred it."""
    if document.source.kind == "official":
        return metadata.publisher or document.source.publisher
    name = metadata.publisher
    return name if name and not re.search(r"[*＊xX×某]", name) else None


def _candidates(
    session: Session, document: rows.Document, hashes: frozenset[int]
) -> list[tuple[rows.Document, rows.Document]]:
    """For each plan that shares most fingerprints its nearest document and its original."""
    count = func.count()
    shared = (
        select(rows.Fingerprint.document_id, count)
        .where(rows.Fingerprint.hash.in_(sorted(hashes)), rows.Fingerprint.document_id != document.id)
        .group_by(rows.Fingerprint.document_id)
        .having(count >= ENOUGH)
        .order_by(count.desc(), rows.Fingerprint.document_id)
        .limit(CANDIDATES)
    )
    near = {other: together for other, together in session.execute(shared)}
    if not near:
        return []
    sizes = session.execute(
        select(rows.Fingerprint.document_id, func.count())
        .where(rows.Fingerprint.document_id.in_(near))
        .group_by(rows.Fingerprint.document_id)
    ).all()
    best = [other for other, size in sizes if near[other] >= SAME_FINGERPRINTS * min(len(hashes), size)]
    best.sort(key=lambda other: (-near[other], other))
    apart = decisions.plans_apart_from(session, document)
    nearest: dict[str, rows.Document] = {}
    originals: dict[str, rows.Document] = {}
    found = _with_originals(session, best) if best else {}
    for candidate in found.values():
        if candidate.role == "original" and candidate.plan_id:
            originals[candidate.plan_id] = candidate
    for candidate in (found[key] for key in best):
        if candidate.version_id and candidate.plan_id in originals and candidate.plan_id not in apart:
            nearest.setdefault(candidate.plan_id, candidate)
    return [(candidate, originals[plan]) for plan, candidate in list(nearest.items())[:RIVALS]]


def _with_originals(session: Session, best: Sequence[str]) -> dict[str, rows.Document]:
    plans = select(rows.Document.plan_id).where(rows.Document.id.in_(best))
    query = select(rows.Document).where(
        or_(
            rows.Document.id.in_(best),
            and_(rows.Document.plan_id.in_(plans), rows.Document.role == "original"),
        )
    )
    return {document.id: document for document in session.scalars(query)}


def _pages(session: Session, documents: Sequence[rows.Document]) -> dict[str, Page]:
    """The current page of each document."""
    if not documents:
        return {}
    versions = {document.version_id for document in documents}
    query = select(rows.Version.document_id, rows.Version.page).where(rows.Version.id.in_(versions))
    return {document: page_from_json(page) for document, page in session.execute(query)}


def _has_enough(evidence: Evidence) -> bool:
    return evidence.similarity >= (SAME if evidence.comparable >= TELLING else SAME_WITHOUT_FIGURES)


def _are_two(a: rows.Document, page_a: Page, b: rows.Document, page_b: Page) -> bool:
    """Whether two official documents are two works, however alike: of two bodies, or of two years."""
    if not a.source.kind == b.source.kind == "official":
        return False
    years_a, years_b = page_a.metadata.period, page_b.metadata.period
    differ = bool(years_a and years_b) and years_a != years_b
    return differ or issuer(a, page_a.metadata) != issuer(b, page_b.metadata)


def _contradicts(a: rows.Document, page_a: Page, b: rows.Document, page_b: Page, evidence: Evidence) -> bool:
    """Whether something in two like texts shows them to be two works: the same body's plans of two years, or two
    bodies' plans from one template."""
    if evidence.comparable >= TELLING and evidence.agreement < SAME_FIGURES:
        return True
    body_a, body_b = issuer(a, page_a.metadata), issuer(b, page_b.metadata)
    identical = (
        evidence.similarity >= IDENTICAL and evidence.comparable >= FEW and evidence.agreement >= AGREEING
    )
    other_body = body_a is not None and body_b is not None and body_a != body_b
    # A mirror's title doesn't count: mills write this year into it. The years are those that the texts name.
    if (evidence.years_differ or other_body) and not identical:
        return True
    if evidence.similarity < IDENTICAL and not titles_alike(page_a.title, page_b.title):
        return True
    larger = max((a, page_a), (b, page_b), key=lambda side: len(side[1].text))[0]
    is_part = evidence.coverage < SHARE_OF_COLLECTION and larger.source.kind == "mirror"
    return is_part and not titles_alike(page_a.title, page_b.title)
