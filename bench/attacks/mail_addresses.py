"""Addresses that a mail library or an SMTP server could read as something else, from the form to the mail server: each is
asked for, confirmed and sent its digest, and honest readers between them get exactly one."""

from __future__ import annotations

import datetime as dt
import logging
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from itertools import islice
from pathlib import Path

import structlog
from sqlalchemy import select

from bench import hostile_text, mailserver
from bench.attacks import Attempt, Ground
from notify import making, outbox, requests, sending
from notify.parcels import Letter, Reader
from notify.post import Post
from notify.requests import Wish
from notify.smtp import Relay
from notify.subscriptions import Rhythm
from notify.tokens import Reference, Tokens
from store import models as rows
from store.database import Database
from store.errors import WrongUse

TITLE = "hostile mail addresses, end to end"
BOTH_DATABASES = True

ALL, SAMPLE = 10_000, 150
HONEST_EVERY = 50
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
KNOWN = (
    "=?utf-8?q?a=0D=0ABcc=3A_x=40v.co?=@b.co", "=?utf-8?b?YQ0KQmNjOiB4QHYuY28=?=@b.co", "=?utf-16?b?/v8ADQAK?=@b.co",
    "=?utf-7?q?+?=@b.co", "=?raw_unicode_escape?q?=5cud800?=@b.co", "=?utf-8?q?a=40victim.example=2C?=@b.co",
    "=?utf-8?q?=22=3E?=@b.co", "=?utf-8?q?=00?=@b.co", "=?a?b?c?=@b.co", "=?us-ascii?q?=FF?=@b.co", "a=?=@b.co",
    "!#$%&'*+/=?^_`{|}~-@b.co", "a@b.co\r\nRCPT TO:<c@d.org>", "a@b.co\nBcc: c@d.org", "\u2028a@b.co", "＜a＞@b.co",
    "\u0338a@b.co", "⒈@b.co", "a＝？@b.co", "＝?utf-8?q?x?=@b.co", "a@b.co..", "a@[127.0.0.1]", "<a@b.co>", '"a b"@b.co',
    "a(c)@b.co", "a@b.co (c)", "x <a@b.co>", "a@b.co,c@d.org", "a;b@c.co", "a@\ud800.co", "\udfff@b.co", "",
)  # fmt: skip


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Send to all, then ask of each address what the server was told for it."""
    hostile = [*KNOWN, *islice(hostile_text.addresses(11), SAMPLE if ground.is_short else ALL)]
    # Each refusal is logged, as it should be: thousands of them here.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    database = Database(ground.database_url)
    with mailserver.running(ground.data / "taken", "--keep", str(ground.data / "mails")) as server:
        post = make_post(ground.data, server.port)
        kept = [_subscribe(database, post, typed) for typed in hostile]
        honest = [f"honest{number}@example.org" for number in range(len(hostile) // HONEST_EVERY + 1)]
        for one in honest:
            _subscribe(database, post, one)
        sending.deliver(database, post, lambda: NOW)
        _confirm(database, post)
        later = NOW + dt.timedelta(days=8)
        with database.read() as session:
            everybody = list(session.scalars(select(rows.Subscription.id)))
        making.make(database, everybody, post, later)
        # As an older version has kept them.
        poisoned = [
            one for one, address in zip(hostile, kept, strict=True) if address is None and _fits_row(one)
        ]
        _put(database, poisoned, later)
        sending.deliver(database, post, lambda: later)
        mails = read_mails(ground.data / "mails")
    with database.read() as session:
        waits = session.scalars(
            select(rows.Delivery.address).where(rows.Delivery.state == outbox.WAITING)
        ).all()
    database.close()
    taken = Counter(recipient for recipient, raw in mails if b"Message-ID: <digest." in raw)
    meant = Counter(address for address in kept if address) + Counter(honest)
    for recipient, raw in mails:
        if breach := find_breach(recipient, raw):
            yield Attempt(f"mail to {recipient!r}", breach)
    for typed, address in zip(hostile, kept, strict=True):
        wrong = address is not None and not taken[address]
        yield Attempt(repr(typed), f"no digest reached {address!r}" if wrong else "")
    for one in honest:
        yield Attempt(one, "" if taken[one] == 1 else f"got {taken[one]} digests")
    if stray := set(taken) - set(meant):
        yield Attempt("recipients", f"mail went to {sorted(stray)[:3]}")
    if waits:
        yield Attempt("outbox", f"{len(waits)} still wait, such as {waits[0]!r}")


def make_post(data: Path, port: int) -> Post:
    """Return the way to the mail server, whose digests come whether there is news or not."""
    return Post(
        "要点 Yaodian <yaodian@example.org>",
        Tokens("a secret of the attacks, long enough"),
        data / "outbox",
        base_url="https://yaodian.example.org",
        relay=Relay.parse(f"smtp://127.0.0.1:{port}"),
    )


def _subscribe(database: Database, post: Post, typed: str) -> str | None:
    """Request a subscription; return the address as it is stored, None if it is refused."""
    try:
        return requests.request(database, post, Wish(typed, rhythm=Rhythm(always=True)), NOW).address
    except WrongUse:
        return None


def _confirm(database: Database, post: Post) -> None:
    with database.read() as session:
        made = list(session.execute(select(rows.Subscription.id, rows.Subscription.created_at)))
    for number, created_at in made:
        requests.confirm(database, post, post.tokens.confirmation(Reference(number, created_at), NOW), NOW)


def _fits_row(text: str) -> bool:
    """Return True if a database row can hold the text."""
    return "\x00" not in text and text.isprintable() and "://" not in text


def _put(database: Database, addresses: list[str], now: dt.datetime) -> None:
    letter = Letter("要点", "text", "<p>", "text")
    with database.write() as session:
        readers = [Reader(one) for one in addresses]
        if readers:
            outbox.put(session, "manage", letter, readers, "example.org", now)


def read_mails(folder: Path) -> list[tuple[str, bytes]]:
    """Return every mail that the server took: who the envelope named, and its bytes."""
    found = []
    for path in sorted(folder.glob("*.eml")):
        recipients, _, raw = path.read_bytes().partition(b"\n")
        found.append((recipients.decode(), raw))
    return found


NAMES = ["from", "to", "subject", "date", "message-id", "auto-submitted"]
LISTED = ["list-id", "list-unsubscribe-post", "list-unsubscribe"]
END = ["mime-version", "content-type"]


def find_breach(recipient: str, raw: bytes) -> str:
    """Return what is wrong with a mail: a header, a recipient or a line that nobody meant; "" for none."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    if any(b"\r" in line or b"\n" in line or b"\x00" in line for line in lines):
        return f"a line is torn: {head!r}"
    names = [line.partition(b":")[0].decode().lower() for line in lines if not line.startswith((b" ", b"\t"))]
    is_list = b"Message-ID: <digest." in head
    wanted = NAMES + (LISTED if is_list else []) + END
    plain = [*wanted, "content-transfer-encoding"]
    if names not in (wanted, plain):
        return f"headers are {names}"
    parsed = message_from_bytes(raw, policy=policy.default)
    if sorted(key.lower() for key in parsed.keys()) != sorted(names):  # noqa: SIM118 (a header can be there twice)
        return f"email reads {parsed.keys()}"
    to = next(line for line in lines if line.lower().startswith(b"to:"))
    if to != b"To: " + recipient.encode() or "," in recipient:
        return f"{to!r} is not who the envelope names: {recipient!r}"
    return ""
