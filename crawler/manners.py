"""How a host is treated by what it answers: when it is left alone, and for how long. Pure; see `store.hosts` for what
is remembered, `crawler.middlewares.turns` for who waits."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from store.flow import Standing
from store.said import said

# 401 and 403 ask who we are; 412, 418 and 521 are how common shields answer whoever runs no script of theirs.
BLOCKING = frozenset((401, 403, 405, 412, 418, 429, 521))
# These say that we shall come later, or that nobody of our kind shall come at all; 403 and 5xx may be the matter of one page.
REFUSING_ALL = frozenset((412, 418, 429, 503, 521))
REFUSING_ONE = frozenset((401, 403, 405))
LATER = (429, 503)

# Three answers in a row that refuse everybody, or twelve that refuse one page: then the host is left alone.
ALL_STRAINS, ONE_STRAINS, ENOUGH = 4, 1, 12
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=24)


def host_of(url: str) -> str:
    """The server that a URL asks, as robots.txt sees it: its name, with the port where that is no usual one."""
    parts = urlsplit(url)
    name = (parts.hostname or "").rstrip(".")
    return name if parts.port in (None, 80, 443) else f"{name}:{parts.port}"


def retry_after(value: str | None, now: dt.datetime) -> dt.timedelta | None:
    """`Retry-After` (RFC 9110 §10.2.3), seconds or a date, as the time from now, at most a day; None for neither."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        # Beyond nine digits it is no time, but the longest we wait all the same.
        return min(dt.timedelta(seconds=int(text[:9])), LONGEST_PAUSE)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max(moment - now, dt.timedelta()), LONGEST_PAUSE)


def held(standing: Standing) -> str:
    """Why a host is left alone, and until when."""
    until = f"{standing.not_before:%Y-%m-%d %H:%M:%S} UTC"
    if standing.asked:
        return said(
            "it is left alone until {until}, as it asks: {because}", until=until, because=standing.because
        )
    return said(
        "it is left alone until {until}, since it refuses or fails time and again: {because}",
        until=until,
        because=standing.because,
    )


def sign_of(status: int) -> str:
    """What an answer that is no answer says about the health of a source."""
    return "blocked" if status in BLOCKING else "unreachable"


def after_answer(before: Standing, status: int, wish: str | None, now: dt.datetime) -> Standing:
    """How a host stands after an answer; `wish` is its Retry-After."""
    if status in REFUSING_ALL:
        strained = before.strain + ALL_STRAINS
    elif status in REFUSING_ONE or status >= 500:
        strained = before.strain + ONE_STRAINS
    else:
        return Standing()
    asked = retry_after(wish, now) if status in LATER else None
    if status == 429 and asked is None:
        strained = max(strained, ENOUGH)
    return _strained(strained, asked, sign_of(status), said("the site answers {status}", status=status), now)


def after_failure(before: Standing, words: str, now: dt.datetime) -> Standing:
    """How a host stands after no answer at all."""
    return _strained(before.strain + ALL_STRAINS, None, "unreachable", words, now)


def _strained(strain: int, asked: dt.timedelta | None, sign: str, because: str, now: dt.datetime) -> Standing:
    pause = asked
    if pause is None and strain >= ENOUGH:
        doublings = min((strain - ENOUGH) // ALL_STRAINS, 16)
        pause = min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
    return Standing(strain, now + pause if pause is not None else None, asked is not None, sign, because)
