"""Subscribing on the web: one form, one letter, one click; and everything that the link in each mail is for."""

from __future__ import annotations

import lxml.html
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from notify import subscriptions
from notify.post import Post
from notify.tokens import Reference
from store import models as rows
from store.database import Database

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
