"""One digest: the news it carries by region, kind and plan, its counts, and as much of each as there is room for. Pure."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from notify.news import News, shortened
from notify.words import KINDS
from store import regions

PLACES = ("new", "changed", "withdrawn", "restored", "reprints")
# In this order a plan's news are read, and the plans of a kind by the first of theirs.
_RANK = {place: rank for rank, place in enumerate(("new", "changed", "restored", "withdrawn", "reprints"))}


@dataclass(frozen=True, slots=True)
class PlanNews:
    """What happened to one plan: to the documents that are it, and its new reprints. `is_brief` where there is room
    for a line only."""

    plan: str | None
    title: str
    url: str | None
    region: str
    publisher: str
    kind: str
    document_number: str
    published: str
    events: tuple[News, ...]
    reprints: tuple[News, ...]
    is_brief: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """What happened to it, each thing once."""
        return tuple(dict.fromkeys(place(one) for one in (*self.events, *self.reprints)))


@dataclass(frozen=True, slots=True)
class KindNews:
    """The plans of one kind in one region; `more` is how many there was no room for."""

    kind: str
    plans: tuple[PlanNews, ...]
    more: int = 0


@dataclass(frozen=True, slots=True)
class RegionNews:
    """`code` is a GB/T 2260 code, "" where none is known."""

    code: str
    counts: dict[str, int]
    kinds: tuple[KindNews, ...]


@dataclass(frozen=True, slots=True)
class Issue:
    """What one digest says, in no language yet. `since` is when the first of its changes was detected; None, as
    everything else is empty, where there is nothing to report."""

    made_at: dt.datetime
    since: dt.datetime | None
    counts: dict[str, int]
    regions: tuple[RegionNews, ...]
    leading: News | None = None

    @property
    def changes(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Detail:
    """How much of a digest is shown: of each piece of news, of how many plans more than a line, and how many at all."""

    headings: int = 3
    items: int = 1
    characters: int = 70
    full: int = 1_000_000
    plans: int = 1_000_000


# From everything down to a line for each plan, and where that is too long to the first lines only.
LADDER = (
    Detail(12, 12, 700),
    Detail(10, 8, 400),
    Detail(8, 5, 250),
    Detail(6, 3, 160),
    Detail(4, 2, 100),
    *(Detail(full=plans) for plans in (200, 120, 80, 50, 30, 15, 5, 0)),
)
SHORTEST = tuple(Detail(full=0, plans=plans) for plans in (500, 400, 300, 200, 120, 60))


def place(news: News) -> str:
    """Under which of the counts a piece of news falls."""
    return "reprints" if news.is_reprint and news.type == "new" else news.type


def build(news: Iterable[News], made_at: dt.datetime) -> Issue:
    """The digest of some news: regions in the order of their codes, the nation first, then kinds, then plans."""
    everything = sorted(news, key=lambda one: (one.detected_at, one.id))
    group = _grouping({one.region for one in everything if one.region})
    by_region: dict[str, list[News]] = {}
    for one in everything:
        by_region.setdefault(group(one.region), []).append(one)
    return Issue(
        made_at,
        min((one.detected_at for one in everything), default=None),
        _counts(everything),
        tuple(
            RegionNews(code, _counts(by_region[code]), _kinds(by_region[code]))
            for code in sorted(by_region, key=lambda code: (not code, code))
        ),
        _leading(everything),
    )


def detailed(issue: Issue, detail: Detail) -> Issue:
    """As much of a digest as a detail says; what is left out is counted."""
    every = [plan for region in issue.regions for kind in region.kinds for plan in kind.plans]
    full = {id(plan) for plan in sorted(every, key=_weight)[: detail.full]}
    shown = {id(plan) for plan in every[: detail.plans]}

    def fewer(kind: KindNews) -> KindNews:
        plans = tuple(
            _shortened(plan, detail) if id(plan) in full else replace(plan, is_brief=True)
            for plan in kind.plans
            if id(plan) in shown
        )
        return KindNews(kind.kind, plans, len(kind.plans) - len(plans))

    return replace(
        issue,
        regions=tuple(replace(region, kinds=tuple(map(fewer, region.kinds))) for region in issue.regions),
    )


def fitting(issue: Issue, render: Callable[[Issue], str], limit: int, ladder: Sequence[Detail]) -> str:
    """A digest in as much detail as so many bytes hold, sought by halves since each step is shorter than the one
    before. The last step of the ladder is taken as it comes."""
    rendered: dict[int, str] = {}

    def is_short(step: int) -> bool:
        rendered[step] = render(detailed(issue, ladder[step]))
        return len(rendered[step].encode()) <= limit

    if is_short(0):
        return rendered[0]
    step = 1 + bisect_left(range(1, len(ladder) - 1), True, key=is_short)
    return rendered.get(step) or render(detailed(issue, ladder[step]))


def _weight(plan: PlanNews) -> tuple[bool, int, bool]:
    """Which plans are told of in full where there is no room for all: official ones, of wide regions, with figures."""
    return (
        not any(one.is_official for one in plan.events),
        _width(plan.region),
        not any(one.figure for one in plan.events),
    )


def _shortened(plan: PlanNews, detail: Detail) -> PlanNews:
    def shorter(these: Sequence[News]) -> tuple[News, ...]:
        return tuple(
            shortened(one, headings=detail.headings, items=detail.items, characters=detail.characters)
            for one in these
        )

    return replace(plan, events=shorter(plan.events), reprints=shorter(plan.reprints))


def _grouping(codes: set[str]) -> Callable[[str], str]:
    """By province; where all are of one province by its cities, where all are of one city by its counties."""
    for digits in (2, 4):
        if len({code[:digits] for code in codes}) > 1:
            return lambda code: code and code[:digits].ljust(6, "0")
    return lambda code: code


def _counts(news: Iterable[News]) -> dict[str, int]:
    counts = dict.fromkeys(PLACES, 0)
    for one in news:
        counts[place(one)] += 1
    return counts


def _kinds(news: Iterable[News]) -> tuple[KindNews, ...]:
    by_kind: dict[str, dict[str, list[News]]] = {}
    for one in news:
        by_kind.setdefault(one.kind, {}).setdefault(one.plan or one.document, []).append(one)
    return tuple(
        KindNews(kind, tuple(sorted((_plan(these) for these in plans.values()), key=_order)))
        for kind, plans in sorted(by_kind.items(), key=lambda pair: _kind_rank(pair[0]))
    )


def _kind_rank(kind: str) -> tuple[int, str]:
    """Work priorities first, as the known kinds are listed; then others, and those of no kind last."""
    known = list(KINDS)
    return (known.index(kind) if kind in known else len(known) + (not kind)), kind


def _plan(news: list[News]) -> PlanNews:
    events = sorted((one for one in news if place(one) != "reprints"), key=lambda one: one.detected_at)
    reprints = [one for one in news if place(one) == "reprints"]
    first = next((one for one in events if not one.is_reprint), None)
    return PlanNews(
        plan=news[0].plan,
        title=first.title if first else news[0].plan_title,
        url=first.url if first else None,
        region=news[0].region,
        publisher=first.publisher if first else "",
        kind=news[0].kind,
        document_number=first.document_number if first else "",
        published=first.published if first else "",
        events=tuple(events),
        reprints=tuple(reprints),
    )


def _order(plan: PlanNews) -> tuple[int, str, str]:
    return min(_RANK[place(one)] for one in (*plan.events, *plan.reprints)), plan.region, plan.title


def _leading(news: Iterable[News]) -> News | None:
    """The news that the opening sentence names: a figure that an official site changed; else the new plan of the
    widest region, if it is the only one that wide or the only one at all."""
    official = [one for one in news if one.is_official and not one.is_reprint]
    with_figure = [one for one in official if one.figure]
    if with_figure:
        return min(with_figure, key=lambda one: (_width(one.region), one.detected_at, one.id))
    new = [one for one in official if one.type == "new"]
    return min(new, key=lambda one: (_width(one.region), one.detected_at, one.id), default=None)


def _width(region: str) -> int:
    """How narrow a region is: the nation, a province, a city, a county, unknown."""
    return len(regions.prefix(region)) if region else 8
