"""Each change in exactly one digest of each subscription that wants it, however the run was cut."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import select

from notify import mail, making, sending, subscriptions
from notify.digests import Issue
from notify.filters import Filter
from notify.subscriptions import Rhythm
from store import models as rows
from store.database import Database
from store.errors import WrongUse

BEFORE = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)
SENDER = "Yaodian <yaodian@example.org>"


def subscribed(database: Database, **wanted: tuple[str, ...]) -> int:
    made = subscriptions.subscribe(database, "reader@example.org", Filter(**wanted), Rhythm(), BEFORE)
    subscriptions.confirm(database, made.id, BEFORE)
    return made.id


def carried(database: Database, subscription: int) -> list[int]:
    with database.read() as session:
        query = select(rows.DigestChange.change_id).where(rows.DigestChange.subscription_id == subscription)
        return sorted(session.scalars(query))


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def test_filters_choose_what_a_subscription_is_told(archive: Database) -> None:
    def counts(**wanted: tuple[str, ...]) -> dict[str, int]:
        issue, _ = making.preview(archive, subscribed(archive, **wanted), now())
        return {key: n for key, n in issue.counts.items() if n}

    assert counts() == {"new": 14, "changed": 5, "withdrawn": 1, "reprints": 3}
    assert counts(regions=("450000",)) == {"new": 6, "changed": 2, "withdrawn": 1, "reprints": 1}
    assert counts(kinds=("发展规划",)) == {"new": 2, "changed": 1, "reprints": 1}
    assert counts(sources=("demo-mirror",)) == {"reprints": 3}
    assert counts(publishers=("云台区",)) == {"new": 1}
    assert counts(keywords=("䶮",)) == {"new": 1, "changed": 1}
    assert counts(regions=("110000",)) == {}


def test_an_unconfirmed_subscription_is_told_nothing(archive: Database) -> None:
    waiting = subscriptions.subscribe(archive, "a@example.org", Filter(), Rhythm(), BEFORE)
    assert sending.chosen(archive, now(), only=None, everyone=True) == []
    with pytest.raises(Exception, match="is pending; confirm it first"):
        sending.chosen(archive, now(), only=waiting.id, everyone=False)


def test_what_was_before_the_subscription_is_not_told(archive: Database) -> None:
    late = subscriptions.subscribe(archive, "late@example.org", Filter(), Rhythm(), now())
    subscriptions.confirm(archive, late.id, now())
    issue, _ = making.preview(archive, late.id, now())
    assert not issue.regions


class Cut(Exception):
    """The process stops here."""


class CutOutlet:
    """Hands over, and stops before that is noted."""

    def __init__(self, outbox: sending.Outbox) -> None:
        self.outbox = outbox

    def send(self, delivery: rows.Delivery, address: str) -> str:
        self.outbox.send(delivery, address)
        raise Cut


def test_a_run_cut_between_handing_over_and_noting_sends_the_same_mail_again(
    archive: Database, data: Path
) -> None:
    one = subscribed(archive)
    outbox = sending.Outbox(data / "outbox")
    making.make(archive, [one], SENDER, now())
    with pytest.raises(Cut):
        sending.deliver(archive, CutOutlet(outbox), now())
    (first,) = [path.read_bytes() for path in (data / "outbox").iterdir()]
    making.make(archive, [one], SENDER, now())
    assert len(sending.deliver(archive, outbox, now())) == 1
    (second,) = [path.read_bytes() for path in (data / "outbox").iterdir()]
    assert first == second
    assert sending.deliver(archive, outbox, now()) == []


def test_every_change_is_carried_once_over_many_runs(archive: Database, data: Path) -> None:
    one, other = subscribed(archive), subscribed(archive, kinds=("工作要点",))
    for _ in range(3):
        making.make(archive, [one, other], SENDER, now())
        sending.deliver(archive, sending.Outbox(data / "outbox"), now())
    with archive.read() as session:
        every = sorted(session.scalars(select(rows.Change.id)))
    assert carried(archive, one) == every
    assert 0 < len(carried(archive, other)) < len(every)
    assert len(list((data / "outbox").glob("*.eml"))) == 2


def test_a_title_cannot_add_a_header(archive: Database) -> None:
    issue, timezone = making.preview(archive, subscribed(archive), now())
    with pytest.raises(ValueError, match="linefeed"):
        mail.message(
            issue,
            to="a@example.org\nBcc: b@example.org",
            sender=SENDER,
            message_id="<1@x>",
            timezone=timezone,
        )


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@", "@b.org", "a b@c.org", "a@b.org,c@d.org", "a@b.org\r\nX: y", "a@localhost", "<a@b.org>"],
)
def test_what_is_no_address_is_refused(archive: Database, address: str) -> None:
    with pytest.raises(WrongUse, match="is no mail address"):
        subscriptions.subscribe(archive, address, Filter(), Rhythm(), BEFORE)


def test_the_opening_sentence_is_true(archive: Database) -> None:
    issue: Issue
    issue, _ = making.preview(archive, subscribed(archive), now())
    assert mail.opening(issue) == (
        "本期新发布 14 份、修改 5 份、撤下 1 份、新转载 3 份，其中陇原市教育局“实施县域高中振兴行动”由 1.26亿元 调为 1.28亿元。"
    )
