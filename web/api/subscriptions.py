"""/api/v1/subscriptions: who is told what. Addresses are nobody else's business: every request needs a token."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path
from pydantic import ValidationError

from notify import requests, subscriptions
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import browse
from store.errors import WrongUse
from web.api import shapes
from web.api.parts import Cursor, Limit, part
from web.sessions import TooManyAttempts
from web.terms import Given

router = part("subscriptions", needs_token=True)
Number = Annotated[int, Path(ge=1, lt=2**31)]


@router.get("", response_model=shapes.Listed[shapes.Subscription])
def listed(terms: Given, cursor: Cursor = None, limit: Limit = 50) -> Any:
    """Subscriptions, the newest first."""
    with terms.database.read() as session:
        leaf = browse.subscriptions(session, cursor=cursor, limit=limit)
        return {"items": [subscriptions.shape(row) for row in leaf.rows], "next": leaf.following}


@router.post("", status_code=201, response_model=shapes.Subscription)
def subscribe(terms: Given, wanted: shapes.Wanted) -> Any:
    """Create a subscription, and send its owner a letter that asks for confirmation; no digest is sent before.

    A program may ask on behalf of strangers, so the limits by domain, by host and in all are those of the web
    form. The holder of a token may subscribe addresses of every channel.
    """
    try:
        rhythm = Rhythm.model_validate({"timezone": terms.timezone} | wanted.rhythm)
        kept = Filter.model_validate(wanted.filter)
    except ValidationError as error:
        raise WrongUse(f"subscription: {subscriptions.told(error)}") from error
    wish = requests.Wish(wanted.address, kept, rhythm)
    asked = requests.request(terms.database, terms.post, wish, terms.clock(), terms.request_limits)
    if asked.subscription is None:
        raise TooManyAttempts(
            f"this address was sent {requests.MOST_LETTERS} letters today; ask again tomorrow"
        )
    return subscriptions.shape(subscriptions.get(terms.database, asked.subscription))


@router.get("/{number}", response_model=shapes.Subscription)
def one(terms: Given, number: Number) -> Any:
    return subscriptions.shape(subscriptions.get(terms.database, number))


@router.delete("/{number}", response_model=shapes.Subscription)
def unsubscribe(terms: Given, number: Number) -> Any:
    """End a subscription; nothing more is sent."""
    return subscriptions.shape(subscriptions.unsubscribe(terms.database, number, terms.clock()))
