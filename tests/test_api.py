"""The API says what the command line says, page by page, and answers every request as its OpenAPI document promises."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from urllib.parse import quote

import pytest
import schemathesis
from conftest import Run
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance

from store.database import Database
from web.app import create
from web.tokens import made

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
API = "/api/v1"


@pytest.fixture
def token(archive: Database) -> dict[str, str]:
    with archive.write() as session:
        return {"Authorization": f"Bearer {made(session, 'test', NOW)[1]}"}


def everything(reader: TestClient, path: str, limit: int = 5, **asked: object) -> list[dict[str, object]]:
    """A whole list, page by page."""
    items: list[dict[str, object]] = []
    asked |= {"limit": limit}
    while True:
        answer = reader.get(API + path, params=asked)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next"] is None:
            return items
        asked["cursor"] = answer.json()["next"]


def test_the_api_says_what_the_program_says(reader: TestClient, yaodian: Run) -> None:
    def said(*words: str) -> list[dict[str, object]]:
        return [json.loads(line) for line in yaodian(*words, "--format", "jsonl").stdout.splitlines()]

    def sorted_by_id(items: list[dict[str, object]]) -> list[dict[str, object]]:
        return sorted(items, key=lambda item: str(item["id"]))

    assert everything(reader, "/documents") == sorted_by_id(said("export", "documents"))
    assert sorted_by_id(everything(reader, "/plans")) == sorted_by_id(said("plans"))
    changes = [change for change in said("export", "changes") if not change["extraction"]]
    assert sorted_by_id(everything(reader, "/changes")) == sorted_by_id(changes)
    versions = everything(reader, "/versions")
    assert sorted_by_id(
        [reader.get(f"{API}/versions/{version['id']}").json() for version in versions]
    ) == sorted_by_id(said("export", "versions"))
    assert everything(reader, "/search", q="教师 -培训", limit=50) == said("search", "教师 -培训")
    some = versions[0]
    assert reader.get(f"{API}/documents/{some['document']}/versions/{some['number']}").json()["text"]
    assert everything(reader, "/sources")[0].keys() >= {"listing", "match", "last_crawled_at"}


@pytest.mark.one_database
def test_who_has_an_answer_is_not_sent_it_again(reader: TestClient) -> None:
    first = reader.get(f"{API}/plans")
    again = reader.get(f"{API}/plans", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert reader.get(f"{API}/plans", headers={"If-None-Match": 'W/"other"'}).status_code == 200


@pytest.mark.one_database
def test_what_is_wrong_is_said_as_a_problem(reader: TestClient) -> None:
    for path, status, says in (
        ("/plans/paaaaaaaaaaaa", 404, "nothing has the id"),
        ("/documents?cursor=zzz", 400, "cursor"),
        ("/search?q=x&cursor=n0", 400, "leave it out"),
        ("/search?q=x&region=99", 400, "GB/T 2260"),
        ("/search?q=x&since=yesterday", 422, "since"),
        ("/search?q=x&limit=101", 422, "limit"),
        ("/versions/99999999999999999999", 422, "number"),
        ("/nothing", 404, "Not Found"),
        ("/subscriptions", 401, "token"),
        ("/digests", 401, "token"),
    ):
        answer = reader.get(API + path)
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), (
            path
        )
        problem = answer.json()
        assert problem["status"] == status
        assert says in problem["detail"]
    assert reader.post(f"{API}/plans").status_code == 405
    assert reader.get(f"{API}/subscriptions").headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.one_database
def test_programs_write_with_a_token_that_can_be_taken_back(
    reader: TestClient, token: dict[str, str], yaodian: Run
) -> None:
    wanted = {
        "address": "reader@example.org",
        "filter": {"regions": ["620000"], "keywords": ["双减 OR 课后"]},
        "rhythm": {"every": "daily"},
    }
    made_ = reader.post(f"{API}/subscriptions", json=wanted, headers=token)
    assert made_.status_code == 201
    assert (made_.json()["state"], made_.json()["address"]) == ("pending", "reader@example.org")
    number = made_.json()["id"]
    listed = reader.get(f"{API}/subscriptions", headers=token).json()["items"]
    assert [one["id"] for one in listed] == [number]
    assert reader.get(f"{API}/digests", headers=token).json() == {"items": [], "next": None}
    assert reader.delete(f"{API}/subscriptions/{number}", headers=token).json()["state"] == "ended"
    for bad in (
        {"address": "x\r\nBcc: y@example.org"},
        {"address": "a@b.org", "filter": {"regions": ["99"]}},
    ):
        assert reader.post(f"{API}/subscriptions", json=bad, headers=token).status_code == 400
    for wrong in ("Bearer yaodian_1_" + "x" * 43, "Bearer", "Basic eDp5", token["Authorization"][:-1]):
        refused = reader.post(f"{API}/subscriptions", json=wanted, headers={"Authorization": wrong})
        assert refused.status_code == 401
    from_page = reader.post(
        f"{API}/subscriptions", json=wanted, headers=token | {"Origin": "https://evil.example"}
    )
    assert from_page.status_code == 403
    (kept,) = json.loads(yaodian("tokens", "list", "--format", "json").stdout)
    assert kept.keys() == {"id", "name", "created_at"}
    assert "no longer accepted" in yaodian("tokens", "remove", str(kept["id"])).stdout
    assert reader.get(f"{API}/subscriptions", headers=token).status_code == 401
    new = yaodian("tokens", "add", "一个脚本").stdout.strip()
    assert reader.get(f"{API}/subscriptions", headers={"Authorization": f"Bearer {new}"}).status_code == 200


@pytest.mark.one_database
def test_one_address_gets_its_share(application: FastAPI) -> None:
    terms = replace(application.state.terms, requests_per_minute=3)
    with TestClient(create(terms)) as reader:
        answers = [reader.get(f"{API}/plans") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert reader.get("/healthz").status_code == 200


@pytest.mark.one_database
def test_health_and_metrics_are_for_programs(reader: TestClient, archive: Database) -> None:
    assert reader.get("/healthz").text == "ok\n"
    reader.get(f"{API}/plans/paaaaaaaaaaaa")
    told = reader.get("/metrics").text
    assert 'yaodian_http_requests_total{method="GET",route="/api/v1/plans/{name}",status="404"}' in told


HOSTILE = (
    "双减' OR 1=1 --",
    "x" * 20_000,
    "(((((",
    "\x00",
    "%00%ff",
    "-",
    '"',
    "🀄",
    "\r\nSet-Cookie: a=b",
    "..%2f..",
    "*",
)


@pytest.mark.one_database
def test_nothing_that_is_typed_breaks_it(reader: TestClient) -> None:
    for text in HOSTILE:
        assert reader.get(f"{API}/search", params={"q": text}).status_code == 200, text
        for name in ("publisher", "kind", "source", "region", "year", "cursor", "since", "as_of"):
            answer = reader.get(f"{API}/search", params={"q": "教师", name: text})
            assert answer.status_code in (200, 400, 422), (name, text)
            assert "Set-Cookie" not in answer.headers
        assert reader.get(f"{API}/plans/{quote(text[:50])}").status_code in (404, 422)
    assert reader.get(f"{API}/search?q=%ff%fe%00&region=%ff").status_code in (200, 400)
    assert reader.get(f"{API}/documents?cursor=" + "W1tb" * 40).status_code == 400


@pytest.mark.one_database
def test_every_answer_is_one_that_the_document_promises(application: FastAPI, token: dict[str, str]) -> None:
    app = create(replace(application.state.terms, requests_per_minute=0))
    schema = schemathesis.openapi.from_asgi(f"{API}/openapi.json", app)
    operations = [operation.ok() for operation in schema.get_all_operations()]
    assert len(operations) >= 18

    @given(st.data())
    @settings(
        max_examples=80,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def holds(chosen: st.DataObject) -> None:
        operation = chosen.draw(st.sampled_from(operations))
        case = chosen.draw(operation.as_strategy())
        # A cursor, a region or an address can be right in form and still name nothing: 400 says so.
        case.call_and_validate(headers=token, excluded_checks=[positive_data_acceptance])

    holds()


@pytest.mark.one_database
@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-30", "9999-12-31"])
def test_the_first_and_last_days_of_the_calendar_are_days(reader: TestClient, day: str) -> None:
    for name in ("since", "until", "as_of"):
        assert reader.get(f"{API}/search", params={"q": "教师", name: day}).status_code == 200, name
        assert reader.get("/search", params={"q": "教师", name: day}).status_code == 200, name
    week = dt.date.fromisoformat(day).isocalendar()
    answer = reader.get("/digest", params={"week": f"{week.year:04}-W{week.week:02}"})
    assert answer.status_code == 400
