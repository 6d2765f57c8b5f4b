"""How a source is, judged from its own history. Pure: crawls in, a state and its reasons out.

ok         the list is read as it always was
quiet      it is, and nothing new has come for unusually long
degraded   something is lost: lines, dates, the rest of a long list, what a selector found, pages that fail
blocked    the site refuses us, or shows a challenge instead of its list
broken     no list could be read: nothing found on it, no answer, an answer that is no list
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from store.said import said

State = Literal["ok", "quiet", "degraded", "blocked", "broken"]

# A list's page is full but for the last, so a page with half of its usual lines has lost some. Lists of fewer than six
# lines vary by themselves.
FEWER, LINES_ENOUGH = 0.5, 6
# Of a list whose lines have dates nearly all have one; half of them is no accident.
DATED, DATES_GONE = 0.9, 0.5
# What is usual is told from three crawls at least, which is less than a day at the usual rhythm.
USUAL_FROM = 3
# A selector that misses on every other page no longer fits the template; on fewer, these pages are odd.
MISSED = 0.5
# Mean confidence of the last pages against those before; pages of one template differ by less than 0.1.
FALLEN, PAGES_ENOUGH = 0.2, 5
# Documents that fail, of those that were asked for. A dead page in a long list is that page's matter.
FAILING, FAILING_ENOUGH = 0.2, 3
# Three times what nine of ten of its pauses last, and a month at least: the Spring Festival alone takes two weeks.
SILENT, SHORTEST_SILENCE = 3, dt.timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Sign:
    """Something that was not as it should be, and the capture that shows it."""

    sign: str
    url: str
    says: str
    capture: int | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """One crawl that came to its end. `counts` has, among others: `listings_read` pages of the list, `entries` and
    `dated` lines on them, `listings_unchanged` pages that answered 304, `documents` that answered, `read` of them
    with `confidence` (the sum, in hundredths), and `selectors_missed`."""

    at: dt.datetime
    counts: Mapping[str, int]
    signs: tuple[Sign, ...] = ()
    failed: bool = False

    def count(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def has_list(self) -> bool:
        return self.count("listings_read") + self.count("listings_unchanged") > 0


@dataclass(frozen=True, slots=True)
class Health:
    state: State
    reasons: tuple[Sign, ...] = ()


def judge(looks: Sequence[Look]) -> Health | None:
    """How a source is after its last crawl; None when it was never crawled to the end. `looks` are in order."""
    if not looks:
        return None
    last = looks[-1]
    if not last.has_list:
        blocked = tuple(sign for sign in last.signs if sign.sign == "blocked")
        if blocked:
            return Health("blocked", blocked[:1])
        unanswered = all(sign.sign == "unreachable" for sign in last.signs) and not last.failed
        was_well = len(looks) > 1 and looks[-2].has_list
        if last.signs and unanswered and was_well:
            # Sites are down for an hour now and then; the second crawl without an answer is another matter.
            return Health("degraded", last.signs[:1])
        return Health("broken", last.signs[:1] or (_failed(),))
    if last.failed:
        return Health("broken", (_failed(),))
    reasons = tuple(_losses(looks))
    if reasons:
        return Health("degraded", reasons)
    silence = _silence(looks)
    return Health("quiet", (silence,)) if silence else Health("ok")


def _failed() -> Sign:
    return Sign("failed", "", said("Yaodian itself failed; logs/crawl.log tells where"))


def _losses(looks: Sequence[Look]) -> list[Sign]:
    read = [look for look in looks if look.count("listings_read")]
    found = [
        _fewer(read),
        _undated(read),
        _shown(read[-1:], "cut"),
        _missed(looks),
        _less_sure(looks),
        _failing(looks[-1]),
        *(_shown(looks[-1:], sign) for sign in ("nothing found", "refused address")),
    ]
    return [sign for sign in found if sign is not None]


def _fewer(read: Sequence[Look]) -> Sign | None:
    if len(read) <= USUAL_FROM:
        return None
    usual = median(_lines(look) for look in read[:-1])
    now = _lines(read[-1])
    if usual < LINES_ENOUGH or now >= usual * FEWER:
        return None
    says = said("a page of the list has {now:.0f} lines, usually {usual:.0f}", now=now, usual=usual)
    return _with_capture(read[-1], "fewer", says)


def _lines(look: Look) -> float:
    return look.count("entries") / look.count("listings_read")


def _undated(read: Sequence[Look]) -> Sign | None:
    dated = [look.count("dated") / look.count("entries") for look in read if look.count("entries")]
    if len(dated) <= USUAL_FROM or median(dated[:-1]) < DATED or dated[-1] >= DATES_GONE:
        return None
    says = said("{share:.0%} of the lines have a date, usually all", share=dated[-1])
    return _with_capture(read[-1], "dates gone", says)


def _missed(looks: Sequence[Look]) -> Sign | None:
    """The last crawl that read documents tells."""
    for look in reversed(looks):
        if read := look.count("read"):
            missed = look.count("selectors_missed")
            shown = _shown([look], "selector missed")
            if missed < read * MISSED or shown is None:
                return None
            says = said("{says}, and on {missed} of {read}", says=shown.says, missed=missed, read=read)
            return Sign(shown.sign, shown.url, says, shown.capture)
    return None


def _less_sure(looks: Sequence[Look]) -> Sign | None:
    pages = sure = 0
    for index in range(len(looks) - 1, -1, -1):
        pages += looks[index].count("read")
        sure += looks[index].count("confidence")
        if pages >= PAGES_ENOUGH:
            before = looks[:index]
            break
    else:
        return None
    pages_before = sum(look.count("read") for look in before)
    if pages_before < PAGES_ENOUGH:
        return None
    usual = sum(look.count("confidence") for look in before) / pages_before / 100
    now = sure / pages / 100
    if now > usual - FALLEN:
        return None
    says = said("documents are read with confidence {now:.2f}, before {usual:.2f}", now=now, usual=usual)
    return Sign("confidence fallen", "", says)


def _failing(last: Look) -> Sign | None:
    failing = [sign for sign in last.signs if sign.sign in ("unreachable", "blocked", "unreadable")]
    asked = last.count("documents") + last.count("not_asked")
    if not failing or len(failing) + last.count("not_asked") < max(FAILING_ENOUGH, asked * FAILING):
        return None
    first = failing[0]
    says = said("{says}; so do others of {asked} documents", says=first.says, asked=asked)
    return Sign(first.sign, first.url, says, first.capture)


def _silence(looks: Sequence[Look]) -> Sign | None:
    """`newest` is the list's newest day (as an ordinal), `pause` what nine of ten of its pauses last, in days."""
    for look in reversed(looks):
        if newest := look.count("newest"):
            day = dt.date.fromordinal(newest)
            silent = looks[-1].at.date() - day
            usual = dt.timedelta(days=look.count("pause"))
            if silent <= max(usual * SILENT, SHORTEST_SILENCE):
                return None
            says = said(
                "the list's newest line is of {day}, {silent} days ago; usually one comes within {usual}",
                day=day,
                silent=silent.days,
                usual=usual.days,
            )
            return Sign("silent", "", says)
    return None


def _shown(looks: Sequence[Look], name: str) -> Sign | None:
    return next((sign for look in looks for sign in look.signs if sign.sign == name), None)


def _with_capture(look: Look, sign: str, says: str) -> Sign:
    """`listing` is the capture of the list that was read."""
    return Sign(sign, "", says, look.counts.get("listing_capture"))


def rhythm(days: Sequence[dt.date]) -> tuple[int, int] | None:
    """The newest of a list's days as an ordinal, and how many days nine of ten of its pauses last at most. None for
    fewer than six different days, which tell no rhythm."""
    ordered = sorted(set(days))
    if len(ordered) < LINES_ENOUGH:
        return None
    pauses = sorted((after - before).days for before, after in pairwise(ordered))
    return ordered[-1].toordinal(), pauses[len(pauses) * 9 // 10]
