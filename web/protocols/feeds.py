"""The feeds of changes, for every filter; no feed reader has to sign in, and who has the newest is sent nothing."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response

from notify import feeds
from notify.links import Pages
from web.hosts import public_root
from web.look import language_of
from web.terms import Given
from web.wanted import Wanted

router = APIRouter()


@router.api_route("/feeds/changes.{form}", methods=["GET", "HEAD"])
def changes(
    request: Request,
    terms: Given,
    form: Literal["atom", "rss", "json"],
    wanted: Wanted,
) -> Response:
    pages = Pages(public_root(request))
    with terms.database.read() as session:
        feed = feeds.feed(session, wanted, pages, language_of(request))
    answer = feeds.answer(feed, form, {key.lower(): value for key, value in request.headers.items()})
    return Response(answer.body, answer.status, dict(answer.headers))
