"""Feeds of a filter: what their specifications ask for, the same ids for ever, and no body for who has it already."""

from __future__ import annotations

import datetime as dt
import json
import re
from email.utils import parsedate_to_datetime

import feedparser
import pytest
from fastapi.testclient import TestClient
from lxml import etree
from sqlalchemy import select, update

from notify import feeds
from notify.feeds import ATOM, Feed
from notify.filters import Filter
from notify.links import Pages
from store import models as rows
from store.database import Database

PAGES = Pages("https://yaodian.example.org")
WANTED = Filter(regions=("450000",), types=("new", "changed"))
RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"

# The elements of RFC 4287 that we use, as its appendix B has them.
ATOM_SCHEMA = """
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="http://www.w3.org/2005/Atom"
         datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
<start><element name="feed"><ref name="lang"/><interleave>
 <oneOrMore><ref name="author"/></oneOrMore><ref name="generator"/><ref name="id"/>
 <oneOrMore><ref name="link"/></oneOrMore>
 <element name="subtitle"><text/></element><element name="title"><text/></element><ref name="updated"/>
 <zeroOrMore><element name="entry"><interleave>
  <ref name="author"/><zeroOrMore><element name="category"><attribute name="term"/><empty/></element></zeroOrMore>
  <element name="content"><attribute name="type"><choice><value>html</value></choice></attribute><text/></element>
  <ref name="id"/><zeroOrMore><ref name="link"/></zeroOrMore>
  <element name="published"><data type="dateTime"/></element><element name="title"><text/></element><ref name="updated"/>
 </interleave></element></zeroOrMore>
</interleave></element></start>
<define name="lang"><attribute name="xml:lang"><data type="language"/></attribute></define>
<define name="author"><element name="author"><element name="name"><text/></element></element></define>
<define name="generator"><element name="generator"><text/></element></define>
<define name="id"><element name="id"><data type="anyURI"/></element></define>
<define name="updated"><element name="updated"><data type="dateTime"/></element></define>
<define name="link"><element name="link"><attribute name="href"><data type="anyURI"/></attribute>
 <attribute name="rel"><choice><value>self</value><value>alternate</value></choice></attribute>
 <optional><attribute name="type"/></optional><empty/></element></define>
</grammar>"""


@pytest.fixture
def feed(archive: Database) -> Feed:
    return made(archive)


def made(archive: Database, wanted: Filter = WANTED, of: str = "zh") -> Feed:
    with archive.read() as session:
        return feeds.feed(session, wanted, PAGES, of)


def test_a_feed_has_what_its_filter_wants_the_newest_first(archive: Database, feed: Feed) -> None:
    assert len(feed.entries) == 9
    assert [entry.at for entry in feed.entries] == sorted((entry.at for entry in feed.entries), reverse=True)
    assert feed.updated == feed.entries[0].at
    assert feed.title == "教育要点 · 广西壮族自治区；修改、新发布"
    assert len(made(archive, Filter(keywords=("䶮",))).entries) == 2
    assert len(made(archive, Filter(types=("withdrawn",))).entries) == 1
    nothing = made(archive, Filter(regions=("110000",)))
    assert not nothing.entries
    for form in feeds.FORMS:
        assert feeds.answer(nothing, form, {}).status == 200


def test_atom_is_as_rfc_4287_says(feed: Feed) -> None:
    raw = feeds.atom(feed)
    tree = etree.fromstring(raw)
    schema = etree.RelaxNG(etree.fromstring(ATOM_SCHEMA))
    schema.assertValid(tree)
    assert all(re.fullmatch(RFC3339, when.text or "") for when in tree.iter(f"{{{ATOM}}}updated"))
    ids = [one.text for one in tree.iter(f"{{{ATOM}}}id")]
    assert len(set(ids)) == len(ids) == 10
    assert all(one and one.startswith("urn:uuid:") for one in ids)


def test_rss_is_as_its_specification_says(feed: Feed) -> None:
    (channel,) = etree.fromstring(feeds.rss(feed))
    assert [channel.findtext(name) for name in ("title", "link")] == [
        feed.title,
        "https://yaodian.example.org/?region=450000&type=changed&type=new",
    ]
    assert channel.findtext("description")
    assert channel.findtext("language") == "zh-cn"
    items = channel.findall("item")
    assert len(items) == 9
    for item in items:
        assert item.findtext("title")
        assert (item.findtext("link") or "").startswith("https://yaodian.example.org/documents/")
        assert parsedate_to_datetime(item.findtext("pubDate") or "").tzinfo is not None
        assert item.find("guid").attrib == {"isPermaLink": "false"}  # type: ignore[union-attr]
    assert len({item.findtext("guid") for item in items}) == 9


def test_json_feed_is_as_version_1_1_says(feed: Feed) -> None:
    told = json.loads(feeds.json_feed(feed))
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    assert (
        told["feed_url"]
        == "https://yaodian.example.org/feeds/changes.json?region=450000&type=changed&type=new"
    )
    assert told["language"] == "zh-CN"
    for item in told["items"]:
        assert isinstance(item["id"], str)
        assert re.fullmatch(RFC3339, item["date_published"])
        assert item["content_html"]
        assert item["content_text"]
    assert len({item["id"] for item in told["items"]}) == len(told["items"]) == 9


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_another_program_reads_the_same(feed: Feed, form: str) -> None:
    read = feedparser.parse(feeds.answer(feed, form, {}).body)
    assert not read.bozo
    assert read.version == {"atom": "atom10", "rss": "rss20"}[form]
    assert [entry.title for entry in read.entries] == [entry.title for entry in feed.entries]
    assert [entry.id for entry in read.entries] == [entry.id for entry in feed.entries]
    assert [entry.link for entry in read.entries] == [entry.url for entry in feed.entries]
    edits = [entry for entry in read.entries if entry.title.startswith("修改")]
    assert edits
    assert any("<ins>" in (entry.get("content") or [{"value": entry.summary}])[0]["value"] for entry in edits)


def test_an_id_is_no_counters(archive: Database, feed: Feed) -> None:
    """After everything was rebuilt the rows have other numbers, and a reader must not see old news as new."""
    with archive.write() as session:
        for (number,) in session.execute(select(rows.Change.id).order_by(rows.Change.id.desc())).all():
            session.execute(update(rows.Change).where(rows.Change.id == number).values(id=number + 1000))
    assert [entry.id for entry in made(archive).entries] == [entry.id for entry in feed.entries]


@pytest.mark.parametrize("form", list(feeds.FORMS))
def test_who_has_it_already_is_sent_nothing(feed: Feed, form: str) -> None:
    first = feeds.answer(feed, form, {})
    assert first.status == 200
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert feeds.answer(feed, form, {}).headers == first.headers
    for asked, status in (
        ({"if-none-match": etag}, 304),
        ({"if-none-match": f'"other", W/{etag}'}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-none-match": '"other"', "if-modified-since": modified}, 200),
        ({"if-modified-since": modified}, 304),
        ({"if-modified-since": "Sat, 01 Jan 2000 00:00:00 GMT"}, 200),
        ({"if-modified-since": "yesterday"}, 200),
    ):
        answer = feeds.answer(feed, form, asked)
        assert answer.status == status, asked
        assert bool(answer.body) is (status == 200)
        assert answer.headers["ETag"] == etag


def test_what_a_page_says_does_not_break_a_feed(archive: Database) -> None:
    with archive.write() as session:
        session.execute(update(rows.Version).values(title="]]></title><script>\x1b\u202e&amp;\ufffe"))
        session.execute(update(rows.Document).values(url="javascript:" + rows.Document.id))
    feed = made(archive)
    for form in ("atom", "rss"):
        raw = feeds.answer(feed, form, {}).body
        read = feedparser.parse(raw)
        assert not read.bozo
        assert b"javascript:" not in raw
        etree.fromstring(raw)
    assert "\u202e" not in json.loads(feeds.json_feed(feed))["items"][0]["title"]


def test_english_feeds_are_english(archive: Database) -> None:
    feed = made(archive, of="en")
    assert feed.language == "en"
    assert feed.title == "Education plans · Guangxi; changed, new"
    assert feed.entries[0].title.split(" · ")[0] in ("new", "changed", "new reprint")
    assert dt.datetime.now(dt.UTC) >= feed.updated


@pytest.mark.parametrize("form", list(feeds.FORMS))
def test_the_web_serves_every_filters_feed(reader: TestClient, form: str) -> None:
    address = f"/feeds/changes.{form}?region=450000&region=620000&type=new&keyword="
    first = reader.get(address)
    assert (first.status_code, first.headers["content-type"]) == (200, feeds.FORMS[form][0])
    again = reader.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert reader.head(address).status_code == 200
    assert reader.get(address.replace("620000", "9")).status_code == 400
    assert "Education plans" in reader.get(address, headers={"Accept-Language": "en-GB,en;q=0.8"}).text
