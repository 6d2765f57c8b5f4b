"""How often plans speak of something: by the year they begin in and by province, beside how many plans there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from store import models as rows
from store import regions
from store.search.syntax import parse
from store.search.words import Words, is_anchored

MOST_ROWS = 200_000
"""Rows of the index that are looked at, the newest; a word in more of them stands nearly everywhere."""
EARLIEST = 1990


@dataclass(frozen=True, slots=True)
class Share:
    """Of `plans` plans, `named` have the words."""

    key: str
    named: int
    plans: int

    @property
    def percent(self) -> int:
        return round(100 * self.named / self.plans) if self.plans else 0


@dataclass(frozen=True, slots=True)
class Trend:
    """By year, in order, without a gap; by province, the highest share first. `is_all` is False when the words stand
    in more rows than are looked at."""

    years: tuple[Share, ...]
    provinces: tuple[Share, ...]
    is_all: bool


def trend(session: Session, query: str) -> Trend | None:
    """Of each plan its original as it stands today is asked; None when the query has no word to look for."""
    tree = parse(query)
    if tree is None or not is_anchored(tree):
        return None
    words = Words(session.connection())
    inner = (
        select(words.row.label("row"))
        .where(words.matching(tree))
        .order_by(words.row.desc())
        .limit(MOST_ROWS)
        .subquery("matching")
    )
    scanned = session.scalar(select(func.count()).select_from(inner)) or 0
    first = select(func.max(rows.Indexed.first)).where(rows.Indexed.first <= inner.c.row).scalar_subquery()
    begun = aliased(rows.Indexed)
    naming = (
        select(rows.Plan.id, rows.Plan.period_start, rows.Plan.region)
        .select_from(inner)
        .join(begun, begun.first == first)
        .join(rows.Version, rows.Version.id == begun.version_id)
        .join(rows.Document, rows.Document.id == rows.Version.document_id)
        .join(rows.Plan, rows.Plan.id == rows.Document.plan_id)
        .outerjoin(rows.Ended, rows.Ended.row == inner.c.row)
        .where(rows.Document.role == "original", rows.Ended.row.is_(None))
        .distinct()
    )
    named_years, named_places = _counted((year, region) for _, year, region in session.execute(naming))
    every = session.execute(select(rows.Plan.period_start, rows.Plan.region))
    years, places = _counted((year, region) for year, region in every)
    known = [year for year in years if year >= EARLIEST]
    span = range(min(known), max(known) + 1) if known else range(0)
    provinces = [Share(code, named_places[code], places[code]) for code in places]
    return Trend(
        tuple(Share(str(year), named_years[year], years[year]) for year in span),
        tuple(sorted(provinces, key=lambda share: (-share.named / share.plans, share.key))),
        scanned < MOST_ROWS,
    )


def _counted(found: Iterable[tuple[int | None, str | None]]) -> tuple[Counter[int], Counter[str]]:
    years: Counter[int] = Counter()
    places: Counter[str] = Counter()
    for year, region in found:
        if year is not None:
            years[year] += 1
        if region is not None:
            places[regions.province(region)] += 1
    return years, places
