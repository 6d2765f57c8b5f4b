"""Whatever a channel, an address or a renderer raises is the result of its own delivery, and of no other."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from bench import faulty, mailserver
from notify import faults, mail, making, outbox, sending, subscriptions
from notify.channels.mail import Folder
from notify.filters import Filter
from notify.limits import Limits
from notify.parcels import Answer, Letter, Reader, Unsendable
from notify.post import Post
from notify.senders import LATER
from notify.smtp import Pool, Relay
from notify.subscriptions import Rhythm
from store import metrics
from store import models as rows
from store.database import Database
from store.errors import OperatorError, Unavailable
from yaodian.child import _tell_in_one_line

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
LETTER = Letter("教育要点摘要", "新发布 1 份", "<p>新发布 1 份</p>", "新发布 1 份")


@pytest.fixture
def broken() -> Iterator[dict[str, faulty.Faulty]]:
    with faulty.installed() as made:
        yield made


def put(database: Database, *addresses: str, kind: outbox.Kind = "confirmation") -> list[int]:
    with database.write() as session:
        outbox.put(session, kind, LETTER, [Reader(one) for one in addresses], "example.org", NOW)
        return list(session.scalars(select(rows.Delivery.id).order_by(rows.Delivery.id)))[-len(addresses) :]


def deliver(database: Database, post: Post, now: dt.datetime = NOW) -> list[sending.Handed]:
    handed: list[sending.Handed] = []
    sending.deliver(database, post, lambda: now, handed.append)
    return handed


def found(database: Database) -> dict[str, rows.Delivery]:
    with database.read() as session:
        return {one.address: one for one in session.scalars(select(rows.Delivery))}


def honest(database: Database) -> list[str]:
    return [one.state for address, one in sorted(found(database).items()) if address.startswith("honest")]


@pytest.mark.parametrize("connections", [1, 4])
def test_whatever_a_channel_raises_is_one_deliverys_result(
    database: Database, post: Post, broken: dict[str, faulty.Faulty], connections: int
) -> None:
    # Each several times: a library can leave something behind that only the next one meets.
    names = [name for name in faulty.FAULTS if name not in faulty.UNAVAILABLE] * 2
    addresses = []
    for number, name in enumerate(names):
        addresses += [
            f"faulty-send://{name}/{number}",
            f"faulty-send://none/{number}",
            f"honest{number}@example.org",
        ]
    put(database, *addresses)
    with capture_logs() as logged:
        handed = deliver(database, replace(post, connections=connections))
    assert len(handed) == len(addresses)
    assert honest(database) == ["sent"] * len(names)
    assert len(broken["send"].taken) == len(set(broken["send"].taken)) == len(names)
    by = found(database)
    for number, name in enumerate(names):
        one = by[f"faulty-send://{name}/{number}"]
        assert (one.state, one.attempts) == ("refused" if name in faulty.REFUSED else "waiting", 1), name
        if one.state == "waiting":
            assert one.due_at == NOW + LATER[0], name
        assert one.fault
        assert one.last_error
        assert one.last_error.isprintable()
        assert len(one.last_error) <= 300
    assert [event["event"] for event in logged] == ["delivery failed"] * len(names)
    told = {event["error"] for event in logged if "exception" in event}
    assert told == {event["error"] for event in logged}
    assert {event["log_level"] for event in logged} == {"error"}
    text = metrics.text(database, NOW).decode()
    assert 'yaodian_delivery_faults{channel="faulty-send",error="ZeroDivisionError"} 2.0' in text


def test_a_fault_is_tried_again_with_longer_waits_and_given_up_at_last(
    database: Database, post: Post, broken: dict[str, faulty.Faulty]
) -> None:
    put(database, "faulty-send://ZeroDivisionError/")
    now = NOW
    for wait in LATER:
        (handed,) = deliver(database, post, now)
        assert handed.noted.again_at == now + wait
        now += wait
    (handed,) = deliver(database, post, now)
    assert handed.noted.state == "abandoned"


@pytest.mark.one_database
def test_equal_faults_of_a_run_are_told_each_with_one_traceback(
    database: Database, post: Post, broken: dict[str, faulty.Faulty]
) -> None:
    put(database, *(f"faulty-send://ZeroDivisionError/{number}" for number in range(20)))
    with capture_logs() as logged:
        deliver(database, post)
    assert len({event["delivery"] for event in logged}) == 20
    assert sum("exception" in event for event in logged) == 1


@pytest.mark.parametrize("name", faulty.UNAVAILABLE)
def test_a_channel_that_is_unavailable_is_closed_for_the_run_and_nothing_counted(
    database: Database, post: Post, broken: dict[str, faulty.Faulty], name: str
) -> None:
    put(database, f"faulty-send://{name}/", "honest@example.org", "faulty-send://none/1")
    with pytest.raises(Unavailable, match="the channel is away"):
        deliver(database, replace(post, connections=1))
    assert honest(database) == ["sent"]
    assert [one.attempts for one in found(database).values() if one.state == "waiting"] == [0, 0]


def test_a_channel_that_can_not_be_opened_or_closed_stops_no_other(
    database: Database, post: Post, broken: dict[str, faulty.Faulty]
) -> None:
    put(
        database,
        "faulty-open://none/",
        "faulty-close://none/",
        "honest1@example.org",
        "faulty-provider://none/",
    )
    with capture_logs() as logged:
        deliver(database, post)
    assert honest(database) == ["sent"]
    states = {one.channel: one.state for one in found(database).values()}
    assert (states["faulty-open"], states["faulty-close"]) == ("waiting", "sent")
    assert {event["event"] for event in logged} == {"delivery failed", "channel not closed"}


def test_a_channel_is_opened_once_by_all_who_send_at_a_time(
    database: Database, post: Post, broken: dict[str, faulty.Faulty]
) -> None:
    put(database, *(f"faulty-send://none/{number}" for number in range(30)))
    assert len(deliver(database, replace(post, connections=8))) == 30
    assert len(broken["send"].taken) == 30


def test_an_answer_that_is_none_and_words_that_no_row_holds_stop_nobody(
    database: Database, post: Post, broken: dict[str, faulty.Faulty]
) -> None:
    put(database, *(f"faulty-answer://{name}/" for name in faulty.ANSWERS), "honest@example.org")
    deliver(database, post)
    assert honest(database) == ["sent"]
    assert {one.attempts for one in found(database).values()} == {1}


def test_who_hears_of_a_delivery_may_fail_but_not_go_away(
    database: Database, post: Post, broken: dict[str, faulty.Faulty]
) -> None:
    put(database, "honest1@example.org", "honest2@example.org")

    def fail(handed: sending.Handed) -> None:
        raise KeyError(handed.parcel.id)

    with capture_logs() as logged:
        sending.deliver(database, post, lambda: NOW, fail)
    assert honest(database) == ["sent", "sent"]
    assert [event["event"] for event in logged] == ["delivery not told"] * 2

    def leave(_: sending.Handed) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    put(database, "honest3@example.org")
    with pytest.raises(BrokenPipeError):
        sending.deliver(database, post, lambda: NOW, leave)


@pytest.mark.one_database
@pytest.mark.parametrize("stop", [KeyboardInterrupt, asyncio.CancelledError])
def test_who_wants_the_run_stopped_stops_it(
    database: Database, post: Post, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    async def send(*_: object) -> Answer:
        if stop is KeyboardInterrupt:
            raise KeyboardInterrupt
        # As asyncio does when the run is cancelled from outside.
        for task in asyncio.all_tasks():
            task.cancel()
        await asyncio.sleep(60)
        raise AssertionError

    put(database, "honest1@example.org", "honest2@example.org")
    monkeypatch.setattr(Folder, "send", send)
    with pytest.raises(stop):
        deliver(database, post)
    assert honest(database) == ["waiting", "waiting"]
    assert {one.attempts for one in found(database).values()} == {0}
    assert {one.holder for one in found(database).values()} == {None}


@pytest.mark.one_database
def test_what_can_not_be_noted_as_sent_stops_the_run_and_all_else_is_tried_later(
    database: Database, post: Post, broken: dict[str, faulty.Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise LookupError("a row that is not there")

    put(database, "faulty-send://UnicodeError/", "honest@example.org")
    monkeypatch.setattr("notify.bounces.refuse", refuse)
    deliver(database, post)
    assert {one.state for one in found(database).values()} == {"waiting", "sent"}


@pytest.mark.one_database
def test_a_database_that_is_away_is_said_in_one_line(
    database: Database, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise OperatorError("database: connection failed; start PostgreSQL there")

    put(database, "honest@example.org")
    monkeypatch.setattr("notify.senders.Sender.note", away)
    with pytest.raises(OperatorError, match="start PostgreSQL"):
        deliver(database, post)


@pytest.mark.one_database
def test_who_answers_for_ever_keeps_one_connection_for_a_time(
    database: Database, post: Post, broken: dict[str, faulty.Faulty], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST_S", 2.0)
    monkeypatch.setitem(faulty.FAULTS, "hangs", lambda: asyncio.sleep(3600))
    put(database, "faulty-send://hangs/", "honest@example.org")
    deliver(database, replace(post, connections=1))
    assert honest(database) == ["sent"]
    assert found(database)["faulty-send://hangs/"].fault == "TimeoutError"


POISONED = (
    "=?utf-8?q?a=0D=0ABcc=3A_x=40v.co?=@b.co",
    "=?utf-16?b?/v8ADQAK?=@b.co",
    "=?utf-7?q?+?=@b.co",
    "=?raw_unicode_escape?q?=5cud800?=@b.co",
    "=?utf-8?q?a=40victim.example=2C?=@b.co",
    "a@b.co\r\nRCPT TO:<c@d.org>",
    'a"@b.co',
    "a@b.co>",
    "a b@c.co",
    "a@b..co",
    "no address",
)


@pytest.mark.parametrize("through_smtp", [False, True])
def test_poisoned_rows_of_an_older_version_are_refused_and_stop_nobody(
    database: Database, post: Post, tmp_path: Path, through_smtp: bool
) -> None:
    for number, address in enumerate(POISONED):
        put(database, address, f"honest{number:02}@example.org")
    with mailserver.running(tmp_path / "taken") as server:
        way = Relay.parse(f"smtp://127.0.0.1:{server.port}") if through_smtp else None
        deliver(database, replace(post, relay=way, limits=Limits()))
        taken = [one.to for one in server.taken()]
    assert honest(database) == ["sent"] * len(POISONED)
    if through_smtp:
        assert sorted(taken) == [f"honest{number:02}@example.org" for number in range(len(POISONED))]
    for address in POISONED:
        one = found(database)[address]
        assert (one.state, one.fault) == ("refused", "Unsendable")
        assert (one.last_error or "").startswith("invalid address: got ")


@pytest.mark.one_database
@pytest.mark.parametrize("address", POISONED)
def test_the_envelope_names_no_poisoned_address(address: str) -> None:
    with pytest.raises(Unsendable, match="invalid recipient"):
        asyncio.run(Pool(Relay.parse("smtp://127.0.0.1:1"), "example.org").send("a@b.co", address, b""))


def subscribed(database: Database, address: str, **wanted: object) -> int:
    made = subscriptions.subscribe(
        database, address, Filter.model_validate(wanted), Rhythm(), dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
    )
    subscriptions.confirm(database, made.id, dt.datetime(2026, 8, 1, tzinfo=dt.UTC))
    return made.id


def test_a_letter_that_can_not_be_written_or_a_row_that_can_not_be_read_stops_no_other(
    archive: Database, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [subscribed(archive, f"honest{number}@example.org", official=number > 1) for number in range(3)]
    bad = subscribed(archive, "bad@example.org", kinds=("工作要点",))
    unreadable = subscribed(archive, "unreadable@example.org")
    with archive.write() as session:
        session.execute(
            update(rows.Subscription)
            .where(rows.Subscription.id == unreadable)
            .values(filter={"kinds": ["\x01"]})
        )
    written = mail.html

    def html(issue: object, edition: mail.Edition) -> str:
        if edition.wanted.kinds:
            raise ZeroDivisionError("in a template")
        return written(issue, edition)  # type: ignore[arg-type]

    now = dt.datetime.now(dt.UTC)
    monkeypatch.setattr(mail, "html", html)
    with capture_logs() as logged:
        assert making.make(archive, [*others, bad, unreadable], post, now) == 2
    assert {event["error"] for event in logged} == {"ZeroDivisionError", "ValidationError"}
    with archive.read() as session:
        made = set(session.scalars(select(rows.Digest.subscription_id)))
        later = session.get_one(rows.Subscription, bad)
        assert (later.told_at, later.next_due_at) == (None, now + making.AGAIN_AFTER)
    assert made == set(others)
    monkeypatch.setattr(mail, "html", written)
    assert making.make(archive, [bad], post, now) == 0
    with archive.read() as session:
        assert session.scalars(select(rows.Digest.subscription_id)).all().count(bad) == 1


@pytest.mark.one_database
def test_an_exception_is_contained_and_a_wish_to_stop_is_not() -> None:
    assert faults.is_contained(ExceptionGroup("a", [ValueError()]))
    assert not faults.is_contained(KeyboardInterrupt())
    assert not faults.is_contained(BaseExceptionGroup("a", [ValueError(), KeyboardInterrupt()]))
    assert not faults.is_contained(GeneratorExit())


@pytest.mark.one_database
def test_what_a_child_did_not_catch_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        raise faulty.Custom
    except faulty.Custom as error:
        _tell_in_one_line(type(error), error, error.__traceback__)
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["event"], told["level"], told["error"]) == ("crashed", "error", "Custom")
    assert "raise faulty.Custom" in told["exception"] or len(told["exception"]) == 20_000
