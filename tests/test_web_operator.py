"""The operator's pages: who gets in, who doesn't, and what he may change."""

from __future__ import annotations

import datetime as dt
import pkgutil
import re
from importlib import import_module
from pathlib import Path

import lxml.html
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from demo.web import DemoWeb
from notify import subscriptions
from store import models as rows
from store import operators, plandesk
from store.database import Database
from web import pages, sessions

NAME, PASSWORD = "wang", "a long enough password"
NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)


@pytest.fixture
def known(archive: Database) -> None:
    with archive.write() as session:
        operators.put(session, NAME, sessions.hashed(PASSWORD), NOW)


def sign_in(reader: TestClient, name: str = NAME, password: str = PASSWORD, **more: str) -> int:
    given = {"name": name, "password": password, **more}
    return reader.post("/operator/login", data=given, follow_redirects=False).status_code


@pytest.mark.one_database
def test_nobody_gets_in_without_the_password(reader: TestClient, known: None) -> None:
    asked = reader.get("/operator/plans", follow_redirects=False)
    assert (asked.status_code, asked.headers["Location"]) == (303, "/operator/login?back=/operator/plans")
    for name, password in ((NAME, "wrong"), ("nobody", PASSWORD), (NAME, ""), ("", "")):
        assert sign_in(reader, name, password) in (401, 422)
    assert reader.get("/operator", follow_redirects=False).status_code == 303
    forged = {sessions.COOKIE: "eyJvcGVyYXRvciI6ICJ3YW5nIn0=.aaaa.bbbb"}
    assert reader.get("/operator", follow_redirects=False, cookies=forged).status_code == 303


@pytest.mark.one_database
def test_the_password_lets_in_until_he_leaves(reader: TestClient, known: None) -> None:
    answer = reader.post("/operator/login", data={"name": NAME, "password": PASSWORD}, follow_redirects=False)
    cookie = answer.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert reader.get("/operator").status_code == 200
    reader.post("/operator/logout")
    assert reader.get("/operator", follow_redirects=False).status_code == 303


@pytest.mark.one_database
def test_another_password_or_no_operator_ends_a_session(
    reader: TestClient, known: None, archive: Database
) -> None:
    sign_in(reader)
    with archive.write() as session:
        operators.put(session, NAME, sessions.hashed("quite another password"), NOW)
    assert reader.get("/operator", follow_redirects=False).status_code == 303


@pytest.mark.one_database
def test_guessing_is_slowed(reader: TestClient, known: None) -> None:
    answers = [sign_in(reader, password=f"guess {n}") for n in range(7)]
    assert answers == [401] * 5 + [429] * 2
    assert sign_in(reader) == 429


@pytest.mark.one_database
@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/operator/../evil", "javascript:alert(1)"],
)
def test_signing_in_leads_to_no_other_site(reader: TestClient, known: None, back: str) -> None:
    given = {"name": NAME, "password": PASSWORD, "back": back}
    answer = reader.post("/operator/login", data=given, follow_redirects=False)
    assert answer.headers["Location"] == "/operator"


@pytest.mark.one_database
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_another_sites_page_can_change_nothing(
    reader: TestClient, known: None, headers: dict[str, str]
) -> None:
    sign_in(reader)
    for address in ("/operator/logout", "/operator/plans/merge", "/operator/login"):
        assert reader.post(address, headers=headers).status_code == 403
    assert reader.get("/operator").status_code == 200


def test_plans_are_split_and_merged_again(reader: TestClient, known: None, archive: Database) -> None:
    sign_in(reader)
    with archive.read() as session:
        copy = session.scalars(select(rows.Document).where(rows.Document.role == "reprint")).first()
        assert copy is not None
        plan, document = copy.plan_id, copy.id
    assert plan is not None
    page = lxml.html.fromstring(reader.get("/operator/plans", params={"id": plan}).text)
    assert document in page.xpath("//input[@name='document']/@value")
    split = reader.post("/operator/plans/split", data={"plan": plan, "document": document})
    with archive.read() as session:
        other = session.get_one(rows.Document, document).plan_id
    assert other is not None
    assert other != plan
    assert other in str(split.url)
    reader.post("/operator/plans/merge", data={"one": plan, "other": other})
    with archive.read() as session:
        # One of both ids stays, that of the plan that was known first; the other leads there.
        assert plandesk.plan(session, plan) is plandesk.plan(session, other)


ADDRESS = "zwgk/jyjh/"


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages' own children may fetch what the tests serve."""
    monkeypatch.setenv("YAODIAN_ALLOW_PRIVATE_ADDRESSES", "1")


@pytest.mark.one_database
def test_a_source_is_added_from_its_address_with_what_it_finds_shown_first(
    reader: TestClient, known: None, web: DemoWeb, data: Path, loopback: None
) -> None:
    sign_in(reader)
    url = next(url for url in re.findall(r"http://\S+", "".join(web.sources().values())) if ADDRESS in url)
    url = url.strip("[]\"',")
    led_here = lxml.html.fromstring(reader.get("/operator/sources/new", params={"url": url}).text)
    assert led_here.xpath("//input[@name='url']/@value") == [url]
    assert not led_here.xpath("//textarea")
    assert not web.requests, "an address that another site can link to must not make us fetch"
    answer = reader.post("/operator/sources/new", data={"url": url}).text
    found = lxml.html.fromstring(answer)
    (text,) = found.xpath("//textarea/text()")
    assert "item: ul.list li" in text
    assert len(found.xpath("//table//td/a")) > 3
    assert found.xpath("//table//td[b]/a")
    assert "陇政办发〔2026〕18号" in answer
    wrong = reader.post(
        "/operator/sources/try", data={"text": text.replace("ul.list li", "ul.none li"), "url": url}
    )
    assert "没有条目" in wrong.text
    broken = reader.post("/operator/sources", data={"text": text.replace("item:", "itme:"), "url": url})
    assert broken.status_code == 422
    assert "itme" in lxml.html.fromstring(broken.text).xpath("string(//*[@role='alert'])")
    saved = reader.post(
        "/operator/sources", data={"text": f"# 试验\n{text}", "url": url}, follow_redirects=False
    )
    name = saved.headers["Location"].rpartition("/")[2]
    assert (data / "sources" / f"{name}.yaml").read_text(encoding="utf-8").startswith("# 试验\n")
    again = reader.post("/operator/sources", data={"text": text, "url": url})
    assert (again.status_code, "is there already" in again.text) == (422, True)
    reader.post("/operator/sources/switch", data={"id": name, "enabled": "false"})
    assert "enabled: false" in (data / "sources" / f"{name}.yaml").read_text(encoding="utf-8")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "id: ../../etc/passwd",
        "id: a\nname: !!python/object/apply:os.system [ls]",
        "{" * 5000,
        "\x00",
    ],
)
def test_a_file_that_is_none_is_said(reader: TestClient, known: None, data: Path, text: str) -> None:
    sign_in(reader)
    before = sorted((data / "sources").iterdir())
    for address in ("/operator/sources", "/operator/sources/try"):
        assert reader.post(address, data={"text": text}).status_code == 422
    assert sorted((data / "sources").iterdir()) == before


@pytest.mark.one_database
def test_the_sources_show_how_they_are_and_are_looked_at_when_asked(
    reader: TestClient, known: None, archive: Database, watched: DemoWeb
) -> None:
    sign_in(reader)
    page = lxml.html.fromstring(reader.get("/operator/sources").text)
    assert "/operator/sources/demo-longyuan" in page.xpath("//main//a/@href")
    reader.post("/operator/sources/hurry", data={"id": "demo-longyuan"})
    with archive.read() as session:
        due = session.get_one(rows.Source, "demo-longyuan").next_due_at
    assert due is not None
    assert due <= dt.datetime.now(dt.UTC)
    one = lxml.html.fromstring(reader.get("/operator/sources/demo-longyuan").text)
    assert one.xpath("//pre")
    assert len(one.xpath("//table//tr")) > 1
    assert not one.xpath("//progress")
    now = dt.datetime.now(dt.UTC)
    counts = {"asked": 9, "listings": 1, "documents": 3}
    with archive.write() as session:
        session.add(rows.Run(source_id="demo-longyuan", started_at=now, seen_at=now, counts=counts))
    one = lxml.html.fromstring(reader.get("/operator/sources/demo-longyuan").text)
    assert [(bar.get("value"), bar.get("max")) for bar in one.xpath("//progress")] == [("4", "9")]
    assert one.xpath("//meta[@http-equiv='refresh']")
    with archive.write() as session:  # a crawl that was killed goes on no longer
        session.execute(update(rows.Run).values(seen_at=now - dt.timedelta(hours=1)))
    assert "<progress" not in reader.get("/operator/sources/demo-longyuan").text


@pytest.mark.one_database
def test_subscriptions_and_what_was_not_delivered_are_at_hand(
    reader: TestClient, known: None, archive: Database
) -> None:
    reader.post("/subscribe", data={"address": "reader@example.org", "keyword": "双减"})
    sign_in(reader)
    page = reader.get("/operator/mail").text
    assert "reader@example.org" in page
    (subscription,) = subscriptions.every(archive)
    reader.post("/operator/mail/confirm", data={"id": subscription.id})
    reader.post("/operator/mail/pause", data={"id": subscription.id})
    assert subscriptions.get(archive, subscription.id).state == "paused"
    reader.post("/operator/mail/resume", data={"id": subscription.id})
    assert subscriptions.get(archive, subscription.id).state == "active"
    with archive.write() as session:
        delivery = session.scalars(select(rows.Delivery)).one()
        delivery.state, delivery.last_error, delivery.attempts = "refused", "550 no such user", 1
        number = delivery.id
    assert "550 no such user" in reader.get("/operator/mail").text
    reader.post("/operator/mail/again", data={"id": number})
    with archive.read() as session:
        assert session.get_one(rows.Delivery, number).state == "waiting"


@pytest.mark.one_database
def test_every_page_of_the_operator_is_his_alone(reader: TestClient, known: None) -> None:
    modules = [import_module(f"web.pages.{found.name}") for found in pkgutil.iter_modules(pages.__path__)]
    routes = [route for module in modules for route in module.router.routes]
    open_to_all = ("/operator/login", "/operator/logout")
    guarded = [r for r in routes if r.path.startswith("/operator") and r.path not in open_to_all]
    assert len(guarded) > 12
    for route in guarded:
        address = route.path.replace("{id}", "demo-longyuan")
        for method in route.methods:
            answer = reader.request(method, address, follow_redirects=False)
            assert answer.status_code in (303, 422), (method, address)
            assert answer.status_code == 422 or "/operator/login" in answer.headers["Location"]
