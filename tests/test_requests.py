"""Double opt-in: only an address's owner begins a subscription, and who asks learns nothing of others."""

from __future__ import annotations

import datetime as dt
import email.policy
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from notify import requests, sending, subscriptions
from notify.filters import Filter
from notify.language import languages
from notify.post import Post
from notify.requests import Requested, Wish
from notify.subscriptions import Rhythm
from store import agenda
from store import models as rows
from store.database import Database
from store.errors import BadLink, WrongUse

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def asked(database: Database, post: Post, address: str = "reader@example.org", **wish: object) -> Requested:
    now = wish.pop("now", NOW)
    assert isinstance(now, dt.datetime)
    return requests.request(database, post, Wish(address, **wish), now)  # type: ignore[arg-type]


def mails(database: Database, post: Post) -> list[tuple[str, str, str]]:
    """Subject, receiver and text of what is sent now."""
    sent: list[int] = []
    sending.deliver(database, post, lambda: NOW, lambda handed: sent.append(handed.parcel.id))
    found = []
    for path in sorted(post.outbox.glob("*.eml"), key=lambda path: path.stem.split("-")[1]):
        if int(path.stem.split("-")[1]) in sent:
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            assert "List-Unsubscribe" not in mail
            found.append((str(mail["Subject"]), str(mail["To"]), body.get_content()))
    return found


def token_in(text: str) -> str:
    match = re.search(r"/subscriptions/confirm/(\S+)", text)
    assert match is not None
    return match[1]


@pytest.mark.parametrize("language", languages())
def test_a_subscription_begins_when_the_link_is_opened(database: Database, post: Post, language: str) -> None:
    made = asked(database, post, language=language)
    ((subject, to, text),) = mails(database, post)
    assert to == "reader@example.org"
    assert ("请确认订阅" in subject) == (language == "zh")
    assert sending.chosen(database, NOW, only=None, everyone=True) == []
    for _ in range(2):
        begun = requests.confirm(database, post, token_in(text), NOW + DAY)
        assert (begun.id, begun.state, begun.confirmed_at, begun.language) == (
            made.subscription,
            "active",
            NOW + DAY,
            language,
        )
    with pytest.raises(BadLink, match="older than three days"):
        requests.confirm(database, post, token_in(text), NOW + 4 * DAY)
    subscriptions.unsubscribe(database, begun.id, NOW)
    with pytest.raises(BadLink, match="has been ended"):
        requests.confirm(database, post, token_in(text), NOW + DAY)


def test_a_second_request_is_told_to_the_owner_and_changes_nothing(database: Database, post: Post) -> None:
    first = asked(database, post, wanted=Filter(kinds=("工作要点", "发展规划")))
    subscriptions.confirm(database, first.subscription or 0, NOW)
    assert mails(database, post) == []  # the operator was quicker than the letter
    again = asked(database, post, wanted=Filter(kinds=("发展规划", "工作要点")), rhythm=Rhythm(every="daily"))
    assert (again.subscription, again.state) == (first.subscription, "active")
    ((subject, _, text),) = mails(database, post)
    assert subject == "您已订阅教育要点摘要"
    (token,) = re.findall(r"/subscriptions/(\S+)", text)
    assert post.tokens.managed(token).id == first.subscription
    assert subscriptions.get(database, first.subscription or 0).rhythm["every"] == "weekly"


def test_nobodys_letter_box_can_be_filled(database: Database, post: Post) -> None:
    """Not by other filters, +tags, or asking for links; and it ends with the day."""
    asked(database, post)
    asked(database, post, "Reader+1@example.org")
    assert len(mails(database, post)) == 2
    subscriptions.confirm(database, 1, NOW)
    assert requests.send_links(database, post, "reader@example.org", NOW)
    for n in range(5):
        assert not asked(database, post, wanted=Filter(keywords=(f"双减{n}",))).is_mailed
    assert not requests.send_links(database, post, "reader@example.org", NOW)
    assert len(mails(database, post)) == requests.MOST_LETTERS - 2
    assert len(subscriptions.every(database)) == 2
    assert asked(database, post, wanted=Filter(keywords=("双减",)), now=NOW + DAY + DAY).is_mailed


def test_what_is_typed_in_is_not_mailed_to_others(database: Database, post: Post) -> None:
    asked(
        database,
        post,
        wanted=Filter(regions=("150000",), keywords=("立即领奖",), publishers=("evil.example",)),
    )
    ((subject, _, text),) = mails(database, post)
    assert "内蒙古自治区，另有 2 项条件；每周一 08:00" in text
    assert "领奖" not in subject + text
    assert "evil" not in text


def test_who_lost_the_links_is_mailed_all_of_them(database: Database, post: Post) -> None:
    for kind in ("工作要点", "发展规划"):
        made = asked(database, post, wanted=Filter(kinds=(kind,)))
        subscriptions.confirm(database, made.subscription or 0, NOW)
    assert requests.send_links(database, post, "reader@example.org", NOW)
    assert not requests.send_links(database, post, "stranger@example.org", NOW)
    ((_, _, text),) = mails(database, post)
    tokens = re.findall(r"/subscriptions/(\S+)", text)
    assert [post.tokens.managed(token).id for token in tokens] == [1, 2]


def test_without_web_pages_the_operator_is_told_what_to_run(database: Database, post: Post) -> None:
    from dataclasses import replace

    asked(database, replace(post, base_url=""))
    ((_, _, text),) = mails(database, replace(post, base_url=""))
    (token,) = re.findall(r"yaodian subscriptions confirm (\S+)", text)
    assert requests.confirm(database, post, token, NOW).state == "active"


def test_many_requests_at_once_make_one_subscription(database: Database, post: Post) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: asked(database, post), range(8)))
    with database.read() as session:
        assert len(session.scalars(select(rows.Subscription.id)).all()) == 1
        assert len(session.scalars(select(rows.Delivery.id)).all()) == requests.MOST_LETTERS


@pytest.mark.one_database
def test_who_waits_for_a_letter_is_served_at_the_next_look(database: Database, post: Post) -> None:
    first = {agenda.DIGESTS: NOW}
    service = "one"
    assert agenda.claim_chores(database, service, NOW, first, lambda _, noted: noted) == [agenda.DIGESTS]
    agenda.finish_chore(database, service, agenda.DIGESTS, NOW, NOW + DAY)
    assert agenda.claim_chores(database, service, NOW, first, lambda _, noted: noted) == []
    asked(database, post)
    assert agenda.claim_chores(database, service, NOW, first, lambda _, noted: noted) == [agenda.DIGESTS]


def test_what_is_no_address_makes_nothing(database: Database, post: Post) -> None:
    with pytest.raises(WrongUse):
        asked(database, post, "nobody")
    assert subscriptions.every(database) == []
