"""How often plans speak of something: by the year they begin in and by province, beside how many plans there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select
from sqlalchemy.orm import Session, aliased

from store import models as rows
from store import regions
from store.search import windows
from store.search.syntax import Tree, parse
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
    matching = _newest(session.connection(), tree).cte("matching")
    scanned = select(func.count()).select_from(matching).scalar_subquery()
    first = select(func.max(rows.Indexed.first)).where(rows.Indexed.first <= matching.c.row).scalar_subquery()
    begun = aliased(rows.Indexed)
    naming = (
        select(rows.Plan.id, rows.Plan.period_start, rows.Plan.region, scanned.label("scanned"))
        .select_from(matching)
        .join(begun, begun.first == first)
        .join(rows.Version, rows.Version.id == begun.version_id)
        .join(rows.Document, rows.Document.id == rows.Version.document_id)
        .join(rows.Plan, rows.Plan.id == rows.Document.plan_id)
        .outerjoin(rows.Ended, rows.Ended.row == matching.c.row)
        .where(rows.Document.role == "original", rows.Ended.row.is_(None))
        .distinct()
    )
    named = session.execute(naming).all()
    named_years, named_places = _counted((one.period_start, one.region) for one in named)
    every = session.execute(select(rows.Plan.period_start, rows.Plan.region))
    years, places = _counted((year, region) for year, region in every)
    known = [year for year in years if year >= EARLIEST]
    span = range(min(known), max(known) + 1) if known else range(0)
    provinces = [Share(code, named_places[code], places[code]) for code in places]
    return Trend(
        tuple(Share(str(year), named_years[year], years[year]) for year in span),
        tuple(sorted(provinces, key=lambda share: (-share.named / share.plans, share.key))),
        not named or named[0].scanned < MOST_ROWS,
    )


def _newest(connection: Connection, tree: Tree) -> Select[Any]:
    """The newest rows with the words. On PostgreSQL the first stretch tells which way there is less work."""
    words = Words(connection)
    newest = 0 if words.is_sqlite else connection.scalar(select(func.max(words.row))) or 0
    if newest <= windows.FIRST:
        found = select(words.row.label("row")).where(words.matching(tree)).order_by(words.row.desc())
    else:
        before = newest + 1 - windows.FIRST
        sample = select(func.count()).select_from(words.tested(tree, None, before))
        at = windows.window(newest, before, connection.scalar(sample) or 0, MOST_ROWS)
        way = words.named(tree, None) if at.way == "by index" else words.tested(tree, None, None)
        found = select(way.c.row).order_by(way.c.row.desc())
    return found.limit(MOST_ROWS)


def _counted(found: Iterable[tuple[int | None, str | None]]) -> tuple[Counter[int], Counter[str]]:
    years: Counter[int] = Counter()
    places: Counter[str] = Counter()
    for year, region in found:
        if year is not None:
            years[year] += 1
        if region is not None:
            places[regions.province(region)] += 1
    return years, places
