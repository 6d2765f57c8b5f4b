"""What a digest says as a mail: subject, HTML and plain text of equal worth, and a short form for other channels. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from notify import headline, language, plain, words
from notify.digests import LADDER, SHORTEST, Issue, fitting
from notify.filters import Filter
from notify.links import Pages

if TYPE_CHECKING:
    import jinja2

# Gmail cuts a mail's HTML off at 102 KB; the links to the subscription come last.
MOST_HTML_BYTES = 96_000
# Nothing cuts plain text off; this is for who reads it, and no plan is left out for it.
MOST_TEXT_BYTES = 300_000
MOST_SHORT = 8


@dataclass(frozen=True, slots=True)
class Edition:
    """For whom a digest is written: in which language, how often (as a Rhythm says it), in which time zone, about what.
    `manage` and `unsubscribe` are the addresses to change or end the subscription, "" where there are none."""

    language: str = language.SOURCE
    every: str = "weekly"
    timezone: str = "Asia/Shanghai"
    pages: Pages = field(default_factory=Pages)
    wanted: Filter = field(default_factory=Filter)
    manage: str = ""
    unsubscribe: str = ""


@cache
def environment(of: str) -> jinja2.Environment:
    """The mails' templates in a language."""
    made = language.environment([language.templates("mail")], of)
    made.globals |= {
        "op": lambda key: words.named(words.OPS, key, of),
        "field": lambda key: words.named(words.FIELDS, key, of),
        "type": lambda key: words.named(words.TYPES, key, of),
        "kind": lambda key: words.named(words.KINDS, key, of),
        "region": lambda code: words.region(code, of),
        "counted": lambda counts: words.counted(counts, of),
    }
    return made


def html(issue: Issue, edition: Edition) -> str:
    """The whole page, its style inlined, in as much detail as a mail can hold."""
    template = environment(edition.language).get_template("digest.html")
    ladder = (*LADDER, *SHORTEST)
    return fitting(
        issue, lambda fitted: inlined(template.render(_context(fitted, edition))), MOST_HTML_BYTES, ladder
    )


def text(issue: Issue, edition: Edition) -> str:
    """The same as plain text, with a line at least for every plan."""
    template = environment(edition.language).get_template("digest.txt")
    return fitting(issue, lambda fitted: template.render(_context(fitted, edition)), MOST_TEXT_BYTES, LADDER)


def subject(issue: Issue, edition: Edition) -> str:
    """The day and the counts: what a list of mails has room for."""
    say = language.speech(edition.language)
    counted = words.counted(issue.counts, edition.language) or say.gettext("没有变化")
    return say.gettext("教育要点摘要 %(day)s：%(counted)s") % {
        "day": _day(issue, edition),
        "counted": counted,
    }


def short(issue: Issue, edition: Edition) -> str:
    """A few lines for a chat: the opening sentence, the first titles, and where the rest is."""
    say = language.speech(edition.language)
    plans = [plan for region in issue.regions for kind in region.kinds for plan in kind.plans]
    lines = [opening(issue, edition)]
    for plan in plans[:MOST_SHORT]:
        label = words.named(words.TYPES, plan.labels[0], edition.language)
        address = edition.pages.plan(plan.plan) or plan.url or (*plan.events, *plan.reprints)[0].url
        lines.append(" ".join(part for part in (f"· {label}", plain.cut(plan.title, 60), address) if part))
    if len(plans) > MOST_SHORT:
        more = say.ngettext("另有 %(n)d 份", "另有 %(n)d 份", len(plans) - MOST_SHORT)
        lines.append(f"… {more % {'n': len(plans) - MOST_SHORT}}")
    return "\n".join(lines)


def data(issue: Issue, edition: Edition) -> dict[str, Any]:
    """A digest for programs: what happened to which document, and where it is told."""
    events = [
        one
        for region in issue.regions
        for kind in region.kinds
        for plan in kind.plans
        for one in (*plan.events, *plan.reprints)
    ]
    return {
        "made_at": issue.made_at.isoformat().replace("+00:00", "Z"),
        "opening": opening(issue, edition),
        "counts": issue.counts,
        "changes": [
            {
                "id": one.id,
                "type": one.type,
                "detected_at": one.detected_at.isoformat().replace("+00:00", "Z"),
                "document": one.document,
                "plan": one.plan,
                "title": one.title,
                "url": one.url,
                "from_version": one.from_version,
                "to_version": one.to_version,
            }
            for one in sorted(events, key=lambda one: (one.detected_at, one.id))
        ],
    }


def opening(issue: Issue, edition: Edition) -> str:
    return headline.opening(issue, edition.every, edition.language)


def inlined(page: str) -> str:
    """An HTML page with its style on each element, for the mail programs that drop style sheets."""
    import css_inline

    # The style sheet stays, too: what is asked of the screen (dark, narrow) can't be inlined.
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True).inline(page)


def _day(issue: Issue, edition: Edition) -> dt.date:
    return issue.made_at.astimezone(ZoneInfo(edition.timezone)).date()


def _context(issue: Issue, edition: Edition) -> Mapping[str, object]:
    return {
        "issue": issue,
        "edition": edition,
        "pages": edition.pages,
        "day": _day(issue, edition),
        "opening": opening(issue, edition),
        "scope": words.described(edition.wanted, edition.language),
    }
