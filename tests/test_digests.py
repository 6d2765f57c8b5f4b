"""Each change in exactly one digest of each subscription that wants it, however the run was cut."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from notify import mail, making, sending, subscriptions
from notify.filters import Filter
from notify.post import Post
from notify.senders import Sender
from notify.subscriptions import Rhythm
from store import models as rows
from store.database import Database

BEFORE = dt.datetime(2026, 8, 1, tzinfo=dt.UTC)


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


def deliver(database: Database, post: Post) -> list[str]:
    """The states of what was handed over."""
    states: list[str] = []
    sending.deliver(database, post, now, lambda handed: states.append(handed.noted.state))
    return states


def test_a_run_cut_between_handing_over_and_noting_sends_the_same_mail_again(
    archive: Database, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise Cut

    one = subscribed(archive)
    making.make(archive, [one], post, now())
    with monkeypatch.context() as patched, pytest.raises(Cut):
        patched.setattr(Sender, "note", cut)
        deliver(archive, post)
    (first,) = [path.read_bytes() for path in post.outbox.iterdir()]
    making.make(archive, [one], post, now())
    assert deliver(archive, post) == ["sent"]
    (second,) = [path.read_bytes() for path in post.outbox.iterdir()]
    assert first == second
    assert deliver(archive, post) == []


def test_every_change_is_carried_once_over_many_runs(archive: Database, post: Post) -> None:
    one, other = subscribed(archive), subscribed(archive, kinds=("工作要点",))
    for _ in range(3):
        making.make(archive, [one, other], post, now())
        deliver(archive, post)
    with archive.read() as session:
        every = sorted(session.scalars(select(rows.Change.id)))
    assert carried(archive, one) == every
    assert 0 < len(carried(archive, other)) < len(every)
    assert len(list(post.outbox.glob("*.eml"))) == 2


def test_the_opening_sentence_is_true(archive: Database) -> None:
    issue, edition = making.preview(archive, subscribed(archive), now())
    assert mail.opening(issue, edition) == (
        "本周新发布 14 份、修改 5 份、撤下 1 份、新转载 3 份，其中陇原市教育局“实施县域高中振兴行动”由 1.26亿元 调为 1.28亿元。"
    )


def late(database: Database, like: int, at: dt.datetime) -> int:
    """A change that shows up now, and was detected then: its transaction ended after later ones."""
    with database.write() as session:
        one = session.get_one(rows.Change, like)
        added = rows.Change(
            document_id=one.document_id,
            type=one.type,
            detected_at=at,
            from_version_id=one.from_version_id,
            to_version_id=one.to_version_id,
            difference=one.difference,
        )
        session.add(added)
        session.flush()
        return added.id


def test_a_change_that_shows_up_late_is_told_all_the_same(archive: Database, post: Post) -> None:
    one = subscribed(archive)
    making.make(archive, [one], post, now())
    told = carried(archive, one)
    added = late(archive, told[0], now() - dt.timedelta(days=3))
    making.make(archive, [one], post, now())
    assert carried(archive, one) == sorted([*told, added])


def test_a_wider_filter_is_told_what_the_narrow_one_left_out(archive: Database, post: Post) -> None:
    one = subscribed(archive, kinds=("发展规划",))
    making.make(archive, [one], post, now() + dt.timedelta(days=30))
    narrow = carried(archive, one)
    subscriptions.change(archive, one, now(), wanted=Filter())
    making.make(archive, [one], post, now() + dt.timedelta(days=37))
    with archive.read() as session:
        every = sorted(session.scalars(select(rows.Change.id)))
    assert carried(archive, one) == every
    assert 0 < len(narrow) < len(every)


def test_who_wants_a_mail_when_there_is_nothing_gets_a_short_one(archive: Database, post: Post) -> None:
    quiet, eager = (
        subscriptions.subscribe(
            archive, f"r{n}@example.org", Filter(regions=("110000",)), Rhythm(always=n == 1), BEFORE
        )
        for n in range(2)
    )
    for one in (quiet, eager):
        subscriptions.confirm(archive, one.id, BEFORE)
    making.make(archive, [quiet.id, eager.id], post, now())
    with archive.read() as session:
        (digest,) = session.scalars(select(rows.Digest))
        (letter,) = session.scalars(select(rows.Letter))
    assert digest.subscription_id == eager.id
    assert "没有您订阅的变化" in letter.content["text"]
    assert "没有变化" in letter.content["subject"]


def test_who_is_told_at_once_hears_nothing_of_silence(archive: Database, post: Post) -> None:
    one = subscriptions.subscribe(
        archive,
        "r@example.org",
        Filter(regions=("110000",)),
        Rhythm(every="instant", always=True),
        BEFORE,
    )
    subscriptions.confirm(archive, one.id, BEFORE)
    making.make(archive, [one.id], post, now())
    with archive.read() as session:
        assert session.scalars(select(rows.Digest)).all() == []


def test_equal_wishes_get_one_letter(archive: Database, post: Post) -> None:
    first = subscribed(archive, regions=("450000", "620000"))
    second = subscribed(archive, regions=("620000", "450100", "450000"))
    other = subscribed(archive, kinds=("工作要点",))
    making.make(archive, [first, second, other], post, now())
    with archive.read() as session:
        letters = dict(session.execute(select(rows.Delivery.subscription_id, rows.Delivery.letter_id)).all())
    assert letters[first] == letters[second] != letters[other]
    assert carried(archive, first) == carried(archive, second)
