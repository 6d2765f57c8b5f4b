"""From what waits in the outbox to what is delivered.

A run that is killed leaves either no digest or a whole one that waits; what was handed over and not yet noted is
handed over again as the same bytes under the same Message-ID. What one delivery raises is its own result (`notify.faults`).
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field

from sqlalchemy import select

from notify import channels, faults
from notify.parcels import Answer, Letter, Noted, Parcel
from notify.post import Post
from notify.senders import Sender
from notify.subscriptions import ACTIVE
from store import models as rows
from store.database import Database
from store.errors import OperatorError, Unavailable, UsageError

Clock = Callable[[], dt.datetime]
MOST_LETTERS = 8
# How often is looked whether a provider has room again.
LOOK_AGAIN_S = 1.0
# From taking a parcel to its answer: who answers a byte a minute keeps a connection from everybody else. Longer than all
# the patience that a channel has of its own.
LONGEST_S = 300.0


@dataclass(frozen=True, slots=True)
class Handed:
    """What became of one parcel: the answer, and the state of its delivery now."""

    parcel: Parcel
    answer: Answer
    noted: Noted


def chosen(database: Database, now: dt.datetime, *, only: int | None, everyone: bool) -> list[int]:
    """The ids of the active subscriptions to serve: one, all, or those that are due."""
    query = select(rows.Subscription.id).order_by(rows.Subscription.id)
    with database.read() as session:
        if only is not None:
            subscription = session.get(rows.Subscription, only)
            if subscription is None:
                raise UsageError(f"no subscription {only}; `yaodian subscriptions list` names them all")
            if subscription.state != ACTIVE:
                remedy = "resume" if subscription.state == "paused" else "confirm"
                raise UsageError(f"subscription {only} is {subscription.state}; {remedy} it first")
            return [only]
        query = query.where(rows.Subscription.state == ACTIVE)
        if not everyone:
            query = query.where(rows.Subscription.next_due_at <= now)
        return list(session.scalars(query))


def deliver(
    database: Database, post: Post, clock: Clock, tell: Callable[[Handed], None] = lambda _: None
) -> None:
    """Hand over everything that is due, each noted before the next of its connection; also what an earlier run left,
    and what others have made meanwhile. `tell` hears of each.

    Raises Unavailable when all else is done, if a channel could not be used: what waits for it stays.
    """
    with Sender(database, post.limits) as sender:
        asyncio.run(_Round(database, sender, post, clock, tell).run())


@dataclass
class _Round:
    """One run through the outbox; as many at once as there are connections."""

    database: Database
    sender: Sender
    post: Post
    clock: Clock
    tell: Callable[[Handed], None]
    waiting: list[Parcel] = field(default_factory=list)
    letters: dict[int, Letter] = field(default_factory=dict)
    outlets: dict[str, channels.Outlet] = field(default_factory=dict)
    closed: dict[str, Unavailable] = field(default_factory=dict)
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    report: faults.Report = field(default_factory=faults.Report)

    async def run(self) -> None:
        try:
            async with self.stack, asyncio.TaskGroup() as group:
                for _ in range(self.post.connections):
                    group.create_task(self._work())
        except BaseExceptionGroup as ended:
            # One of the tasks met what ends them all; who called us knows that, and no group.
            raise _first_of(ended) from None
        if self.closed:
            raise next(iter(self.closed.values()))

    async def _work(self) -> None:
        while (parcel := await self._next()) is not None:
            answer = None if parcel.channel in self.closed else await self._hand_over(parcel)
            if answer is None:
                self.sender.put_back(parcel)
                continue
            self._tell(Handed(parcel, answer, self._note(parcel, answer)))

    async def _hand_over(self, parcel: Parcel) -> Answer | None:
        """Attempt one delivery and return its result; None if the channel can't be used.

        An exception affects no other delivery.
        """
        answer = await faults.contain(self._attempt(parcel))
        if isinstance(answer, Answer):
            return answer
        if (unavailable := faults.find_unavailable(answer.error)) is not None:
            self.closed.setdefault(parcel.channel, unavailable)
            return None
        self.report.tell_of(parcel, answer.error)
        return faults.judge(answer.error)

    async def _attempt(self, parcel: Parcel) -> Answer:
        async with asyncio.timeout(LONGEST_S):
            outlet = await self._outlet(parcel.channel)
            return faults.clean(await outlet.send(parcel, self._letter(parcel.letter_id)))

    def _note(self, parcel: Parcel, answer: Answer) -> Noted:
        """Store the result of a delivery.

        If the result "sent" can't be stored, the run stops, since the letter would be sent again. If another
        result can't be stored, the delivery is stored as one to try later.
        """
        try:
            return self.sender.note(parcel, answer, self.clock())
        except Exception as error:
            if isinstance(error, OperatorError) or answer.verdict == "sent":
                raise
            self.report.tell_of(parcel, error, "answer not noted")
            return self.sender.note(parcel, Answer("later", answer.said), self.clock())

    def _tell(self, handed: Handed) -> None:
        try:
            self.tell(handed)
        except Exception as error:
            # Who hears of it has gone, or may not be told anything any more.
            if isinstance(error, OSError):
                raise
            self.report.tell_of(handed.parcel, error, "delivery not told")

    async def _next(self) -> Parcel | None:
        while not self.waiting:
            now = self.clock()
            self.waiting = self.sender.take(now, self.closed)[::-1]
            if self.waiting:
                break
            if not self.sender.is_crowded(now, self.closed):
                return None
            await asyncio.sleep(LOOK_AGAIN_S)
        return self.waiting.pop()

    async def _outlet(self, name: str) -> channels.Outlet:
        async with self.opening:
            if name not in self.outlets:
                channel = channels.every()[name].opened(self.post)
                self.outlets[name] = await channel.__aenter__()
                self.stack.push_async_callback(self._close, name, channel)
            return self.outlets[name]

    async def _close(self, name: str, channel: AbstractAsyncContextManager[channels.Outlet]) -> None:
        """Close a channel; only log an exception of it, since all results are stored by now."""
        ended = await faults.contain(_leave(channel))
        if isinstance(ended, faults.Contained):
            self.report.tell("channel not closed", ended.error, channel=name)

    def _letter(self, letter_id: int) -> Letter:
        """Many parcels in a row have the same one."""
        if letter_id not in self.letters:
            if len(self.letters) >= MOST_LETTERS:
                self.letters.pop(next(iter(self.letters)))
            with self.database.read() as session:
                self.letters[letter_id] = Letter.of(session.get_one(rows.Letter, letter_id))
        return self.letters[letter_id]


async def _leave(channel: AbstractAsyncContextManager[channels.Outlet]) -> None:
    await channel.__aexit__(None, None, None)


def _first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first_of(error) if isinstance(error, BaseExceptionGroup) else error
