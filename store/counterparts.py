"""Where an item's subject stands in other bodies' plans: asked of the index of words, then weighed by what means something.

The index knows no likeness, so it is asked for the item's rarest runs of four characters; what it gives is compared as a
series is: two plans that both say 加强 and 学校 have nothing in common yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store import models as rows
from store.flow import Page, walk
from store.normal import outline_of
from store.search.filters import Filters
from store.search.hits import Hit, hits
from store.search.scan import Found, Scan
from store.search.syntax import Or, Phrase
from store.search.words import Words
from store.series import CONTINUES, Item, nearest, whole

RUN = 4
MOST_RUNS = 16
# Runs that stand in more rows than this tell nothing of an item.
MOST_ROWS = 400
MOST_COMPARED = 60
OF_ONE_PLAN = 2
SHOWN = 20

_BLANKS = re.compile(r"\s+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Counterpart:
    """An item of another plan on the same subject; `similarity` is 0–1."""

    hit: Hit
    similarity: float


def item_at(page: Page, path: str) -> Item | None:
    """What stands at a path of a page, with all that is under it; None where nothing with a number does. Blanks in paths
    are of no account."""
    wanted = _BLANKS.sub("", path)
    numbered = (place for place in walk(outline_of(page)) if place[1].label is not None)
    return next((whole(path, node) for path, node in numbered if _BLANKS.sub("", path) == wanted), None)


def elsewhere(session: Session, item: Item, plan: rows.Plan) -> list[Counterpart]:
    """The items of other bodies' plans of the same years that are most like one, the likest first, one of each plan."""
    telling = _telling(session, item)
    if not telling:
        return []
    filters = Filters(year=plan.period_start, role="original")
    scanned = Scan(session, Or(tuple(telling)), filters).newest(None, MOST_ROWS, MOST_COMPARED)
    chosen = list(_chosen(scanned.found, plan))
    found = hits(session, chosen, telling, None)
    others = [Item(hit.passage.path or "", hit.passage.heading, hit.passage.text) for hit in found]
    ranked = sorted(
        (
            Counterpart(hit, round(similarity, 3))
            for hit, similarity in zip(found, nearest(item, others), strict=True)
            if similarity >= CONTINUES and hit.passage.label is not None
        ),
        key=lambda one: -one.similarity,
    )
    best: dict[str | None, Counterpart] = {}
    for one in ranked:
        best.setdefault(one.hit.document.plan_id, one)
    return list(best.values())[:SHOWN]


def _telling(session: Session, item: Item) -> list[Phrase]:
    """The item's rarest runs of characters, as many as together stand in MOST_ROWS rows."""
    words = Words(session.connection())
    counted = []
    for run in _runs(item):
        some = select(words.row).where(words.matching(run)).limit(MOST_ROWS).subquery()
        counted.append((session.scalar(select(func.count()).select_from(some)) or 0, run))
    chosen, whole = [], 0
    for count, run in sorted(counted, key=lambda pair: pair[0]):
        whole += count
        if whole > MOST_ROWS:
            break
        chosen.append(run)
    return chosen


def _runs(item: Item) -> list[Phrase]:
    """Runs of four characters at every second one, of the heading first: it names the subject."""
    found = dict.fromkeys(
        han[at : at + RUN]
        for text in (item.heading or "", item.text)
        for han in _HAN.findall(text)
        for at in range(0, max(len(han) - RUN, 0) + 1, 2)
        if len(han) >= RUN
    )
    return [Phrase(tuple(run), run) for run in list(found)[:MOST_RUNS]]


def _chosen(found: Sequence[Found], plan: rows.Plan) -> Iterator[Found]:
    """What holds today in plans of other bodies, a few rows of each, the newest."""
    of_plan: dict[str, int] = {}
    for one in found:
        if one.is_title or one.last is not None or one.document in {d.id for d in plan.documents}:
            continue
        if plan.publisher is not None and one.publisher == plan.publisher:
            continue
        of_plan[one.document] = of_plan.get(one.document, 0) + 1
        if of_plan[one.document] <= OF_ONE_PLAN and len(of_plan) <= MOST_COMPARED:
            yield one
