"""Which changes somebody wants: a filter as it is typed, its one canonical form, what matches it, and the SQL that narrows.

Subscriptions and feeds have the same filters. Pure but for `narrowed`, which only writes the statement.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Select, or_

from notify import plain
from store import models as rows
from store import regions
from store.flow import ChangeType
from store.search import syntax

LONGEST_NAME = 200


def _region(code: str) -> str:
    if not regions.is_region(code):
        raise ValueError(f"{code!r} is no GB/T 2260 code; give six digits, such as 150000 for 内蒙古自治区")
    return code


def _keyword(word: str) -> str:
    if syntax.parse(word) is None:
        raise ValueError(
            f'{word!r} asks for no word; write as in a search: 双减 课后服务, "乡村教师", A OR B, -C'
        )
    return word


def _shown(text: str) -> str:
    if not plain.has_only_shown(text):
        raise ValueError(
            f"{text!r} holds a control or another sign that is not shown; write it anew instead of pasting it"
        )
    return text


_Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    AfterValidator(_shown),
]

# Each is held against every change. There are 34 provinces, and nobody waits for more places than a list can name.
_FEW = Field(max_length=200)


class Filter(BaseModel):
    """Which changes are wanted; an empty tuple wants all. A region includes the divisions within it, a publisher is
    part of a name, a keyword is a query as the search takes it, and one of them has to be met. `types` leaves all
    other changes out (("new",) wants new plans only), `official` leaves out what mirror sites show."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    regions: Annotated[tuple[Annotated[str, AfterValidator(_region)], ...], _FEW] = ()
    kinds: Annotated[tuple[_Name, ...], _FEW] = ()
    publishers: Annotated[tuple[_Name, ...], _FEW] = ()
    sources: Annotated[tuple[_Name, ...], _FEW] = ()
    keywords: Annotated[tuple[Annotated[_Name, AfterValidator(_keyword)], ...], _FEW] = ()
    types: tuple[ChangeType, ...] = ()
    official: bool = False

    def canonical(self) -> Filter:
        """The filter that all filters that want the same share: sorted, nothing twice, no region within another."""
        wide = {
            code
            for code in self.regions
            if not any(code != other and regions.within(code, other) for other in self.regions)
        }
        return Filter(
            regions=tuple(sorted(wide)),
            kinds=_sorted(self.kinds),
            publishers=_sorted(name.casefold() for name in self.publishers),
            sources=_sorted(self.sources),
            keywords=_sorted(self.keywords),
            types=() if set(self.types) == set(_ALL_TYPES) else tuple(sorted(set(self.types))),
            official=self.official,
        )


_ALL_TYPES: tuple[ChangeType, ...] = ("new", "changed", "withdrawn", "restored")


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words)))


@dataclass(frozen=True, slots=True)
class Facts:
    """What a filter asks of a change. `region`, `kind` and `publisher` are the plan's; `texts` are title and text of
    the versions before and after, as `store.search.syntax.searchable` makes them: who waits for a word wants to know
    that it is gone, too."""

    type: str
    region: str | None
    kind: str | None
    publisher: str | None
    source: str
    is_official: bool
    texts: tuple[str, ...] = ()


def matches(wanted: Filter, facts: Facts) -> bool:
    """Whether somebody who wants this is told of that."""
    return (
        (not wanted.types or facts.type in wanted.types)
        and (not wanted.official or facts.is_official)
        and (not wanted.sources or facts.source in wanted.sources)
        and (not wanted.kinds or facts.kind in wanted.kinds)
        and (not wanted.regions or any(regions.within(facts.region, code) for code in wanted.regions))
        and (not wanted.publishers or _is_part(wanted.publishers, facts.publisher))
        and (not wanted.keywords or _is_meant(wanted.keywords, facts.texts))
    )


def _is_part(names: tuple[str, ...], publisher: str | None) -> bool:
    return publisher is not None and any(name.casefold() in publisher.casefold() for name in names)


def _is_meant(keywords: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    return any(syntax.holds(_tree(word), text) for word in keywords for text in texts)


@lru_cache(maxsize=10_000)
def _tree(keyword: str) -> syntax.Tree | None:
    return syntax.parse(keyword)


def narrowed(query: Select[Any], wanted: Filter) -> Select[Any]:
    """A statement over changes with their document, source and plan, held to what the database can tell of a filter.
    Keywords it can't: what comes is to be put to `matches`."""
    if wanted.types:
        query = query.where(rows.Change.type.in_(wanted.types))
    if wanted.official:
        query = query.where(rows.Source.kind == "official")
    if wanted.sources:
        query = query.where(rows.Document.source_id.in_(wanted.sources))
    if wanted.kinds:
        query = query.where(rows.Plan.kind.in_(wanted.kinds))
    if wanted.regions:
        prefixes = (regions.prefix(code) for code in wanted.regions)
        query = query.where(or_(*(rows.Plan.region.startswith(prefix) for prefix in prefixes)))
    if wanted.publishers:
        parts = (rows.Plan.publisher.icontains(name, autoescape=True) for name in wanted.publishers)
        query = query.where(or_(*parts))
    return query
