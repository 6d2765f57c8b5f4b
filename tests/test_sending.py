"""Mail reaches a real SMTP server once, whatever that one does, with headers that nothing can be slipped into."""

from __future__ import annotations

import datetime as dt
import email.policy
import random
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from bench import mailserver, senders
from notify import composing, outbox, returned, sending, subscriptions
from notify.filters import Filter
from notify.limits import Limits
from notify.parcels import Letter, Parcel, Reader
from notify.post import Post
from notify.senders import Sender
from notify.smtp import Relay, judged
from notify.subscriptions import Rhythm
from store import models as rows
from store.database import Database
from store.errors import Unavailable, UsageError

NOW = dt.datetime(2026, 11, 23, 0, 0, tzinfo=dt.UTC)
LETTER = Letter("教育要点摘要 2026-11-23：新发布 1", "新发布 1 份", "<p>新发布 1 份</p>", "新发布 1 份")


def subscribed(database: Database, address: str = "reader@example.org") -> int:
    made = subscriptions.subscribe(database, address, Filter(), Rhythm(), NOW)
    subscriptions.confirm(database, made.id, NOW)
    return made.id


def put(database: Database, *addresses: str, kind: outbox.Kind = "digest") -> list[int]:
    """A letter of its own subscription to each address; the subscriptions' ids."""
    ids = [subscribed(database, address) for address in addresses]
    with database.write() as session:
        readers = [Reader(session.get_one(rows.Subscription, one).address, one) for one in ids]
        outbox.put(session, kind, LETTER, readers, "example.org", NOW)
    return ids


def deliver(database: Database, post: Post, now: dt.datetime = NOW) -> list[sending.Handed]:
    handed: list[sending.Handed] = []
    sending.deliver(database, post, lambda: now, handed.append)
    return handed


def states(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(rows.Delivery.state).order_by(rows.Delivery.id)))


def through(post: Post, url: str) -> Post:
    return replace(post, relay=Relay.parse(url))


PARCEL = Parcel(7, "digest", "mail", "reader@example.org", "<digest.x@example.org>", NOW, 1, 3, NOW, 1)


def test_a_mail_says_all_that_a_list_mail_has_to(post: Post) -> None:
    raw = composing.message(replace(LETTER, text=f"退订 {LETTER.slot}"), PARCEL, post)
    assert raw == composing.message(replace(LETTER, text=f"退订 {LETTER.slot}"), PARCEL, post)
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    token = post.token_for(3, NOW)
    assert mail["Subject"] == LETTER.subject
    assert mail["List-Id"] == "Yaodian <digest.example.org>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"] == (
        f"<https://yaodian.example.org/subscriptions/{token}/unsubscribe>, "
        f"<mailto:yaodian@example.org?subject=unsubscribe%20{token}>"
    )
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().strip() == f"退订 {token}"
    assert post.tokens.managed(token).id == 3


@pytest.mark.one_database
def test_mail_goes_over_few_connections_with_tls_and_a_password(
    database: Database, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(database, "用户@例子.中国", *(f"r{n}@example.org" for n in range(9)))
    words = ("--tls", str(tmp_path), "--login", "yaodian:p@ss/word")
    with mailserver.running(tmp_path / "taken", *words) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        url = f"smtp+starttls://yaodian:{{}}@localhost:{server.port}"
        with pytest.raises(Unavailable, match="535") as refused:
            deliver(database, through(post, url.format("wrong")))
        assert "wrong" not in str(refused.value)
        assert states(database) == ["waiting"] * 10
        handed = deliver(database, replace(through(post, url.format("p%40ss%2Fword")), connections=2))
        taken = server.taken()
    assert {one.noted.state for one in handed} == {"sent"}
    assert {one.to for one in taken} == {
        "用户@xn--fsqu00a.xn--fiqs8s",
        *(f"r{n}@example.org" for n in range(9)),
    }
    assert all(one.tls and one.login for one in taken)
    assert len({one.peer for one in taken}) <= 2


@pytest.mark.one_database
def test_a_certificate_that_nobody_vouches_for_gets_no_password(
    database: Database, post: Post, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notify.smtp.CONNECT_WAITS_S", ())
    put(database, "a@example.org")
    with (
        mailserver.running(tmp_path / "taken", "--tls", str(tmp_path), "--implicit") as server,
        pytest.raises(Unavailable, match="certificate verify failed"),
    ):
        deliver(database, through(post, f"smtps://yaodian:secret@localhost:{server.port}"))
    assert states(database) == ["waiting"]


def test_later_and_never_are_told_apart(database: Database, post: Post, tmp_path: Path) -> None:
    later, never, gone = put(database, "a@example.org", "nobody@example.org", "nobody2@example.org")
    with database.write() as session:
        session.execute(
            update(rows.Delivery).where(rows.Delivery.subscription_id == gone).values(kind="confirmation")
        )
    moments = iter(
        (NOW, NOW + dt.timedelta(minutes=2), NOW + dt.timedelta(hours=7), NOW + dt.timedelta(days=2))
    )
    with mailserver.running(tmp_path / "taken", "--later", "1") as server:
        now = next(moments)
        handed = deliver(database, through(post, f"smtp://127.0.0.1:{server.port}"), now)
    by = {one.parcel.subscription_id: one for one in handed}
    assert by[later].noted.again_at == NOW + dt.timedelta(minutes=1)
    assert by[later].answer.said == "450 4.2.1 the mailbox is busy"
    assert by[never].noted.again_at == NOW + dt.timedelta(hours=6)
    assert by[gone].noted.state == "refused"
    with mailserver.running(tmp_path / "taken") as server:
        for now in moments:
            deliver(database, through(post, f"smtp://127.0.0.1:{server.port}"), now)
        assert states(database) == ["sent", "refused", "refused"]
        paused = subscriptions.get(database, never)
        assert (paused.state, paused.reason) == (
            "paused",
            "mail can't be delivered: 550 5.1.1 no such mailbox",
        )
        # What it carries is not lost: the same mail goes out when the subscription goes on.
        subscriptions.resume(database, never, now)
        with database.write() as session:
            session.execute(update(rows.Delivery).values(address="a@example.org"))
        (again,) = deliver(database, through(post, f"smtp://127.0.0.1:{server.port}"), now)
    assert (again.parcel.subscription_id, again.noted.state) == (never, "sent")


@pytest.mark.parametrize(
    ("code", "said", "verdict", "is_bounce"),
    [
        (421, "4.3.2 closing", "later", False),
        (450, "4.2.1 greylisted", "later", False),
        (550, "5.1.1 no such user", "refused", True),
        (550, "mailbox unavailable", "refused", True),
        (550, "5.7.1 relaying denied", "refused", False),
        (554, "5.7.1 looks like spam", "refused", False),
        (552, "5.2.2 mailbox full", "refused", False),
    ],
)
def test_what_a_reply_means(code: int, said: str, verdict: str, is_bounce: bool) -> None:
    answer = judged(code, said, at_rcpt=True)
    assert (answer.verdict, answer.is_bounce) == (verdict, is_bounce)


@pytest.mark.one_database
def test_a_server_that_is_not_there_costs_nothing(
    database: Database, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notify.smtp.CONNECT_WAITS_S", (0.01,))
    put(database, "a@example.org")
    with pytest.raises(Unavailable, match=r"smtp://127.0.0.1:1: .*mend YAODIAN_SMTP_URL"):
        deliver(database, through(post, "smtp://127.0.0.1:1"))
    with database.read() as session:
        (delivery,) = session.scalars(select(rows.Delivery))
        assert (delivery.state, delivery.attempts, delivery.holder) == ("waiting", 0, None)


def test_a_provider_gets_no_more_than_its_rate_from_all_senders(database: Database) -> None:
    put(database, *(f"r{n}@example.org" for n in range(5)), "a@example.com", "b@example.com")
    limits = Limits(12, {"example.com": 0})  # two in ten seconds
    with Sender(database, limits) as one, Sender(database, limits) as other:
        taken = [one.take(NOW), other.take(NOW)]
        assert [[parcel.address for parcel in parcels] for parcels in taken] == [
            ["r0@example.org", "r1@example.org", "a@example.com", "b@example.com"],
            [],
        ]
        assert other.is_crowded(NOW)
        for parcel in taken[0]:
            one.note(parcel, sending.Answer("sent", "250"), NOW)
        assert other.take(NOW + dt.timedelta(seconds=9)) == []
        assert len(other.take(NOW + dt.timedelta(seconds=11))) == 2


def test_what_a_sender_held_is_free_when_it_is_gone(database: Database) -> None:
    put(database, "a@example.org", "b@example.org")
    with Sender(database, Limits()) as one:
        assert len(one.take(NOW)) == 2
        with Sender(database, Limits()) as other:
            assert other.number != one.number
            assert other.take(NOW) == []
    with Sender(database, Limits()) as after:
        assert len(after.take(NOW)) == 2


def test_killed_senders_lose_nothing_and_tell_nothing_twice(
    data: Path, database_url: str, database: Database
) -> None:
    """The short form of `python -m bench.senders`."""
    result = senders.proof(data, 2, random.Random(5), database_url, subscribers=8)
    assert result.holds, result


DSN = """\
From: MAILER-DAEMON@mx.example.com
To: yaodian@example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; reader@example.org
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such
    user here

--b
Content-Type: {kind}

From: yaodian@example.org
Message-ID: {message_id}
Subject: x

--b--
"""


@pytest.mark.one_database
@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
def test_mail_that_comes_back_is_noted(database: Database, post: Post, kind: str) -> None:
    (one,) = put(database, "reader@example.org")
    deliver(database, post)
    with database.read() as session:
        message_id = session.scalars(select(rows.Delivery.message_id)).one()

    def come_back(action: str, status: str, at: dt.datetime) -> list[str]:
        text = DSN.format(action=action, status=status, kind=kind, message_id=message_id)
        return returned.note(database, text.replace("\n", "\r\n").encode(), at)

    assert come_back("delayed", "4.4.1", NOW) == [f"subscription {one}: delayed (4.4.1): nothing is done"]
    assert states(database) == ["sent"]
    now = NOW
    for state in ("active", "active", "paused"):
        assert come_back("failed", "5.1.1", now) == [
            f"subscription {one} ({state}): 5.1.1 550 5.1.1 no such user here"
        ]
        now += dt.timedelta(days=2)
        deliver(database, post, now)
    assert states(database) == ["refused"]
    with pytest.raises(UsageError, match="reports of none"):
        returned.note(database, b"Subject: hello\r\n\r\n", NOW)
