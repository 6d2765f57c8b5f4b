"""Subscribing on the web: one form, one letter, one click; and everything that the link in each mail is for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import lxml.html
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from notify import subscriptions
from notify.post import Post
from notify.request_limits import RequestLimits, TooManyRequests
from notify.tokens import Reference
from store import models as rows
from store.database import Database
from web.app import create
from web.client_counts import ClientCounts
from web.requesting import Requesting

WISH = {
    "address": "reader@example.org",
    "region": "甘肃，内蒙古",
    "keyword": "双减 OR 课后服务",
    "every": "weekly",
    "weekday": "tue",
}


@pytest.fixture
def post(application: FastAPI) -> Post:
    post: Post = application.state.terms.post
    return post


def asked(database: Database) -> rows.Subscription:
    (found,) = subscriptions.every(database)
    return found


def manage(database: Database, post: Post) -> str:
    found = asked(database)
    return f"/subscriptions/{post.tokens.manage(Reference(found.id, found.created_at))}"


def test_a_form_a_letter_and_a_click_begin_a_subscription(
    reader: TestClient, archive: Database, post: Post
) -> None:
    told = reader.post("/subscribe", data=WISH)
    assert "reader@example.org" in told.text
    waiting = asked(archive)
    assert (waiting.state, waiting.filter["regions"]) == ("pending", ["620000", "150000"])
    with archive.read() as session:
        assert session.scalars(select(rows.Delivery.kind)).all() == ["confirmation"]
    token = post.tokens.confirmation(Reference(waiting.id, waiting.created_at), waiting.created_at)
    page = reader.get(f"/subscriptions/confirm/{token}")
    assert asked(archive).state == "pending", "a scanner that follows links confirms nothing"
    (form,) = lxml.html.fromstring(page.text).xpath("//main//form")
    assert reader.post(form.get("action")).status_code == 200
    assert asked(archive).state == "active"


@pytest.mark.one_database
def test_who_asks_again_learns_nothing(reader: TestClient, archive: Database) -> None:
    first, again = (reader.post("/subscribe", data=WISH).text for _ in range(2))
    assert first == again
    with archive.read() as session:
        assert session.scalar(select(func.count()).select_from(rows.Subscription)) == 1


@pytest.mark.one_database
def test_a_list_carries_its_filter_to_the_form(reader: TestClient) -> None:
    door = lxml.html.fromstring(reader.get("/subscribe", params={"q": "双减", "region": "甘肃"}).text)
    assert door.xpath("//input[@name='keyword']/@value") == ["双减"]
    assert door.xpath("//input[@name='region']/@value") == ["甘肃"]


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address", "nobody"),
        ("address", "a@example.org\nBcc: b@example.org"),
        ("region", "火星"),
        ("at", "25:00"),
        ("timezone", "Mars/Base"),
        ("type", "bought"),
        ("keyword", "-"),
    ],
)
def test_what_is_filled_in_wrong_is_said_and_kept(
    reader: TestClient, archive: Database, field: str, value: str
) -> None:
    answer = reader.post("/subscribe", data=WISH | {field: value})
    assert answer.status_code == 422
    page = lxml.html.fromstring(answer.text)
    assert page.xpath("//*[@role='alert']")
    assert "甘肃" in answer.text or field == "region"
    assert subscriptions.every(archive) == []


def test_the_link_in_each_mail_changes_pauses_resumes_and_ends(
    reader: TestClient, archive: Database, post: Post
) -> None:
    reader.post("/subscribe", data=WISH)
    subscriptions.confirm(archive, asked(archive).id, asked(archive).created_at)
    link = manage(archive, post)
    page = reader.get(link)
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "甘肃省，内蒙古自治区" in page.text
    reader.post(
        link,
        data={"region": "辽宁", "every": "monthly", "monthday": "last", "language": "en", "always": "true"},
    )
    changed = asked(archive)
    assert changed.rhythm["always"]
    assert lxml.html.fromstring(reader.get(link).text).xpath("//input[@name='always']/@checked")
    assert (changed.filter["regions"], changed.rhythm["on"], changed.language) == (["210000"], "last", "en")
    reader.post(f"{link}/pause")
    assert asked(archive).state == "paused"
    reader.post(f"{link}/resume")
    assert asked(archive).state == "active"
    assert reader.get(f"{link}/data").json()["address"] == "reader@example.org"
    # A mail program's one click (RFC 8058) comes without a browser's headers.
    assert reader.post(f"{link}/unsubscribe", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert subscriptions.every(archive) == []
    reader.post(f"{link}/erase")
    assert reader.get(link).status_code == 410


@pytest.mark.one_database
def test_a_torn_link_is_said_on_a_page(reader: TestClient, archive: Database, post: Post) -> None:
    reader.post("/subscribe", data=WISH)
    link = manage(archive, post)
    for torn in (link[:-3], link + "x", "/subscriptions/" + "%00" * 5, "/subscriptions/confirm/abc"):
        assert reader.get(torn).status_code == 410
        assert reader.post(f"{torn}/unsubscribe").status_code in (404, 410)


@pytest.mark.one_database
def test_pages_speak_the_readers_language(reader: TestClient) -> None:
    english = reader.get("/", headers={"Accept-Language": "en-GB,en;q=0.9"}).text
    assert 'lang="en"' in english
    assert "New and changed" in english
    chinese = reader.get("/", headers={"Accept-Language": "zh-CN,en;q=0.5"}).text
    assert "最新发布与修改" in chinese
    reader.get("/?lang=en")
    assert "New and changed" in reader.get("/", headers={"Accept-Language": "zh"}).text


@contextmanager
def visiting(application: FastAPI, client: str = "192.0.2.1", **terms: object) -> Iterator[TestClient]:
    """A browser at some address, on pages whose operator has set these terms."""
    app = create(replace(application.state.terms, **terms))
    with TestClient(app, client=(client, 50000)) as opened:
        yield opened


CHANNELS = {
    "webhook": "webhook+https://example.org/hook",
    "wecombot": "wecombot://KEYabc12345678",
    "slack": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ",
}


@pytest.mark.one_database
def test_only_mail_is_subscribed_by_anybody_unless_the_operator_says_so(
    application: FastAPI, archive: Database
) -> None:
    others = (
        "wecom://KEYabc12345678",
        "SLACK://a/b/c",
        "json://127.0.0.1/x",
        "Webhook+https://e.org/",
        "x://y",
    )
    with visiting(application) as closed:
        for address in (*CHANNELS.values(), *others):
            answer = closed.post("/subscribe", data=WISH | {"address": address})
            assert answer.status_code == 422
            assert "只接受邮箱地址" in answer.text
        english = closed.post("/subscribe?lang=en", data=WISH | {"address": CHANNELS["slack"]}).text
        assert "takes mail addresses only" in english
        assert 'type="email"' in closed.get("/subscribe").text
    assert subscriptions.every(archive) == []
    with visiting(application, public_channels=("webhook", "wecombot")) as opened:
        assert "webhook+https://、wecombot://" in opened.get("/subscribe").text
        for kind, address in CHANNELS.items():
            answer = opened.post("/subscribe", data=WISH | {"address": address})
            assert answer.status_code == (422 if kind == "slack" else 200), kind
        bad = opened.post(
            "/subscribe", data=WISH | {"address": f"{CHANNELS['wecombot']}?template=/etc/passwd"}
        )
        assert bad.status_code == 422
        assert "options" in bad.text
    assert {one.address for one in subscriptions.every(archive)} == {
        CHANNELS["webhook"],
        CHANNELS["wecombot"],
    }


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("first", "same", "other"),
    [
        ("192.0.2.1", "::ffff:192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8::ffff:2:3:4", "2001:db8:0:1::1"),
    ],
)
def test_a_client_asks_so_often_whatever_for(
    application: FastAPI, archive: Database, first: str, same: str, other: str
) -> None:
    app = create(replace(application.state.terms, request_limits=RequestLimits(per_client=3)))
    with TestClient(app, client=(first, 1)) as one, TestClient(app, client=(same, 1)) as again:
        assert one.post("/subscribe", data=WISH).status_code == 200
        assert one.post("/subscribe", data=WISH | {"address": "nobody"}).status_code == 422
        assert again.post("/subscribe", data=WISH | {"language": "xx"}).status_code == 422
        for client in (one, again):
            answer = client.post("/subscribe", data=WISH | {"address": "other@example.org"})
            assert answer.status_code == 429
            assert 3590 <= int(answer.headers["Retry-After"]) <= 3600
        assert one.get("/subscribe").status_code == 200
    with TestClient(app, client=(other, 1)) as stranger:
        assert stranger.post("/subscribe", data=WISH).status_code == 200


@pytest.mark.one_database
def test_what_strangers_cause_is_bounded_by_domain_host_and_in_all(application: FastAPI) -> None:
    limits = RequestLimits(per_client=0, per_domain=2, per_host=1, overall=8)
    with visiting(application, request_limits=limits, public_channels=("webhook", "slack")) as reader:

        def ask(address: str) -> int:
            answer = reader.post("/subscribe", data=WISH | {"address": address})
            assert ("Retry-After" in answer.headers) == (answer.status_code == 429)
            return answer.status_code

        assert [ask(f"{name}@mail.school.edu.cn") for name in "ab"] == [200, 200]
        assert [ask(f"a@{name}.school.edu.cn") for name in ("www", "mail", "x.y")] == [429] * 3
        assert ask("a@other.edu.cn") == 200
        assert ask("webhook+https://one.example.org/a") == 200
        assert ask("webhook+https://two.example.org/b") == 429
        # A large provider has as much as there is in all.
        assert [ask(f"{name}@qq.com") for name in "abcd"] == [200] * 4
        page = reader.post("/subscribe", data=WISH | {"address": "e@qq.com"})
        assert page.status_code == 429
        assert "订阅申请过多，暂时无法受理" in page.text
        assert "e@qq.com" in page.text, "what was typed is kept"
    with visiting(application, request_limits=limits) as later:
        assert later.post("/subscribe", data=WISH).status_code == 429, "a restart forgets nothing"


@pytest.mark.one_database
def test_who_is_subscribed_is_not_told_by_a_limit(application: FastAPI, archive: Database) -> None:
    """One mailbox's own limit is silent, and the others are judged before it."""
    limits = RequestLimits(per_client=0, per_domain=4)
    with visiting(application, request_limits=limits) as reader:
        answers = [reader.post("/subscribe", data=WISH) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200] * 5
        assert len({answer.text for answer in answers}) == 1
        assert reader.post("/subscribe", data=WISH | {"address": "x@example.org"}).status_code == 200
        for address in (WISH["address"], "never-asked@example.org"):
            assert reader.post("/subscribe", data=WISH | {"address": address}).status_code == 429
    with archive.read() as session:
        assert session.scalar(select(func.count()).select_from(rows.Delivery)) == 4


def test_an_hour_later_a_client_may_ask_again_and_few_are_remembered() -> None:
    now = 0.0
    requesting = Requesting(2, lambda: now)
    for _ in range(2):
        requesting.count("a")
    now = 3599.0
    with pytest.raises(TooManyRequests) as refused:
        requesting.count("a")
    assert refused.value.retry_after_s == 1
    now = 3600.5
    requesting.count("a")
    for n in range(ClientCounts.MOST_CLIENTS + 10):
        requesting.count(str(n))
    assert len(requesting.requests) == ClientCounts.MOST_CLIENTS
