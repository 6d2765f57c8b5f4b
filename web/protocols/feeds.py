"""The feeds of changes, for every filter; no feed reader has to sign in, and who has the newest is sent nothing."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from notify import feeds
from notify.filters import Filter
from notify.links import PARAMETERS, Pages
from notify.subscriptions import told
from store.errors import WrongUse
from web.look import language_of
from web.terms import Given

router = APIRouter()
Several = Annotated[list[str] | None, Query(max_length=50)]


@router.api_route("/feeds/changes.{form}", methods=["GET", "HEAD"])
def changes(
    request: Request,
    terms: Given,
    form: Literal["atom", "rss", "json"],
    region: Several = None,
    kind: Several = None,
    publisher: Several = None,
    source: Several = None,
    keyword: Several = None,
    type: Several = None,
    official: bool = False,
) -> Response:
    given = {
        "region": region,
        "kind": kind,
        "publisher": publisher,
        "source": source,
        "keyword": keyword,
        "type": type,
    }
    # A form sends what was left empty, too.
    wanted = {field: [value for value in given[name] or [] if value] for field, name in PARAMETERS.items()}
    try:
        chosen = Filter.model_validate(wanted | {"official": official})
    except ValidationError as error:
        raise WrongUse(f"feed: {told(error)}") from error
    pages = Pages(terms.post.base_url or str(request.base_url).rstrip("/"))
    with terms.database.read() as session:
        feed = feeds.feed(session, chosen, pages, language_of(request))
    answer = feeds.answer(feed, form, {key.lower(): value for key, value in request.headers.items()})
    return Response(answer.body, answer.status, dict(answer.headers))
