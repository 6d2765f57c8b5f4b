"""Subscriptions, and what is sent to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from store.columns import PackedJson
from store.models.base import Base


class Subscription(Base):
    """An address, a filter, a rhythm. `state`: pending, active, paused or ended, `reason` why it is not active. Nothing
    is sent before it is confirmed, and nothing older than `confirmed_at` is reported. `told_at` is when its digest was
    made last, or would have been had there been news; None where all since the confirmation has to be weighed."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    mailbox: Mapped[str] = mapped_column(index=True)
    filter: Mapped[dict[str, Any]] = mapped_column(JSON)
    rhythm: Mapped[dict[str, Any]] = mapped_column(JSON)
    language: Mapped[str] = mapped_column(default="zh")
    state: Mapped[str] = mapped_column(default="pending")
    reason: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    confirmed_at: Mapped[dt.datetime | None]
    told_at: Mapped[dt.datetime | None]
    ended_at: Mapped[dt.datetime | None]
    next_due_at: Mapped[dt.datetime | None] = mapped_column(index=True)


class Digest(Base):
    """One issue for one subscription; the changes that it carries are DigestChange rows."""

    __tablename__ = "digests"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    created_at: Mapped[dt.datetime]

    subscription: Mapped[Subscription] = relationship()


class DigestChange(Base):
    """Which changes a digest carries. The key makes it impossible that a subscription gets one twice."""

    __tablename__ = "digest_changes"

    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), primary_key=True)
    change_id: Mapped[int] = mapped_column(ForeignKey("changes.id"), primary_key=True)
    digest_id: Mapped[int] = mapped_column(ForeignKey("digests.id"), index=True)


class Letter(Base):
    """What is said to one reader or, but for their links, to many. `content` has subject, text, html, short and data;
    `slot` stands in it where each reader's own token belongs."""

    __tablename__ = "letters"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[dt.datetime]
    slot: Mapped[str]
    content: Mapped[Any] = mapped_column(PackedJson)


class Delivery(Base):
    """The handing of one letter to one address: the outbox. `state`: waiting, sent, refused, abandoned or dropped.

    What is sent follows from the row and its letter alone, so a repeated attempt sends the same under the same
    `message_id`. `holder` is the sender that has taken it, `due_at` the moment before which nobody does. `channel` is
    the module that hands it over, `mailbox` the address as it is counted, `provider` who receives for it. `fault` is the
    type of the exception that the last attempt ended with, where it ended with one."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_state_due_at", "state", "due_at"),
        Index("ix_deliveries_provider_sent_at", "provider", "sent_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("digests.id"), unique=True)
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    letter_id: Mapped[int | None] = mapped_column(ForeignKey("letters.id"), index=True)
    address: Mapped[str]
    mailbox: Mapped[str] = mapped_column(index=True)
    channel: Mapped[str]
    provider: Mapped[str]
    message_id: Mapped[str] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(default="waiting")
    holder: Mapped[int | None] = mapped_column(index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    refusals: Mapped[int] = mapped_column(default=0, server_default="0")
    last_error: Mapped[str | None]
    fault: Mapped[str | None]
    created_at: Mapped[dt.datetime] = mapped_column(index=True)
    due_at: Mapped[dt.datetime]
    sent_at: Mapped[dt.datetime | None]

    digest: Mapped[Digest | None] = relationship()
    subscription: Mapped[Subscription | None] = relationship()
    letter: Mapped[Letter | None] = relationship()


class Bounce(Base):
    """A mail that came back: refused while it was handed over, or `reported` later. `status` is the reply's code or
    the enhanced status of RFC 3463."""

    __tablename__ = "bounces"

    id: Mapped[int] = mapped_column(primary_key=True)
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscriptions.id"), index=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id"), index=True)
    at: Mapped[dt.datetime]
    reported: Mapped[bool]
    status: Mapped[str]
    detail: Mapped[str]
