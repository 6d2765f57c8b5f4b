"""Mail that comes back later, as delivery status notifications (RFC 3464): which of ours it was, and what follows."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage

from sqlalchemy import select

from notify import bounces, outbox
from notify.parcels import Answer
from store import models as rows
from store.database import Database
from store.errors import UsageError

_ID = re.compile(r"<[^<>\s]+>")
MOST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Report:
    """What a notification says of one mail. `action` is failed, delayed, delivered, relayed or expanded."""

    message_id: str
    action: str
    status: str
    detail: str


def note(database: Database, content: bytes, now: dt.datetime) -> list[str]:
    """Note what a mail reports of ours, and tell it in lines. Raises UsageError when it reports nothing of ours.

    A Message-ID of ours can't be guessed, so who knows it was handed that mail.
    """
    said = []
    for report in reports(content):
        with database.write() as session:
            query = select(rows.Delivery).where(rows.Delivery.message_id == report.message_id)
            delivery = session.scalars(query.with_for_update()).first()
            if delivery is None:
                continue
            who = f"subscription {delivery.subscription_id}" if delivery.subscription_id else delivery.kind
            if report.action != "failed" or not report.status.startswith("5"):
                said.append(f"{who}: {report.action} ({report.status}): nothing is done")
                continue
            if delivery.state != outbox.SENT:
                said.append(f"{who}: {report.status}: known already")
                continue
            answer = Answer("refused", report.detail, report.status, is_bounce=True)
            bounces.refuse(session, delivery, answer, now, reported=True)
            state = delivery.subscription.state if delivery.subscription else delivery.state
            said.append(f"{who} ({state}): {report.status} {report.detail}")
    if not said:
        raise UsageError("this mail reports of none that was sent from here")
    return said


def reports(content: bytes) -> Iterator[Report]:
    """What a mail reports, of each recipient."""
    mail = message_from_bytes(content[:MOST_BYTES], policy=policy.default)
    message_id = _original(mail)
    if message_id is None:
        return
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in part.get_payload():  # one of the mail, then one of each recipient
            if not isinstance(block, EmailMessage) or "Action" not in block:
                continue
            code = str(block.get("Diagnostic-Code", "")).partition(";")[2] or str(block.get("Status", ""))
            yield Report(
                message_id,
                str(block["Action"]).strip().lower(),
                str(block.get("Status", "")).split("(")[0].strip(),
                re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", code).strip()[:300],
            )


def _original(mail: EmailMessage) -> str | None:
    """The Message-ID of the mail that is reported: the whole of it, or its headers, come last."""
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822":
            found = str(next(iter(part.iter_parts()), part).get("Message-ID", ""))
        elif part.get_content_type() == "text/rfc822-headers":
            headers = part.get_content()
            found = str(
                message_from_bytes(headers.encode() if isinstance(headers, str) else headers).get(
                    "Message-ID", ""
                )
            )
        else:
            continue
        if match := _ID.search(found):
            return match[0]
    return None
