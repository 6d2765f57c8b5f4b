"""A week's digest on the web, for any filter: what a subscriber's mail says, without a subscription."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from notify.changes import candidates, happenings, wanted_by
from notify.digests import Detail, build, detailed
from notify.headline import opening
from notify.links import query
from notify.news import news
from notify.words import described
from store import browse
from store.errors import WrongUse
from web.look import language_of, page
from web.terms import Given
from web.wanted import Wanted

router = APIRouter()

WEEK = dt.timedelta(days=7)
MOST_CHANGES = 300
"""So many of a week's changes are told; of more the timeline tells."""
ROOM = Detail(headings=12, items=8, characters=300, full=MOST_CHANGES, plans=MOST_CHANGES)
_WEEK = re.compile(r"(20\d\d)-W(\d\d)")


@router.get("/digest")
def digest(
    request: Request, terms: Given, wanted: Wanted, week: Annotated[str, Query(max_length=8)] = ""
) -> Response:
    zone = ZoneInfo(terms.timezone)
    today = terms.clock().astimezone(zone).date()
    with terms.database.read() as session:
        monday = _monday(week) if week else _newest(session, today, zone)
        since, until = (
            dt.datetime.combine(day, dt.time(), zone).astimezone(dt.UTC) for day in (monday, monday + WEEK)
        )
        chosen = wanted_by(wanted, list(candidates(session, [wanted], since, until)))
        told = happenings(session, [one.id for one in chosen[-MOST_CHANGES:]])
        issue = detailed(build(map(news, told), min(until, terms.clock())), ROOM)
        kinds = browse.kinds(session)
    language = language_of(request)
    return page(
        request,
        "digest.html.j2",
        issue=issue,
        opening=opening(issue, "weekly", language),
        left_out=len(chosen) - MOST_CHANGES,
        monday=monday,
        sunday=monday + WEEK - dt.timedelta(days=1),
        before=_name(monday - WEEK),
        after=_name(monday + WEEK) if monday + WEEK <= today else None,
        wanted=wanted,
        asked=query(wanted),
        scope=described(wanted, language),
        kinds=kinds,
    )


def _newest(session: Session, today: dt.date, zone: ZoneInfo) -> dt.date:
    """The first day of the week in which something was found last; of this week where nothing ever was."""
    last = next(iter(browse.changes(session, limit=1).rows), None)
    day = last.detected_at.astimezone(zone).date() if last else today
    return day - dt.timedelta(days=day.weekday())


def _monday(week: str) -> dt.date:
    """The first day of a week as ISO 8601 counts them. Raises WrongUse."""
    told = _WEEK.fullmatch(week)
    try:
        if told:
            return dt.date.fromisocalendar(int(told[1]), int(told[2]), 1)
    except ValueError:
        pass
    raise WrongUse(f"week {week!r} is no week; give such as 2026-W47")


def _name(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"
