"""A search answered: a page of items, how many there are, and by what they can be narrowed.

Few hits are counted exactly and ordered by relevance; of many it is said that they are many, and the newest come first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from store import regions
from store.errors import WrongUse
from store.search.filters import Filters
from store.search.hits import Hit, hits
from store.search.scan import Found, Scan
from store.search.syntax import parse, phrases

MANY = 1000
"""So many hits are counted, ordered and divided into facets; of more it is said that they are more."""
MOST_ON_A_PAGE = 100
MOST_FACETS = 30
# A plan for longer than this is a mistake of reading; its years would fill the facet.
LONGEST_PERIOD = 15
_CURSOR = re.compile(r"([nr])([1-9]\d{0,17})")


@dataclass(frozen=True, slots=True)
class Facet:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class Answer:
    """`total` hits, or more where it is not `is_exact`; facets count the same ones, and only the first page has them.
    `cursor` asks for the next page."""

    hits: Sequence[Hit]
    total: int | None
    is_exact: bool
    order: str
    facets: Mapping[str, Sequence[Facet]]
    cursor: str | None


def search(
    session: Session, query: str, filters: Filters, *, limit: int = 20, cursor: str | None = None
) -> Answer:
    """The answer to a reader's query, or its page after `cursor`. Raises WrongUse for a cursor that is none."""
    tree = parse(query)
    scan = Scan(session, tree, filters)
    limit = min(max(limit, 1), MOST_ON_A_PAGE)
    order, after = _cursor(cursor)
    if order == "newest":
        scanned = scan.newest(after, limit + 1, limit + 1)
        page, total, exact, facets = scanned.found, None, False, {}
    else:
        scanned = scan.newest(None, MANY + 1, limit + 1)
        few = scanned.is_all and len(scanned.found) <= MANY
        order = "relevance" if few else "newest"
        page = sorted(scanned.found, key=_relevance) if few else scanned.found
        total, exact = min(len(page), MANY), few
        facets = _facets(page[:MANY], filters) if after is None else {}
        page = _after(page, after)
    shown = page[:limit]
    is_more = len(page) > limit or not (scanned.is_all or order == "relevance")
    next_cursor = f"{order[0]}{shown[-1].row}" if is_more and shown else None
    found = hits(session, shown, phrases(tree), filters.as_of)
    return Answer(found, total, exact, order, facets, next_cursor)


def pages(session: Session, query: str, filters: Filters, most: int) -> Iterator[Answer]:
    """The pages of an answer, up to so many items; what is over on the last one is the caller's to cut."""
    cursor = None
    while most > 0:
        answer = search(session, query, filters, limit=min(most, MOST_ON_A_PAGE), cursor=cursor)
        yield answer
        most, cursor = most - len(answer.hits), answer.cursor
        if cursor is None:
            return


def _cursor(cursor: str | None) -> tuple[str | None, int | None]:
    if cursor is None:
        return None, None
    told = _CURSOR.fullmatch(cursor)
    if told is None:
        raise WrongUse(f"cursor: {cursor[:40]!r} is none that an answer gave; leave it out to begin anew")
    return ("newest" if told[1] == "n" else "relevance"), int(told[2])


def _after(page: list[Found], row: int | None) -> list[Found]:
    """What follows a row in its order; all that is older where it is no more among them."""
    if row is None:
        return page
    at = next((place for place, one in enumerate(page) if one.row == row), None)
    return [one for one in page if one.row < row] if at is None else page[at + 1 :]


def _relevance(one: Found) -> tuple[bool, bool, bool, int]:
    """Titles first, what holds today before what held once, originals before reprints, then the newest."""
    return (not one.is_title, one.last is not None or one.state != "live", one.role != "original", -one.row)


# ── facets ──


def _facets(found: Sequence[Found], filters: Filters) -> dict[str, Sequence[Facet]]:
    counted: dict[str, Counter[str]] = {
        "region": Counter(_division(one.region, filters.region) for one in found if one.region),
        "year": Counter(str(year) for one in found for year in _years(one)),
        "kind": Counter(one.kind for one in found if one.kind),
        "publisher": Counter(one.publisher for one in found if one.publisher),
        "source": Counter(one.source for one in found),
        "role": Counter(one.role for one in found if one.role),
    }
    return {
        name: [
            Facet(value, count)
            for value, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FACETS]
        ]
        for name, counts in counted.items()
    }


def _division(region: str, within: str | None) -> str:
    """The province, or where a region was chosen the division in it, that a region lies in."""
    if region == regions.NATIONAL:
        return region
    digits = 2 if within in (None, regions.NATIONAL) else 4 if within.endswith("0000") else 6
    return region[:digits].ljust(6, "0")


def _years(one: Found) -> range:
    if one.start is None:
        return range(0)
    return range(one.start, min(one.end or one.start, one.start + LONGEST_PERIOD) + 1)
