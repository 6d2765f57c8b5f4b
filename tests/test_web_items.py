"""What a reader does with one item and with one week, in the archive as after the third day of the sample web."""

from __future__ import annotations

import csv
import io

import lxml.html
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from store import models as rows
from store.counterparts import item_at
from store.database import Database
from store.queries import page_of
from store.shapes import difference_from_json


def plan_of(archive: Database, title: str) -> tuple[str, str]:
    """The id of the plan with this title, and that of its original."""
    with archive.read() as session:
        plan = session.scalars(select(rows.Plan).where(rows.Plan.title == title)).one()
        return plan.id, plan.original.id


def said(html: str, heading: str) -> str:
    """The text between a heading and the next one of its level."""
    tree = lxml.html.fromstring(html)
    begin = next(h for h in tree.xpath("//main//h2") if h.text_content().strip() == heading)
    found = []
    for after in begin.itersiblings():
        if after.tag == "h2":
            break
        found.append(after.text_content())
    return "\n".join(found)


def test_an_item_is_shown_with_what_other_years_and_other_places_say_of_it(
    reader: TestClient, archive: Database
) -> None:
    plan, _ = plan_of(archive, "陇原市教育局2026年工作要点")
    tree = lxml.html.fromstring(reader.get(f"/plans/{plan}").text)
    doors = tree.xpath("//article//a[contains(@class, 'door-to-item')]/@href")
    pages = (reader.get(href).text for href in doors)
    told = next(page for page in pages if "<h1>优化普惠性学前教育供给" in page)
    assert "2025" in said(told, "往年怎么说")
    assert "普惠性学前教育" in said(told, "往年怎么说")
    assert "桂岭市教育局2026年教育工作要点" in said(told, "各地怎么说")
    assert "公办幼儿园" in said(told, "各地怎么说")
    assert "陇原市" not in said(told, "各地怎么说")


@pytest.mark.one_database
def test_an_item_can_be_cited(reader: TestClient, archive: Database) -> None:
    plan, original = plan_of(archive, "陇原市教育局2026年工作要点")
    with archive.read() as session:
        version = session.get_one(rows.Document, original).version
        assert version is not None
        digest = session.get_one(rows.Capture, version.capture_id).digest
    tree = lxml.html.fromstring(reader.get(f"/plans/{plan}").text)
    address = tree.xpath("//article//a[contains(@class, 'door-to-item')]/@href")[0]
    cited = said(reader.get(address).text, "引用")
    assert "陇原市教育局" in cited
    assert "陇教发〔2026〕3号" in cited
    assert digest in cited
    assert f"/documents/{original}/item?version=" in cited


def test_an_item_knows_what_happened_to_it_under_whichever_number(
    reader: TestClient, archive: Database
) -> None:
    with archive.read() as session:
        query = select(rows.Change).where(rows.Change.type == "changed")
        changes = session.scalars(query.options(joinedload(rows.Change.to_version))).all()
        change, item = next(
            (change, item)
            for change in changes
            for item in difference_from_json(change.difference).items
            if item.op == "edited" and item.new_path and item_at(page_of(change.to_version), item.new_path)  # type: ignore[arg-type]
        )
        number = change.to_version.number if change.to_version else 0
    answer = reader.get(
        f"/documents/{change.document_id}/item", params={"path": item.new_path, "version": number}
    )
    happened = lxml.html.fromstring(answer.text)
    assert happened.xpath("//main//ins | //main//del")
    before = reader.get(f"/documents/{change.document_id}/item", params={"path": item.old_path, "version": 1})
    assert "收录以来没有改过" in said(before.text, "这一条的改动")


@pytest.mark.one_database
def test_an_item_that_is_not_there_is_said_so(reader: TestClient, archive: Database) -> None:
    _, original = plan_of(archive, "陇原市教育局2026年工作要点")
    assert reader.get(f"/documents/{original}/item", params={"path": "九十、"}).status_code == 404


@pytest.mark.one_database
def test_a_week_can_be_read_as_its_subscribers_read_it(reader: TestClient, archive: Database) -> None:
    with archive.read() as session:
        last = session.scalars(
            select(rows.Change.detected_at).order_by(rows.Change.detected_at.desc())
        ).first()
        assert last is not None
    year, week, _ = last.isocalendar()
    told = reader.get("/digest", params={"week": f"{year}-W{week:02}"})
    tree = lxml.html.fromstring(told.text)
    assert "新发布" in tree.xpath("string(//main//h1)")
    assert tree.xpath("//main//article//ins | //main//article//del")
    assert lxml.html.fromstring(reader.get("/digest").text).xpath("//main//article")
    narrowed = lxml.html.fromstring(
        reader.get("/digest", params={"week": f"{year}-W{week:02}", "region": "甘肃"}).text
    )
    assert 0 < len(narrowed.xpath("//main//article")) < len(tree.xpath("//main//article"))
    assert narrowed.xpath("//a[@class='door']/@href")[0].startswith("/subscribe?region=")
    assert reader.get("/digest", params={"week": "2026-W60"}).status_code == 400
    assert not lxml.html.fromstring(reader.get("/digest", params={"week": "2001-W01"}).text).xpath(
        "//article"
    )


@pytest.mark.one_database
def test_what_was_searched_for_comes_as_a_table_too(reader: TestClient) -> None:
    answer = reader.get("/search.csv", params={"q": "幼儿园", "region": "甘肃"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    found = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    hits = reader.get("/api/v1/search", params={"q": "幼儿园", "region": "甘肃", "limit": 100}).json()[
        "items"
    ]
    assert [row["text"] for row in found] == [hit["text"] for hit in hits]
    assert found


@pytest.mark.one_database
@pytest.mark.parametrize("address", ["/", "/plans", "/search?q=幼儿园", "/digest"])
def test_every_list_has_the_same_door_to_a_subscription_and_a_feed(reader: TestClient, address: str) -> None:
    joined = f"{address}{'&' if '?' in address else '?'}region=620000"
    tree = lxml.html.fromstring(reader.get(joined).text)
    form = lxml.html.fromstring(reader.get(tree.xpath("//a[@class='door']/@href")[0]).text)
    assert form.xpath("//input[@name='region']/@value") == ["甘肃省"]
    feed = tree.xpath("//link[@type='application/atom+xml']/@href")[0]
    assert "region=620000" in feed
    assert reader.get(feed).status_code == 200
