"""All that the sample web shows, as a function of the day: documents, pages, and what a monitor must report.

No sockets here; web.py serves it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from demo import guiling, longyuan, mirror
from demo.documents import Document, newest_first, standing
from demo.expected import Expected, changes_of
from demo.plans import Article, Plan, load_articles, load_plans
from demo.replies import Reply
from demo.timeline import Day, Event, Timeline, load_timeline, plan_on
from store.errors import OperatorError, UsageError

FOLDER = Path(__file__).parent


class Site(Protocol):
    """What the module of a site has."""

    NAME: str
    COLUMN: str

    def of_plan(self, event: Event, plan: Plan) -> Document: ...
    def of_article(self, article: Article) -> Document: ...
    def pages(self, documents: Sequence[Document], day: Day, first: dt.date) -> dict[str, Reply]: ...
    def missing(self, day: Day) -> Reply: ...


SITES: Mapping[str, Site] = {"longyuan": longyuan, "guiling": guiling, "mirror": mirror}


@dataclass(frozen=True, slots=True)
class Content:
    """The texts and what happens to them."""

    plans: Mapping[str, Plan]
    articles: Mapping[str, Article]
    timeline: Timeline

    def day(self, number: int) -> Day:
        """A day by its number; UsageError where the timeline has none such."""
        if number not in self.timeline.days:
            known = ", ".join(map(str, sorted(self.timeline.days)))
            raise UsageError(f"day {number}: the timeline has the days {known}")
        return self.timeline.days[number]

    def documents(self, site: str, number: int) -> tuple[Document, ...]:
        """What can be read on a site on a day, newest first: plans and other articles."""
        today = self.day(number).date
        module = SITES[site]
        plans = [self._document(event, number) for event in standing(self.timeline, site, number)]
        articles = [
            module.of_article(article)
            for article in self.articles.values()
            if article.site == site and article.published <= today
        ]
        return newest_first([*plans, *articles])

    def replies(self, site: str, number: int) -> dict[str, Reply]:
        """Every path of a site on a day."""
        first = self.timeline.days[min(self.timeline.days)].date
        return SITES[site].pages(self.documents(site, number), self.day(number), first)

    def missing(self, site: str, number: int) -> Reply:
        """What a site answers on a day where nothing stands."""
        return SITES[site].missing(self.day(number))

    def expected(self, number: int, url: Callable[[str, str], str]) -> list[Expected]:
        """What a monitor must report of a day; `url` makes an address of a site and a path."""
        named = dict.fromkeys(event.plan for event in self.day(number).events)
        return [change for slug in named for change in self._changes(slug, number, url)]

    def _changes(self, slug: str, number: int, url: Callable[[str, str], str]) -> Iterator[Expected]:
        items, renumbered, fields = changes_of(self.plans[slug], number, self.timeline)
        for site in SITES:
            before, now = self._found(site, slug, number - 1), self._found(site, slug, number)
            shown = now or before
            if shown is None or (
                before and now and before.text == now.text and before.heading == now.heading
            ):
                continue
            yield Expected(
                type="new" if before is None else "changed" if now else "withdrawn",
                site=site,
                plan=slug,
                title=shown.title,
                heading=shown.heading,
                url=url(site, shown.path),
                items=items if before and now else (),
                renumbered=renumbered if before and now else (),
                metadata=fields if before and now else (),
                is_reprint=shown.is_reprint,
            )

    def _found(self, site: str, slug: str, number: int) -> Document | None:
        for event in standing(self.timeline, site, number):
            if event.plan == slug:
                return self._document(event, number)
        return None

    def _document(self, event: Event, number: int) -> Document:
        shown_on = event.copied_on if event.op == "reprint" else number
        plan = plan_on(self.plans[event.plan], shown_on, self.timeline)
        return SITES[event.site].of_plan(event, plan)


def load_content(plans: Path | None = None, timeline: Path | None = None) -> Content:
    """The content of the given folder and timeline; by default those that come with the program."""
    folder = plans or FOLDER / "plans"
    content = Content(
        plans=load_plans(folder),
        articles=load_articles(FOLDER / "articles"),
        timeline=load_timeline(timeline or FOLDER / "timeline.yaml"),
    )
    for number, event in content.timeline.until(max(content.timeline.days)):
        if event.plan not in content.plans:
            raise OperatorError(f"{folder / event.plan}.txt: missing; day {number} of the timeline names it")
        if event.op in {"publish", "reprint", "withdraw"} and event.site not in SITES:
            raise OperatorError(f"timeline: day {number}: {event.plan}: site: use one of {', '.join(SITES)}")
    return content
