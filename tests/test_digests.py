"""Each change in exactly one digest of each subscription that wants it, however the run was cut."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from notify import mail, making, sending, subscriptions
from notify.digests import Issue
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
    with monkeypatch.context() as patched, pytest.raises(ExceptionGroup) as stopped:
        patched.setattr(Sender, "note", cut)
        deliver(archive, post)
    assert stopped.group_contains(Cut)
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
    issue: Issue
    issue, _ = making.preview(archive, subscribed(archive), now())
    assert mail.opening(issue) == (
        "本期新发布 14 份、修改 5 份、撤下 1 份、新转载 3 份，其中陇原市教育局“实施县域高中振兴行动”由 1.26亿元 调为 1.28亿元。"
    )
