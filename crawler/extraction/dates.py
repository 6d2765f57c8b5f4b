"""Dates as Chinese pages print them. Nothing is guessed: what is no whole calendar date is None."""

from __future__ import annotations

import datetime as dt
import re

_ISO = re.compile(
    r"(?<!\d)((?:19|20)\d{2})\s?(?:[-/.]|年)\s?(\d{1,2})\s?(?:[-/.]|月)\s?(\d{1,2})(?!\d)\s?日?"
    r"(?:[\sT]{0,3}(\d{1,2})\s?[:：时]\s?(\d{2})(?!\d)(?:\s?[:：分]\s?(\d{2})(?!\d))?)?"
)
_HAN = re.compile(
    r"([二一][〇○◯零O0Ｏ０一二三四五六七八九]{3})年([一二三四五六七八九十元]{1,3})月([一二三四五六七八九十]{1,3})日"
)
_URL = (
    re.compile(r"/t((?:19|20)\d{2})(\d{2})(\d{2})_\d"),
    re.compile(r"/art/((?:19|20)\d{2})/(\d{1,2})/(\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})[/-](\d{1,2})[/-](\d{1,2})/"),
    re.compile(r"/((?:19|20)\d{2})-?(\d{2})/(\d{2})/"),
    re.compile(r"/((?:19|20)\d{2})(\d{2})(\d{2})/"),
)
_DIGITS = {c: i for i, c in enumerate("〇一二三四五六七八九")} | dict.fromkeys("○◯零O0Ｏ０", 0)
ALONE = re.compile(
    r"[\[【]?\s*(?:19|20)\d{2}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?"
    r"(?:\s{0,3}\d{1,2}\s?[:：]\s?\d{2}(?:\s?[:：]\s?\d{2})?)?\s*[\]】]?"
)
"""Nothing but a date, perhaps with its time."""
SIGNED = re.compile(
    r"(?:(?:19|20)\d{2}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日?|[二一][〇○◯零O0Ｏ０一二三四五六七八九]{3}年[一二三四五六七八九十元]{1,3}月[一二三四五六七八九十]{1,3}日"
    r"|(?:19|20)\d{2}[-/.]\d{1,2}[-/.]\d{1,2})(?:\s?印发)?[。]?"
)
"""The date under a signature; some lack the 日 at their end."""
MONTH = re.compile(
    r"(?:(?:19|20)\d{2}\s?年{1,2}\s?\d{1,2}\s?月份?|[二一][〇○◯零O0Ｏ０一二三四五六七八九]{3}年[一二三四五六七八九十元]{1,3}月份?)(?:[初定终]稿|修订稿?)?"
)
"""A signature's date that names no day: it says who signed, but is no date."""


def find(text: str | None) -> dt.date | dt.datetime | None:
    """The first date in a text: with its time where one is printed. “2022- 07- 19 17: 18” is read too."""
    for match in _ISO.finditer(text or ""):
        found = _build(*match.groups())
        if found:
            return found
    match_han = _HAN.search(text or "")
    if match_han:
        year = int("".join(str(_DIGITS[c]) for c in match_han[1]))
        return _build(str(year), str(_number(match_han[2])), str(_number(match_han[3])))
    return None


def without(text: str) -> str:
    """The text without its dates and times."""
    return _HAN.sub("", _ISO.sub("", text)).strip()


def day(value: dt.date | dt.datetime | None) -> dt.date | None:
    return value.date() if isinstance(value, dt.datetime) else value


def in_url(url: str) -> dt.date | None:
    """The day in an address such as /202203/t20220311_1.html; systems put the day of posting there."""
    for pattern in _URL:
        match = pattern.search(url)
        found = day(_build(*match.groups())) if match else None
        if found:
            return found
    return None


def _build(
    year: str,
    month: str,
    day_: str,
    hour: str | None = None,
    minute: str | None = None,
    second: str | None = None,
) -> dt.date | dt.datetime | None:
    try:
        date = dt.date(int(year), int(month), int(day_))
    except ValueError:
        return None
    if hour is None or minute is None:
        return date
    try:
        return dt.datetime(  # noqa: DTZ001 - the page's own zone, as printed
            date.year, date.month, date.day, int(hour), int(minute), int(second or 0)
        )
    except ValueError:
        return date


def _number(han: str) -> int:
    """一 … 三十一; 元 is 1."""
    if han == "元":
        return 1
    tens, _, ones = han.rpartition("十")
    if "十" not in han:
        return _DIGITS.get(han, 0) if len(han) == 1 else 0
    return (_DIGITS.get(tens, 0) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)
