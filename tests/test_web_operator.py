"""The operator's pages: who gets in, who doesn't, and what he may change."""

from __future__ import annotations

import datetime as dt

import lxml.html
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from store import models as rows
from store import operators, plandesk
from store.database import Database
from web import sessions

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
