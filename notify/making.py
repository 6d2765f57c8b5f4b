"""From what is due to digests that wait in the outbox: each is made, and put there, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from notify import mail, outbox
from notify.digests import Issue, build, matching
from notify.parcels import Letter, Reader
from notify.post import Post
from notify.subscriptions import ACTIVE, Rhythm
from store import models as rows
from store.database import Database


def preview(database: Database, subscription_id: int, now: dt.datetime) -> tuple[Issue, str]:
    """What the next digest of a subscription would say, and its time zone; nothing is recorded."""
    with database.read() as session:
        subscription = session.get_one(rows.Subscription, subscription_id)
        return build(matching(session, subscription), now), Rhythm.model_validate(
            subscription.rhythm
        ).timezone


def make(database: Database, subscription_ids: Iterable[int], post: Post, now: dt.datetime) -> None:
    """One digest for each subscription that has something to be told, waiting in the outbox."""
    for subscription_id in subscription_ids:
        with database.write() as session:
            # Whoever makes this subscription's digest at the same moment waits here, and then sees what ours carries.
            subscription = session.get(rows.Subscription, subscription_id, with_for_update=True)
            if subscription is None or subscription.state != ACTIVE:
                continue
            rhythm = Rhythm.model_validate(subscription.rhythm)
            subscription.next_due_at = rhythm.next(now)
            changes = matching(session, subscription)
            if not changes:
                continue
            digest = rows.Digest(subscription_id=subscription.id, created_at=now)
            session.add(digest)
            session.flush()
            session.add_all(
                rows.DigestChange(subscription_id=subscription.id, change_id=change.id, digest_id=digest.id)
                for change in changes
            )
            letter = _letter(build(changes, now), rhythm.timezone)
            reader = Reader(subscription.address, subscription.id, digest.id)
            outbox.put(session, "digest", letter, [reader], post.domain, now)


def _letter(issue: Issue, timezone: str) -> Letter:
    text = mail.text(issue, timezone)
    return Letter(mail.subject(issue, timezone), text, mail.html(issue, timezone), text)
