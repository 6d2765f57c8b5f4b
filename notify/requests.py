"""Asking for a subscription, and agreeing to it: double opt-in. Nobody learns from it who is subscribed, and nobody's
letter box can be filled with it.

What these functions return may be shown to the operator. Who asked for an address is always told the same.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from notify import channels, letters, outbox, request_limits, subscriptions
from notify.addresses import mailbox
from notify.filters import Filter
from notify.parcels import Letter, Reader
from notify.post import Post
from notify.request_limits import RequestLimits
from notify.subscriptions import ACTIVE, ENDED, PAUSED, PENDING, Rhythm
from notify.tokens import Reference
from store import agenda
from store import models as rows
from store.database import Database
from store.errors import BadLink
from store.locks import alone

# Of one mailbox in a day, whoever asks for them.
MOST_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. The address as it was typed."""

    address: str
    wanted: Filter = field(default_factory=Filter)
    rhythm: Rhythm = field(default_factory=Rhythm)
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class Requested:
    """What became of a request: the subscription, if there is one now, and whether a letter goes out."""

    subscription: int | None
    address: str
    state: str
    is_mailed: bool


def request(
    database: Database, post: Post, wish: Wish, now: dt.datetime, limits: RequestLimits | None = None
) -> Requested:
    """Ask the owner of an address to confirm, by a letter in the outbox; where the address has the same subscription
    already, the letter says that. After MOST_LETTERS in a day nothing is done. Raises WrongUse for what is no address,
    TooManyRequests beyond the limits for strangers; the operator's own requests have none."""
    address = channels.checked(wish.address, allow_private=post.allow_private)
    with database.write() as session:
        _admit(session, address, limits, now)
        same = _same(session, address, wish.wanted)
        if outbox.requested_lately(session, address, now) >= MOST_LETTERS:
            return Requested(same.id if same else None, address, same.state if same else "", is_mailed=False)
        if same is not None and same.state != PENDING:
            token = post.tokens.manage(_reference(same))
            _put(session, "known", letters.known(post, token, same.language), same, post, now)
            return Requested(same.id, address, same.state, is_mailed=True)
        if same is None:
            same = subscriptions.added(session, address, wish.wanted, wish.rhythm, wish.language, now)
        else:
            same.rhythm, same.language = wish.rhythm.model_dump(mode="json"), wish.language
        token = post.tokens.confirmation(_reference(same), now)
        letter = letters.confirmation(post, token, wish.wanted, wish.rhythm, wish.language)
        _put(session, "confirmation", letter, same, post, now)
        return Requested(same.id, address, same.state, is_mailed=True)


def confirm(database: Database, post: Post, token: str, now: dt.datetime) -> rows.Subscription:
    """The owner has opened the link of the letter. Doing it twice changes nothing. Raises BadLink."""
    found = subscriptions.of_link(database, post.tokens.confirmed(token, now))
    if found.state == ENDED:
        raise BadLink("this subscription has been ended; subscribe once more")
    return subscriptions.confirm(database, found.id, now)


def send_links(
    database: Database, post: Post, address: str, now: dt.datetime, limits: RequestLimits | None = None
) -> bool:
    """Mail the management links of all subscriptions of an address to it, for a reader who has lost them.

    Returns True if a letter is sent; the requester must not be shown that. Raises WrongUse for an invalid address,
    TooManyRequests as `request` does.
    """
    address = channels.checked(address, allow_private=post.allow_private)
    with database.write() as session:
        _admit(session, address, limits, now)
        found = [one for one in _all(session, address) if one.state in (ACTIVE, PAUSED)]
        if not found or not post.base_url or outbox.requested_lately(session, address, now) >= MOST_LETTERS:
            return False
        tokens = [post.tokens.manage(_reference(one)) for one in found]
        letter = letters.managing(post, tokens, found[0].language)
        _put(session, "manage", letter, found[0], post, now)
        return True


def _admit(session: Session, address: str, limits: RequestLimits | None, now: dt.datetime) -> None:
    """Wait for requests that are being noted, so that they are counted; then judge this one. It is judged before
    anything that depends on who is subscribed. Raises TooManyRequests."""
    if limits:
        alone(session, "requests")
    alone(session, f"request {mailbox(address)}")
    if limits:
        channel = channels.name_of(address)
        request_limits.check(session, limits, channel, channels.every()[channel].provider(address), now)


def _same(session: Session, address: str, wanted: Filter) -> rows.Subscription | None:
    return next(
        (
            one
            for one in _all(session, address)
            if Filter.model_validate(one.filter).canonical() == wanted.canonical()
        ),
        None,
    )


def _all(session: Session, address: str) -> list[rows.Subscription]:
    query = (
        select(rows.Subscription)
        .where(
            rows.Subscription.mailbox == mailbox(address),
            rows.Subscription.address == address,
            rows.Subscription.state != ENDED,
        )
        .order_by(rows.Subscription.id)
    )
    return list(session.scalars(query))


def _put(
    session: Session,
    kind: outbox.Kind,
    letter: Letter,
    subscription: rows.Subscription,
    post: Post,
    now: dt.datetime,
) -> None:
    reader = Reader(subscription.address, subscription.id)
    outbox.put(session, kind, letter, [reader], post.domain, now)
    agenda.hurry_chore(session, agenda.DIGESTS, now)


def _reference(subscription: rows.Subscription) -> Reference:
    return Reference(subscription.id, subscription.created_at)
