"""From what is due to digests that wait: each is made, and rendered into its delivery's row, in one transaction."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable

from notify import mail
from notify.digests import Issue, build, matching
from notify.subscriptions import Rhythm
from store import models as rows
from store.database import Database


def preview(database: Database, subscription_id: int, now: dt.datetime) -> tuple[Issue, str]:
    """What the next digest of a subscription would say, and its time zone; nothing is recorded."""
    with database.read() as session:
        subscription = session.get_one(rows.Subscription, subscription_id)
        return build(matching(session, subscription), now), Rhythm.model_validate(
            subscription.rhythm
        ).timezone


def make(database: Database, subscription_ids: Iterable[int], sender: str, now: dt.datetime) -> None:
    """One digest for each subscription that has something to be told, waiting to be delivered."""
    domain = sender.rpartition("@")[2].rstrip(">") or "localhost"
    for subscription_id in subscription_ids:
        with database.write() as session:
            # Whoever makes this subscription's digest at the same moment waits here, and then sees what ours carries.
            subscription = session.get_one(rows.Subscription, subscription_id, with_for_update=True)
            rhythm = Rhythm.model_validate(subscription.rhythm)
            subscription.next_due_at = rhythm.next(now)
            changes = matching(session, subscription)
            if not changes:
                continue
            digest = rows.Digest(subscription_id=subscription.id, created_at=now)
            session.add(digest)
            session.flush()
            for change in changes:
                session.add(
                    rows.DigestChange(
                        subscription_id=subscription.id, change_id=change.id, digest_id=digest.id
                    )
                )
            message_id = f"<digest.{digest.id}.{secrets.token_hex(8)}@{domain}>"
            message = mail.message(
                build(changes, now),
                to=subscription.address,
                sender=sender,
                message_id=message_id,
                timezone=rhythm.timezone,
            )
            session.add(rows.Delivery(digest_id=digest.id, message_id=message_id, message=message.as_bytes()))
