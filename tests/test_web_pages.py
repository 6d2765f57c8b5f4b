"""The pages as a browser gets them, from the archive as after the third day of the sample web."""

from __future__ import annotations

import datetime as dt
from urllib.parse import urlsplit

import lxml.html
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from store import models as rows
from store.database import Database
from store.said import said


def links(html: str, start: str = "/") -> set[str]:
    found = lxml.html.fromstring(html).xpath("//main//a/@href")
    return {href for href in found if href.startswith(start)}


@pytest.fixture
def changed(archive: Database) -> rows.Change:
    """A change that names the item in which one figure was altered."""
    with archive.read() as session:
        query = select(rows.Change).where(rows.Change.type == "changed")
        found = session.scalars(query.options(joinedload(rows.Change.to_version))).all()
        return next(
            change for change in found if any(item["op"] == "edited" for item in change.difference["items"])
        )


@pytest.mark.one_database
def test_every_page_that_a_reader_can_reach_answers(reader: TestClient) -> None:
    waiting, seen = ["/"], {"/"}
    while waiting:
        address = waiting.pop()
        answer = reader.get(address)
        assert answer.status_code == 200, address
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        tree = lxml.html.fromstring(answer.text)
        for href in tree.xpath("//a/@href | //iframe/@src | //link/@href"):
            place = urlsplit(href)
            # A list narrowed in one more way is the same page; one of each is enough.
            key = place.path if place.query else href.split("#")[0]
            if not place.netloc and place.path and key not in seen and key != "/search":
                seen.add(key)
                waiting.append(href)
    assert len(seen) > 40


def test_what_was_wrong_with_a_source_is_told_in_the_readers_language(
    reader: TestClient, archive: Database
) -> None:
    told = said("the site answers {status}", status=412)
    with archive.write() as session:
        source = session.scalars(select(rows.Source.id)).first()
        event = rows.HealthEvent(
            source_id=source,
            at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC),
            sign="blocked",
            url="http://e.org/",
            detail=told,
        )
        session.add(event)
    chinese = reader.get(f"/sources/{source}").text
    english = reader.get(f"/sources/{source}", params={"lang": "en"}).text
    with archive.write() as session:
        session.delete(event)
    assert "网站返回 412" in chinese
    assert "拒绝访问" in chinese
    assert "the site answers 412" in english


def test_the_latest_changes_come_first_with_the_words_that_differ(reader: TestClient) -> None:
    tree = lxml.html.fromstring(reader.get("/").text)
    days = tree.xpath("//main//h2/time/@datetime")
    assert days == sorted(days, reverse=True)
    assert "".join(tree.xpath("//main//del[1]/text()"))
    assert tree.xpath("//main//ins")


def test_a_narrowed_list_has_what_was_asked_for_only(reader: TestClient) -> None:
    tree = lxml.html.fromstring(reader.get("/", params={"type": "withdrawn", "official": "true"}).text)
    assert set(tree.xpath("//main//span[contains(@class, 'kind')]/text()")) == {"撤下"}


def test_a_long_list_is_read_on_without_a_gap(archive: Database) -> None:
    from store import browse

    with archive.read() as session:
        whole = [change.id for change in browse.changes(session, limit=200).rows]
        leafwise, cursor = [], None
        while True:
            leaf = browse.changes(session, cursor=cursor, limit=3)
            leafwise += [change.id for change in leaf.rows]
            if (cursor := leaf.following) is None:
                break
        plans, cursor = [], None
        while True:
            shelf = browse.plans(session, cursor=cursor, limit=2)
            plans += [plan.id for plan in shelf.rows]
            if (cursor := shelf.following) is None:
                break
        everything = session.scalars(select(rows.Plan.id)).all()
    assert leafwise == whole
    assert sorted(plans) == sorted(everything)
    assert len(plans) > 5


def test_a_plan_shows_its_text_with_the_outline_as_navigation(
    reader: TestClient, changed: rows.Change
) -> None:
    answer = reader.get(f"/documents/{changed.document_id}")
    tree = lxml.html.fromstring(answer.text)
    for href in tree.xpath("//nav[@class='side']//a/@href"):
        assert tree.xpath(f"//*[@id='{href[1:]}']"), href


def test_a_difference_marks_the_words_and_can_be_read_beside(
    reader: TestClient, changed: rows.Change
) -> None:
    address = next(
        iter(
            links(
                reader.get(f"/documents/{changed.document_id}").text,
                f"/documents/{changed.document_id}/diff/",
            )
        )
    )
    one = lxml.html.fromstring(reader.get(address).text)
    assert one.xpath("//main//ins") or one.xpath("//main//del")
    beside = lxml.html.fromstring(reader.get(address, params={"view": "beside", "show": "all"}).text)
    assert beside.xpath("//div[contains(@class, 'beside')]")
    assert beside.xpath("//details[contains(@class, 'fold')]")


def test_an_archived_page_can_do_nothing(reader: TestClient, changed: rows.Change) -> None:
    version = changed.to_version
    assert version is not None
    page = lxml.html.fromstring(
        reader.get(f"/documents/{changed.document_id}/original/{version.number}").text
    )
    assert page.xpath("//iframe/@sandbox") == [""]
    shown = reader.get(page.xpath("//iframe/@src")[0])
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    tree = lxml.html.fromstring(shown.text)
    assert not tree.xpath("//script | //a | //img | //form | //@onclick | //@style")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/plans/pxxxxxxxxxxxx", 404),
        ("/documents/<script>", 404),
        ("/documents/d2222222222aa/diff/1..99", 404),
        ("/sources/none", 404),
        ("/?region=99", 400),
        ("/?cursor=%00", 400),
        ("/plans?cursor=WzFd", 400),
        ("/captures/999999/shown", 404),
        ("/captures/99999999999999999999/shown", 422),
        ("/nowhere", 404),
    ],
)
def test_what_is_not_there_is_said_on_a_page(reader: TestClient, address: str, status: int) -> None:
    answer = reader.get(address)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<script>" not in answer.text


@pytest.mark.one_database
def test_every_answer_forbids_what_no_page_of_ours_needs(reader: TestClient) -> None:
    for address in ("/", "/nowhere", "/static/style.css"):
        headers = reader.get(address).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_style_sheet_stays_small() -> None:
    from web.app import STATIC

    assert (STATIC / "style.css").stat().st_size < 20_000
