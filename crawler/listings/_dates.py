"""The dates of a listing's lines, in all the ways in which such lists print them. Of a month and a day without a year
the year is inferred: from the day of the fetch and from the order of the lines."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from crawler.extraction import dates

_YEAR = r"(?:19|20)\d\d"
_GAP = r"[\s/|,，·.-]*\n[\s/|,，·.-]*"
_NAMES = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@dataclass(frozen=True, slots=True)
class Form:
    """A way to print a day, `example` shows it; groups y, m and d."""

    pattern: re.Pattern[str]
    example: str


def _forms(*rows: tuple[str, str]) -> tuple[Form, ...]:
    return tuple(Form(re.compile(pattern, re.I), example) for pattern, example in rows)


FULL = rf"(?P<y>{_YEAR})\s*(?:[-/.．年]|－|—)\s*(?P<m>\d{{1,2}})\s*(?:[-/.．月]|－|—)\s*(?P<d>\d{{1,2}})(?!\d)\s*日?"
_TIME = r"(?:[\sT]*\d{1,2}\s*[:：]\s*\d{2}(?:\s*[:：]\s*\d{2})?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"
_OPEN, _CLOSE = r"[\[(（【〔「<《|\s·-]*", r"[\])）】〕」>》|\s·-]*"
_LABEL = r"(?:[\u4e00-\u9fff]{2,6}\s*[:：]?\s*)?"

ALONE = _forms(
    (rf"{_OPEN}{_LABEL}{_OPEN}{FULL}{_TIME}{_CLOSE}", "[2020年3月4日]"),
    (rf"{_OPEN}{_LABEL}(?P<y>{_YEAR})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01]){_CLOSE}", "20200304"),
    (rf"{_OPEN}(?P<y>[0-3]\d)[-/.](?P<m>\d{{1,2}})[-/.](?P<d>\d{{1,2}}){_TIME}{_CLOSE}", "20-03-04"),
)
"""A text that is nothing but a day."""
SPLIT = _forms(
    (rf"^(?P<d>\d{{1,2}})日?{_GAP}(?P<y>{_YEAR})\s*[-/.年]\s*(?P<m>\d{{1,2}})月?$", "23\n2026-06"),
    (rf"^(?P<y>{_YEAR})\s*[-/.年]\s*(?P<m>\d{{1,2}})月?{_GAP}(?P<d>\d{{1,2}})日?$", "2026-06\n23"),
    (rf"^(?P<y>{_YEAR})年?{_GAP}(?P<m>\d{{1,2}})\s*[-/.月]\s*(?P<d>\d{{1,2}})日?$", "2026\n06-23"),
    (rf"^(?P<m>\d{{1,2}})\s*[-/.月]\s*(?P<d>\d{{1,2}})日?{_GAP}(?P<y>{_YEAR})年?$", "06-23\n2026"),
    (rf"^(?P<d>\d{{1,2}})日?{_GAP}(?P<m>\d{{1,2}})月{_GAP}(?P<y>{_YEAR})年?$", "23\n6月\n2026"),
    (rf"^(?P<y>{_YEAR})年?{_GAP}(?P<m>\d{{1,2}})月?{_GAP}(?P<d>\d{{1,2}})日?$", "2026\n06\n23"),
    (rf"^(?P<m>\d{{1,2}})\s*月{_GAP}(?P<d>\d{{1,2}})日?{_GAP}(?P<y>{_YEAR})年?$", "6月\n23\n2026"),
    (
        rf"^(?P<d>\d{{1,2}}){_GAP}(?P<m>{'|'.join(_NAMES)})[a-z]*\.?[\s,]*(?P<y>{_YEAR})$",
        "23\nJun 2026",
    ),
)
"""A day in two or three tags; here a line is a tag."""
ENDING = _forms((rf"[\[(（【]\s*{FULL}{_TIME}\s*[\])）】]\s*$", "关于放假的通知（2020-03-23）"))
"""A day in brackets at the end of a title."""
YEARLESS = _forms(
    (
        rf"{_OPEN}{_LABEL}{_OPEN}(?P<m>\d{{1,2}})\s*(?:[-/.]|月)\s*(?P<d>\d{{1,2}})日?{_TIME}{_CLOSE}",
        "[05-12]",
    ),
)
YEARLESS_SPLIT = _forms(
    (rf"^(?P<d>\d{{1,2}})日?{_GAP}(?P<m>\d{{1,2}})月$", "12\n05月"),
    (rf"^(?P<m>\d{{1,2}})月{_GAP}(?P<d>\d{{1,2}})日?$", "05月\n12"),
    (rf"^(?P<d>\d{{1,2}}){_GAP}(?P<m>{'|'.join(_NAMES)})[a-z]*\.?$", "12\nMay"),
)
ANYWHERE = _forms((rf"(?<!\d){FULL}", "供稿：办公室 2020-03-04 点击：12"))


@dataclass(frozen=True, slots=True)
class Printed:
    """A day as a line prints it; `year` is None where it names none."""

    year: int | None
    month: int
    day: int


def find(texts: Sequence[str], title: Sequence[str] = ()) -> Printed | None:
    """The day among a line's texts, one a tag; `title` are those of its link, which may speak of other days."""
    return (
        _whole(texts, ALONE)
        or _across(texts, SPLIT)
        or _whole(texts, YEARLESS)
        or _across(texts, YEARLESS_SPLIT)
        or _whole(title, ALONE)
        or _across(title, SPLIT)
        or _anywhere(title, ENDING)
        or _anywhere(texts, ANYWHERE)
        or _whole(title, YEARLESS)
        or _across(title, YEARLESS_SPLIT)
        or _anywhere(title, ANYWHERE)
    )


def without(title: str) -> str:
    """The title without a day in brackets at its end."""
    match = ENDING[0].pattern.search(title)
    return title[: match.start()].rstrip() if match and match.start() else title


def settle(printed: Sequence[Printed | None], today: dt.date) -> list[dt.date | None]:
    """The days of a listing's lines, in their order. A day without a year is the latest that lies not after `today`;
    where the newest stand first, and a later line has a later day than the line before, a year has passed.
    The first three lines may be held on top, so they say nothing about the order."""
    years_back = 0
    before: dt.date | None = None
    settled: list[dt.date | None] = []
    for index, one in enumerate(printed):
        if one is None:
            settled.append(None)
            continue
        if one.year is not None:
            day = _day(one.year, one)
            before = day or before
        else:
            day = _latest(one, today, years_back)
            if day and before and index > 2 and (day - before).days > 45:
                years_back += 1
                day = _latest(one, today, years_back)
            before = day or before
        settled.append(day)
    return settled


def _latest(one: Printed, today: dt.date, years_back: int) -> dt.date | None:
    # a day ahead: sites post for tomorrow, and clocks differ
    limit = today + dt.timedelta(days=1)
    for year in range(limit.year - years_back, limit.year - years_back - 5, -1):
        day = _day(year, one)
        if day and day <= limit:
            return day
    return None


def _day(year: int, one: Printed) -> dt.date | None:
    try:
        return dt.date(year, one.month, one.day)
    except ValueError:
        return None


def _whole(texts: Sequence[str], forms: Sequence[Form]) -> Printed | None:
    for text in texts:
        for form in forms:
            if len(text) <= 60 and (match := form.pattern.fullmatch(text)) and (found := _printed(match)):
                return found
    return None


def _across(texts: Sequence[str], forms: Sequence[Form]) -> Printed | None:
    """Two or three texts in a row that make a day together."""
    for count in (3, 2):
        for start in range(len(texts) - count + 1):
            run = texts[start : start + count]
            if any(len(text) > 20 for text in run):
                continue
            joined = "\n".join(run)
            for form in forms:
                if (match := form.pattern.fullmatch(joined)) and (found := _printed(match)):
                    return found
    return None


def _anywhere(texts: Sequence[str], forms: Sequence[Form]) -> Printed | None:
    for text in reversed(texts):
        for form in forms:
            for match in form.pattern.finditer(text[:2000]):
                if found := _printed(match):
                    return found
    return None


def _printed(match: re.Match[str]) -> Printed | None:
    parts = match.groupdict()
    year = int(parts["y"]) if parts.get("y") else None
    if year is not None and year < 100:
        year += 2000
    month = parts["m"].lower()
    one = Printed(year, _NAMES.index(month[:3]) + 1 if month[:3] in _NAMES else int(month), int(parts["d"]))
    # a leap year, for the day without a year
    return one if _day(year if year is not None else 2024, one) else None


def in_address(url: str) -> dt.date | None:
    """The day in an address; also that of /2019_05/24_17/content-1.html, as some school systems write it."""
    found = dates.in_url(url)
    if found is None and (match := re.search(rf"/({_YEAR})_(\d\d)/(\d\d)_\d+/", url)):
        found = _day(int(match[1]), Printed(None, int(match[2]), int(match[3])))
    return found
