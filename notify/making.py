"""From what is due to digests that wait. What equal filters want is found once, what is told of a change is made once, and
what many readers are told is written once; a chunk of readers is one transaction.

Which changes a digest carries is decided by what its subscription does not carry yet, under the subscription's lock.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import ValidationError
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from notify import faults, mail, outbox
from notify.changes import Candidate, candidates, happenings, wanted_by
from notify.digests import Issue, build
from notify.filters import Filter
from notify.links import Pages
from notify.mail import Edition
from notify.news import News, news
from notify.parcels import Letter, Reader
from notify.post import Post
from notify.subscriptions import ACTIVE, Rhythm
from store import models as rows
from store.database import Database
from store.errors import OperatorError, UsageError

CHUNK = 200
MOST_LETTERS = 64
# Transactions end out of order, so a change may show up after a later one was told. None lasts nearly as long as this:
# what is older than that before a subscription's last digest was weighed then.
LATE = dt.timedelta(days=7)
# Until a digest is made once more that could not be.
AGAIN_AFTER = dt.timedelta(hours=1)
NO_PAGES = Pages()


@dataclass(frozen=True, slots=True)
class Order:
    """A subscription whose digest is to be made. `since` is from when on changes may still be untold, `told_at` when
    its digest was made before."""

    subscription: int
    address: str
    wanted: Filter
    rhythm: Rhythm
    language: str
    confirmed_at: dt.datetime
    told_at: dt.datetime | None

    @property
    def since(self) -> dt.datetime:
        return max(self.confirmed_at, self.told_at - LATE) if self.told_at else self.confirmed_at


@dataclass(frozen=True, slots=True)
class Contents:
    """What makes two digests the same letter: the changes, and for whom it is written."""

    changes: tuple[int, ...]
    edition: Edition


def preview(
    database: Database, subscription_id: int, now: dt.datetime, pages: Pages = NO_PAGES
) -> tuple[Issue, Edition]:
    """What the next digest of a subscription would say, and for whom; nothing is recorded."""
    with database.read() as session:
        orders, unreadable = _orders(session, [subscription_id])
        if unreadable:
            raise UsageError(
                f"subscription {subscription_id}: its filter or rhythm can't be read; end it and subscribe once more"
            ) from unreadable[subscription_id]
        (order,) = orders
        found = list(candidates(session, [order.wanted], order.since))
        carried = _carried(session, [subscription_id], found)
        untold = _untold(order, wanted_by(order.wanted, found), carried[subscription_id])
        return build(map(news, happenings(session, untold)), now), _edition(order, pages)


def make(database: Database, subscription_ids: Collection[int], post: Post, now: dt.datetime) -> int:
    """Create one digest in the outbox for each subscription that has changes to report; return how many failed.

    A failure stops no other digest. It is logged, and the digest is made later with all changes there are by then.
    """
    pages = Pages(post.base_url)
    report = faults.Report()
    with database.read() as session:
        orders, unreadable = _orders(session, subscription_ids)
        # Those who are told the same stand side by side, so that few letters are written twice.
        orders.sort(key=lambda order: repr(_edition(order, pages)))
        filters = {order.wanted for order in orders}
        found = list(candidates(session, filters, min(order.since for order in orders))) if orders else []
    desk = _Desk(database, post, now, {wanted: wanted_by(wanted, found) for wanted in filters}, report)
    for number, error in unreadable.items():
        report.tell("digest not made", error, subscription=number)
    desk.put_off(unreadable)
    for start in range(0, len(orders), CHUNK):
        desk.make(orders[start : start + CHUNK])
    return desk.unmade


class _Desk:
    """What digests are made from, each part of it once."""

    def __init__(
        self,
        database: Database,
        post: Post,
        now: dt.datetime,
        chosen: dict[Filter, tuple[Candidate, ...]],
        report: faults.Report,
    ) -> None:
        self.database, self.post, self.now, self.chosen, self.report = database, post, now, chosen, report
        self.pages = Pages(post.base_url)
        self.news: dict[int, News] = {}
        self.letters: OrderedDict[Contents, Letter] = OrderedDict()
        self.can_write: dict[Contents, bool] = {}
        self.unmade = 0

    def put_off(self, subscription_ids: Collection[int]) -> None:
        """Try the digests of these again in a while; they keep what they have to tell."""
        if not subscription_ids:
            return
        with self.database.write() as session:
            self._put_off(session, subscription_ids)

    def make(self, orders: Sequence[Order]) -> None:
        """The digests of some subscriptions, in one transaction. What they say is written before it begins, since a
        transaction that writes keeps others waiting."""
        self.can_write.clear()
        with self.database.read() as session:
            for _, contents in self._told(session, orders):
                self._try(session, contents)
        with self.database.write() as session:
            # Whoever makes one of these digests at the same moment waits here, and then sees what ours carries.
            locked = {
                number: told_at
                for number, told_at in session.execute(
                    select(rows.Subscription.id, rows.Subscription.told_at)
                    .where(
                        rows.Subscription.id.in_([order.subscription for order in orders]),
                        rows.Subscription.state == ACTIVE,
                    )
                    .order_by(rows.Subscription.id)
                    .with_for_update()
                )
            }
            still = [order for order in orders if order.subscription in locked]
            # A digest that carries nothing is not told by its changes: whoever was first has made it.
            told = [
                (order, contents)
                for order, contents in self._told(session, still)
                if contents.changes or locked[order.subscription] == order.told_at
            ]
            unwritten = {order.subscription for order, contents in told if not self._try(session, contents)}
            self._put_off(session, unwritten)
            self._keep(
                session,
                [order for order in still if order.subscription not in unwritten],
                [(order, contents) for order, contents in told if order.subscription not in unwritten],
            )

    def _put_off(self, session: Session, subscription_ids: Collection[int]) -> None:
        self.unmade += len(subscription_ids)
        for some in _in_parts(sorted(subscription_ids), CHUNK):
            session.execute(
                update(rows.Subscription)
                .where(rows.Subscription.id.in_(some))
                .values(next_due_at=self.now + AGAIN_AFTER)
            )

    def _try(self, session: Session, contents: Contents) -> bool:
        """Return True if this letter can be written; an exception of its renderer affects no other letter."""
        if contents not in self.can_write:
            try:
                self._letter(session, contents)
            except BaseException as error:
                if isinstance(error, OperatorError | DatabaseError) or not faults.is_contained(error):
                    raise
                self.report.tell("digest not made", error, changes=contents.changes[:10])
                self.can_write[contents] = False
            else:
                self.can_write[contents] = True
        return self.can_write[contents]

    def _told(self, session: Session, orders: Sequence[Order]) -> list[tuple[Order, Contents]]:
        """What each subscription has to be told now; those that have nothing, and don't want to hear that, are left out."""
        found = [
            candidate for wanted in {order.wanted for order in orders} for candidate in self.chosen[wanted]
        ]
        carried = _carried(session, [order.subscription for order in orders], found)
        told = []
        for order in orders:
            changes = _untold(order, self.chosen[order.wanted], carried[order.subscription])
            if changes or order.rhythm.tells_of_silence:
                told.append((order, Contents(changes, _edition(order, self.pages))))
        return told

    def _keep(
        self, session: Session, served: Sequence[Order], told: Sequence[tuple[Order, Contents]]
    ) -> None:
        if served:
            session.execute(
                update(rows.Subscription),
                [
                    {"id": o.subscription, "next_due_at": o.rhythm.next(self.now), "told_at": self.now}
                    for o in served
                ],
            )
        if not told:
            return
        session.execute(
            insert(rows.Digest),
            [{"subscription_id": order.subscription, "created_at": self.now} for order, _ in told],
        )
        digests = self._newest_digests(session, [order.subscription for order, _ in told])
        carries = [
            {
                "subscription_id": order.subscription,
                "change_id": change,
                "digest_id": digests[order.subscription],
            }
            for order, contents in told
            for change in contents.changes
        ]
        if carries:
            session.execute(insert(rows.DigestChange), carries)
        readers: defaultdict[Contents, list[Reader]] = defaultdict(list)
        for order, contents in told:
            readers[contents].append(Reader(order.address, order.subscription, digests[order.subscription]))
        for contents, those in readers.items():
            outbox.put(session, "digest", self._letter(session, contents), those, self.post.domain, self.now)

    def _newest_digests(self, session: Session, subscription_ids: Sequence[int]) -> dict[int, int]:
        """Those just made: nobody else makes one while we hold the subscription. SQLite would tell the ids of rows
        put in together in no order, and of rows put in one by one at twenty times the cost."""
        query = select(rows.Digest.subscription_id, func.max(rows.Digest.id))
        query = query.where(rows.Digest.subscription_id.in_(subscription_ids))
        return {one: digest for one, digest in session.execute(query.group_by(rows.Digest.subscription_id))}

    def _letter(self, session: Session, contents: Contents) -> Letter:
        if contents in self.letters:
            self.letters.move_to_end(contents)
            return self.letters[contents]
        missing = [change for change in contents.changes if change not in self.news]
        self.news |= {one.id: news(one) for one in happenings(session, missing)}
        issue = build((self.news[change] for change in contents.changes if change in self.news), self.now)
        letter = written(issue, contents.edition, self.post)
        self.letters[contents] = letter
        if len(self.letters) > MOST_LETTERS:
            self.letters.popitem(last=False)
        return letter


def written(issue: Issue, edition: Edition, post: Post) -> Letter:
    """A digest in every form that a channel may want; its links wait for the reader's token."""
    slot = secrets.token_hex(16)
    linked = replace(edition, manage=post.manage_url(slot), unsubscribe=post.unsubscribe_url(slot))
    return Letter(
        subject=mail.subject(issue, linked),
        text=mail.text(issue, linked),
        html=mail.html(issue, linked),
        short=mail.short(issue, linked),
        data=mail.data(issue, linked),
        slot=slot,
    )


def _orders(
    session: Session, subscription_ids: Collection[int]
) -> tuple[list[Order], dict[int, ValidationError]]:
    """Read these subscriptions; return their orders, and the errors of the rows that can't be read."""
    wanted = sorted(subscription_ids)
    columns = (
        rows.Subscription.id,
        rows.Subscription.address,
        rows.Subscription.filter,
        rows.Subscription.rhythm,
        rows.Subscription.language,
        rows.Subscription.confirmed_at,
        rows.Subscription.told_at,
    )
    found, unreadable = [], dict[int, ValidationError]()
    for some in _in_parts(wanted, 5000):
        for number, address, filter_, rhythm, language, confirmed_at, told_at in session.execute(
            select(*columns).where(
                rows.Subscription.id.in_(some), rows.Subscription.confirmed_at.is_not(None)
            )
        ):
            try:
                filters = Filter.model_validate(filter_).canonical()
                kept = Rhythm.model_validate(rhythm)
            except ValidationError as error:
                unreadable[number] = error
                continue
            found.append(Order(number, address, filters, kept, language, confirmed_at, told_at))
    return found, unreadable


def _in_parts(ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _carried(
    session: Session, subscription_ids: Sequence[int], among: Iterable[Candidate]
) -> defaultdict[int, set[int]]:
    """Which of some changes, and perhaps later ones, the digests of each subscription carry."""
    carried: defaultdict[int, set[int]] = defaultdict(set)
    first = min((candidate.id for candidate in among), default=None)
    if first is not None:
        query = select(rows.DigestChange.subscription_id, rows.DigestChange.change_id).where(
            rows.DigestChange.subscription_id.in_(subscription_ids), rows.DigestChange.change_id >= first
        )
        for subscription, change in session.execute(query):
            carried[subscription].add(change)
    return carried


def _untold(order: Order, wanted: Iterable[Candidate], carried: set[int]) -> tuple[int, ...]:
    return tuple(one.id for one in wanted if one.detected_at >= order.confirmed_at and one.id not in carried)


def _edition(order: Order, pages: Pages) -> Edition:
    return Edition(
        language=order.language,
        every=order.rhythm.every,
        timezone=order.rhythm.timezone,
        pages=pages,
        wanted=order.wanted,
    )
