"""What a list of the web is narrowed to, read from the address; a form sends what was left empty, too."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import Depends, Query
from pydantic import ValidationError

from notify.filters import Filter
from notify.subscriptions import told
from store import regions
from store.browse import Narrowing
from store.errors import WrongUse

TYPES = ("new", "changed", "withdrawn", "restored")


def _narrowing(
    region: Annotated[str, Query(max_length=20)] = "",
    year: Annotated[str, Query(max_length=4)] = "",
    kind: Annotated[str, Query(max_length=40)] = "",
    publisher: Annotated[str, Query(max_length=80)] = "",
    source: Annotated[str, Query(max_length=64)] = "",
    dated: dt.date | None = None,
    official: bool = False,
    type: Annotated[list[str] | None, Query(max_length=4)] = None,
) -> Narrowing:
    place = regions.find(region.strip()) if region.strip() else None
    if region.strip() and place is None:
        raise WrongUse(
            f"region {region!r} is neither a division's name nor its GB/T 2260 code; give such as 150000"
        )
    if year and not year.isdecimal():
        raise WrongUse(f"year {year!r} is no year; give four digits, such as 2026")
    unknown = [name for name in type or [] if name and name not in TYPES]
    if unknown:
        raise WrongUse(f"type {unknown[0]!r} is none; give {', '.join(TYPES)}")
    made = Narrowing(
        region=place,
        year=int(year) if year else None,
        kind=kind.strip() or None,
        publisher=publisher.strip() or None,
        source=source.strip() or None,
        dated=dated,
        official=official,
        types=tuple(name for name in type or [] if name),
    )
    # What no filter may hold is refused before the database is asked for it.
    wanted(made)
    return made


def wanted(narrowing: Narrowing, query: str = "") -> Filter:
    """Return the filter of a list, as a subscription or a feed uses it.

    The year is left out, since a subscription can't wait for one. Raises WrongUse for values that no filter may
    hold.
    """
    given = {
        "regions": [narrowing.region] if narrowing.region else [],
        "kinds": [narrowing.kind] if narrowing.kind else [],
        "publishers": [narrowing.publisher] if narrowing.publisher else [],
        "sources": [narrowing.source] if narrowing.source else [],
        "keywords": [query.strip()] if query.strip() else [],
        "types": narrowing.types,
        "official": narrowing.official,
    }
    try:
        return Filter.model_validate(given)
    except ValidationError as error:
        raise WrongUse(told(error)) from error


Narrowed = Annotated[Narrowing, Depends(_narrowing)]
