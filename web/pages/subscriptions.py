"""A reader's subscription: asking for one, confirming it, and by the link in each mail changing, pausing, leaving it,
and having one's data handed out or erased."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import JSONResponse

from notify import channels, personal, requests, subscriptions
from notify.filters import Filter
from notify.request_limits import TooManyRequests
from notify.subscriptions import Rhythm
from store import browse
from store import models as rows
from store.errors import WrongUse, YaodianError
from web.look import page
from web.requesting import ClosedChannel, Counted, check_open
from web.terms import Given, Terms
from web.wishes import Wish

router = APIRouter()

BY_READER = "paused by its owner"
# A page that may be kept, or sent on in a Referer header, must not give the link away.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}


@router.get("/subscribe")
def door(request: Request, terms: Given, given: Annotated[Wish, Query()], q: str = "") -> Response:
    """The form, filled in with the filter of the page that led here."""
    keyword = given.keyword or q
    return _form(request, terms, given.model_copy(update={"keyword": keyword}))


@router.post("/subscribe", dependencies=[Counted])
def ask(
    request: Request,
    terms: Given,
    given: Annotated[Wish, Form()],
) -> Response:
    """The answer is the same whether the address is known or not."""
    try:
        check_open(given.address, terms.public_channels)
        wish = requests.Wish(given.address, given.filter(), given.rhythm(), given.language)
        requests.request(terms.database, terms.post, wish, terms.clock(), terms.request_limits)
    except (WrongUse, TooManyRequests) as error:
        return _form(request, terms, given, error)
    return page(request, "subscribed.html.j2", address=given.address)


def _form(request: Request, terms: Terms, given: Wish, error: YaodianError | None = None) -> Response:
    with terms.database.read() as session:
        kinds = browse.kinds(session)
    status, headers = 200, {}
    if isinstance(error, TooManyRequests):
        status, headers = 429, {"Retry-After": str(error.retry_after_s)}
    elif error is not None:
        status = 422
    return page(
        request,
        "subscribe.html.j2",
        status=status,
        headers=headers,
        wish=given,
        kinds=kinds,
        error=error,
        open_channels=[channels.prefix_of(kind) for kind in terms.public_channels],
        is_closed=isinstance(error, ClosedChannel),
        wait_minutes=-(-error.retry_after_s // 60) if isinstance(error, TooManyRequests) else 0,
    )


@router.get("/subscriptions/confirm/{token}")
def confirming(request: Request, terms: Given, token: str) -> Response:
    """Shows a button: mail scanners follow links, and must not confirm."""
    reference = terms.post.tokens.confirmed(token, terms.clock())
    found = subscriptions.of_link(terms.database, reference)
    return _told(request, "confirm.html.j2", found, token)


@router.post("/subscriptions/confirm/{token}")
def confirm(request: Request, terms: Given, token: str) -> Response:
    confirmed = requests.confirm(terms.database, terms.post, token, terms.clock())
    manage_token = terms.post.token_for(confirmed.id, confirmed.created_at)
    return _told(request, "confirmed.html.j2", confirmed, manage_token)


@router.get("/subscriptions/{token}")
def manage(request: Request, terms: Given, token: str) -> Response:
    return _managed(request, terms, _of(terms, token), token)


@router.post("/subscriptions/{token}")
def change(request: Request, terms: Given, token: str, given: Annotated[Wish, Form()]) -> Response:
    found = _of(terms, token)
    try:
        changed = subscriptions.change(
            terms.database,
            found.id,
            terms.clock(),
            wanted=given.filter(),
            rhythm=given.rhythm(),
            language=given.language,
        )
    except WrongUse as error:
        return _managed(request, terms, found, token, error=str(error), given=given)
    return _managed(request, terms, changed, token, done="changed")


@router.post("/subscriptions/{token}/pause")
def pause(request: Request, terms: Given, token: str) -> Response:
    paused = subscriptions.pause(terms.database, _of(terms, token).id, BY_READER)
    return _managed(request, terms, paused, token, done="paused")


@router.post("/subscriptions/{token}/resume")
def resume(request: Request, terms: Given, token: str) -> Response:
    resumed = subscriptions.resume(terms.database, _of(terms, token).id, terms.clock())
    return _managed(request, terms, resumed, token, done="resumed")


@router.get("/subscriptions/{token}/unsubscribe")
def leaving(request: Request, terms: Given, token: str) -> Response:
    return _told(request, "unsubscribe.html.j2", _of(terms, token), token)


@router.post("/subscriptions/{token}/unsubscribe")
def leave(request: Request, terms: Given, token: str) -> Response:
    """One click, from the page above or from a mail program (RFC 8058); no question is asked."""
    left = subscriptions.unsubscribe(terms.database, _of(terms, token).id, terms.clock())
    return _told(request, "unsubscribed.html.j2", left, token)


@router.get("/subscriptions/{token}/data")
def data(terms: Given, token: str) -> Response:
    kept = personal.export_data(terms.database, _of(terms, token).id)
    return JSONResponse(
        kept, headers=PRIVATE | {"Content-Disposition": 'attachment; filename="yaodian-subscription.json"'}
    )


@router.post("/subscriptions/{token}/erase")
def erase(request: Request, terms: Given, token: str) -> Response:
    count = personal.erase(terms.database, _of(terms, token).id)
    return page(request, "erased.html.j2", headers=PRIVATE, count=count)


def _of(terms: Terms, token: str) -> rows.Subscription:
    """Raises BadLink."""
    return subscriptions.of_link(terms.database, terms.post.tokens.managed(token))


def _managed(
    request: Request,
    terms: Terms,
    subscription: rows.Subscription,
    token: str,
    *,
    done: str = "",
    error: str = "",
    given: Wish | None = None,
) -> Response:
    wish = given or Wish.of(
        Filter.model_validate(subscription.filter),
        Rhythm.model_validate(subscription.rhythm),
        subscription.language,
    )
    with terms.database.read() as session:
        kinds = browse.kinds(session)
    return page(
        request,
        "manage.html.j2",
        status=422 if error else 200,
        headers=PRIVATE,
        subscription=subscription,
        token=token,
        wish=wish,
        kinds=kinds,
        done=done,
        error=error,
        deliveries=subscriptions.deliveries(terms.database, subscription.id, 5),
    )


def _told(request: Request, template: str, subscription: rows.Subscription, token: str) -> Response:
    return page(request, template, headers=PRIVATE, subscription=subscription, token=token)
