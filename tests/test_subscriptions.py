"""A subscription's life: when its digests are due, how it is changed, paused, left and erased."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from typer.testing import CliRunner

from notify import making, outbox, personal, sending, subscriptions
from notify.addresses import checked_address, mailbox
from notify.filters import Filter
from notify.parcels import Letter, Reader
from notify.post import Post
from notify.subscriptions import Rhythm
from notify.tokens import CONFIRM_WITHIN, Reference, Tokens
from store import models as rows
from store.database import Database
from store.errors import BadLink, UsageError, WrongUse
from store.mailboxes import RULES, Rule
from yaodian.commands import loaded

BEFORE = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Santiago")


def subscribed(database: Database, address: str = "reader@example.org") -> int:
    made = subscriptions.subscribe(database, address, Filter(), Rhythm(), BEFORE)
    subscriptions.confirm(database, made.id, BEFORE)
    return made.id


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def send(database: Database, post: Post) -> list[str]:
    states: list[str] = []
    making.make(database, sending.chosen(database, now(), only=None, everyone=True), post, now())
    sending.deliver(database, post, now, lambda handed: states.append(handed.noted.state))
    return states


@given(
    st.datetimes(dt.datetime(2026, 1, 1), dt.datetime(2028, 12, 31), timezones=st.just(dt.UTC)),  # noqa: DTZ001
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.sampled_from((0, 30)),
)
def test_a_daily_digest_comes_once_a_day_also_when_the_clocks_change(
    after: dt.datetime, zone: str, hour: int, minute: int
) -> None:
    rhythm = Rhythm(every="daily", at=f"{hour:02}:{minute:02}", timezone=zone)
    moments = [after]
    for _ in range(4):
        moments.append(rhythm.next(moments[-1]))
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments[1:]]
    assert days == [days[0] + dt.timedelta(days=n) for n in range(4)]
    assert dt.timedelta(0) < moments[1] - after <= dt.timedelta(hours=25)


@pytest.mark.parametrize(
    ("rhythm", "after", "due"),
    [
        (Rhythm(), "2026-11-20T00:00+08:00", "2026-11-23T08:00+08:00"),
        (Rhythm(), "2026-11-23T08:00+08:00", "2026-11-30T08:00+08:00"),
        (Rhythm(on="wed", at="23:30"), "2026-11-25T23:29+08:00", "2026-11-25T23:30+08:00"),
        (Rhythm(every="monthly"), "2026-11-20T00:00+08:00", "2026-12-01T08:00+08:00"),
        (Rhythm(every="monthly", on="last"), "2027-02-01T00:00+08:00", "2027-02-28T08:00+08:00"),
        # 2:30 is skipped on this day, 1:30 is there twice on that one
        (
            Rhythm(every="daily", at="02:30", timezone="America/New_York"),
            "2027-03-13T12:00-05:00",
            "2027-03-14T03:30-04:00",
        ),
        (
            Rhythm(every="daily", at="01:30", timezone="America/New_York"),
            "2027-11-07T01:30-04:00",
            "2027-11-08T01:30-05:00",
        ),
    ],
)
def test_when_a_digest_is_due(rhythm: Rhythm, after: str, due: str) -> None:
    assert rhythm.next(dt.datetime.fromisoformat(after)) == dt.datetime.fromisoformat(due)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("reader@Example.ORG", "reader@example.org"),
        ("reader+news@example.org", "reader+news@example.org"),
        ("读者@例子.中国", "读者@xn--fsqu00a.xn--fiqs8s"),
        ("a@例子。中国", "a@xn--fsqu00a.xn--fiqs8s"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("a@example.org.", "a@example.org"),
        ("a@例子。中国。", "a@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_an_address_is_kept_as_mail_servers_know_it(typed: str, kept: str) -> None:
    assert checked_address(typed) == kept


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@b.org", "a b@c.org", "a@b.org,c@d.org", "a@b.org\r\nX: y", "a@localhost", "<a@b.org>",
     "a..b@c.org", ".a@c.org", "a@b..org", "a@-b.org", "a@1.2.3.4", "a@[::1]", "a\u200b@c.org", f"{'a' * 65}@c.org",
     "=?utf-8?q?x?=@b.co", "a=?=@b.co", "＝?x@b.co", "a@b.org..", "＜a＞@b.org", "⒈@b.org", "\u0338a@b.org", "\ud800@b.org",
     "a" * 100_000 + "@b.org", "a@" + "b" * 100_000, '"a b"@c.org', "a(c)@b.org"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(WrongUse, match="is no mail address"):
        checked_address(address)


def test_tags_and_case_make_no_other_mailbox() -> None:
    assert mailbox("Reader+one@example.org") == mailbox("reader+two@Example.org.") == "reader@example.org"
    assert mailbox("+one@example.org") == "+one@example.org"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.domains[0])
def test_a_provider_s_rules_make_its_example_one_mailbox(rule: Rule) -> None:
    one, other = rule.example
    assert one != other
    assert mailbox(one) == mailbox(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a.b@example.org", "ab@example.org"),
        ("a-b@example.org", "a@example.org"),
        ("a.b@outlook.com", "ab@outlook.com"),
        ("a@hotmail.com", "a@outlook.com"),
        ("a-b@gmail.com", "a@gmail.com"),
        ("a@qq.com", "a@foxmail.com"),
        ("a.b@163.com", "ab@163.com"),
        ("a@163.com", "a@126.com"),
        ("a.b@icloud.com", "ab@icloud.com"),
        ("a@b.gmail.com", "b@gmail.com"),
        ("-a@yahoo.com", "-b@yahoo.com"),
        ("webhook+https://h.example/a@gmail.com", "webhook@gmail.com"),
    ],
)
def test_what_no_provider_takes_for_one_is_two_mailboxes(one: str, other: str) -> None:
    assert mailbox(one) != mailbox(other)


def test_a_link_is_read_only_by_who_signed_it_and_a_confirmation_only_for_three_days() -> None:
    tokens, others = Tokens("a" * 40), Tokens("b" * 40)
    reference = Reference(7, BEFORE + dt.timedelta(microseconds=3))
    assert tokens.managed(tokens.manage(reference)) == reference
    confirmation = tokens.confirmation(reference, BEFORE)
    assert tokens.confirmed(confirmation, BEFORE + CONFIRM_WITHIN) == reference
    with pytest.raises(BadLink, match="older than three days"):
        tokens.confirmed(confirmation, BEFORE + CONFIRM_WITHIN + dt.timedelta(seconds=2))
    for torn in ("", confirmation[:-1], tokens.manage(reference), others.confirmation(reference, BEFORE)):
        with pytest.raises(BadLink, match="is not whole"):
            tokens.confirmed(torn, BEFORE)
    with pytest.raises(BadLink, match="is not whole"):
        tokens.managed(confirmation)


def test_what_happens_while_it_is_paused_is_told_when_it_goes_on(archive: Database, post: Post) -> None:
    one = subscribed(archive)
    subscriptions.pause(archive, one, "by its owner")
    assert send(archive, post) == []
    subscriptions.resume(archive, one, now())
    assert send(archive, post) == ["sent"]
    assert send(archive, post) == []


def test_a_digest_that_waits_is_not_sent_to_who_has_left(archive: Database, post: Post) -> None:
    one, other = subscribed(archive), subscribed(archive, "other@example.org")
    making.make(archive, [one, other], post, now())
    subscriptions.unsubscribe(archive, one, now())
    subscriptions.unsubscribe(archive, one, now())
    assert send(archive, post) == ["sent"]
    assert [s.id for s in subscriptions.every(archive)] == [other]
    with pytest.raises(UsageError, match="is ended"):
        subscriptions.confirm(archive, one, now())
    with pytest.raises(UsageError, match="there is nothing to resume"):
        subscriptions.resume(archive, one, now())


def test_a_change_of_rhythm_holds_from_now_on(database: Database) -> None:
    one = subscribed(database)
    changed = subscriptions.change(
        database, one, BEFORE, wanted=Filter(kinds=("工作要点",)), rhythm=Rhythm(every="daily"), language="en"
    )
    assert (changed.filter["kinds"], changed.language) == (["工作要点"], "en")
    assert changed.next_due_at == BEFORE + dt.timedelta(
        days=1
    )  # 8:00 in Shanghai is now: the next is tomorrow's


def test_all_that_is_kept_of_a_person_is_handed_out_and_erased(archive: Database, post: Post) -> None:
    one, two = subscribed(archive), subscribed(archive)
    other = subscribed(archive, "other@example.org")
    send(archive, post)
    kept = personal.export_data(archive, one)
    assert [s["id"] for s in kept["subscriptions"]] == [one, two]
    assert [d["state"] for d in kept["subscriptions"][0]["deliveries"]] == ["sent"]
    assert len(kept["subscriptions"][0]["digests"][0]["changes"]) > 10
    reference = Reference(one, BEFORE)
    assert subscriptions.of_link(archive, reference).id == one
    assert personal.erase(archive, one) == 2
    with archive.read() as session:
        for table in (rows.Subscription, rows.Digest, rows.Delivery):
            assert session.scalar(select(func.count()).select_from(table)) == 1, table
        assert session.scalars(select(rows.Subscription.id)).one() == other
        assert session.scalars(select(rows.DigestChange.subscription_id).distinct()).all() == [other]
        assert session.scalar(select(func.count()).select_from(rows.Letter)) == 1
    with pytest.raises(BadLink, match="is no more"):
        subscriptions.of_link(archive, reference)
    # SQLite gives the number away again; the old link does not lead to the new one
    later = subscriptions.subscribe(archive, "new@example.org", Filter(), Rhythm(), now())
    with pytest.raises(BadLink, match="is no more"):
        subscriptions.of_link(archive, Reference(later.id, BEFORE))


def test_what_is_of_no_more_use_is_erased(database: Database, post: Post) -> None:
    waiting = subscriptions.subscribe(database, "a@example.org", Filter(), Rhythm(), BEFORE)
    left, stays = subscribed(database, "b@example.org"), subscribed(database, "c@example.org")
    subscriptions.unsubscribe(database, left, BEFORE)
    with database.write() as session:
        letter = Letter("s", "t", "", "t")
        outbox.put(session, "digest", letter, [Reader("c@example.org", stays)], "x.org", BEFORE)
    assert personal.tidy(database, BEFORE + dt.timedelta(days=6)) == 0
    assert personal.tidy(database, BEFORE + dt.timedelta(days=8)) == 1
    assert personal.tidy(database, BEFORE + dt.timedelta(days=61)) == 1
    assert [s.id for s in subscriptions.every(database, ended=True)] == [stays] != [waiting.id]
    sending.deliver(database, post, lambda: BEFORE)
    assert personal.tidy(database, BEFORE + dt.timedelta(days=61)) == 0
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(rows.Letter)) == 0
        assert session.scalars(select(rows.Delivery.state)).one() == "sent"


@pytest.mark.one_database
def test_the_operator_manages_a_subscription(database: Database, data: Path) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(loaded(), ["--data", str(data), *words])
        if result.exception and not isinstance(result.exception, SystemExit):
            return str(result.exception)
        return result.output

    subscribed(database)
    assert run("subscriptions", "pause", "1") == (
        "subscription 1 for reader@example.org is paused (by the operator)\n"
    )
    assert run("digest", "send", "--subscription", "1") == "subscription 1 is paused; resume it first"
    assert "is active; the next digest is due" in run("subscriptions", "resume", "1")
    assert json.loads(run("subscriptions", "show", "1"))["state"] == "active"
    assert json.loads(run("subscriptions", "export", "1"))["address"] == "reader@example.org"
    assert "is ended" in run("subscriptions", "remove", "1")
    assert run("subscriptions", "list", "--format", "json") == "[]\n"
    assert len(json.loads(run("subscriptions", "list", "--ended", "--format", "json"))) == 1
    assert "1 subscription erased" in run("subscriptions", "erase", "1")
    assert "no subscription 1" in run("subscriptions", "erase", "1")
