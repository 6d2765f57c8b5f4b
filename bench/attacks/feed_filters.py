"""Filters with texts that no feed, row or letter can hold, wherever a filter is built: pages, feeds, the form, the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import islice
from urllib.parse import quote

from fastapi.testclient import TestClient
from pydantic import ValidationError

from bench import hostile_text
from bench.attacks import Attempt, Ground
from bench.attacks.mail_addresses import make_post
from notify import feeds, words
from notify.filters import Filter
from notify.links import query
from store.archive import Archive
from store.database import Database
from web.app import create
from web.terms import Terms

TITLE = "hostile filters of feeds and subscriptions"
BOTH_DATABASES = True

ALL, SAMPLE = 2_000, 12
PATHS = (
    "/feeds/changes.atom",
    "/feeds/changes.rss",
    "/feeds/changes.json",
    "/changes",
    "/plans",
    "/search",
    "/digest",
)
FIELDS = ("kind", "publisher", "source", "keyword", "region", "type", "q")
KNOWN = (
    "\x00",
    "\x1b",
    "a\x01b",
    "\uffff",
    "\ufffe",
    "a\ufffeb",
    "\x7f",
    "\x85",
    "\u2028",
    "\u202e",
    "\u200b",
    "\ud800",
    " ",
    "\t",
    "x" * 201,
)
"""A lone surrogate is sent as the bytes that would stand for it."""
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Ask for each text in each parameter; an answer of 500 or more, or a filter that was kept though no feed can hold it,
    is a breach."""
    texts = [*KNOWN, *islice(hostile_text.texts(7), SAMPLE if ground.is_short else ALL)]
    database = Database(ground.database_url)
    post = make_post(ground.data, 1)
    terms = Terms(
        database, ground.data, Archive(ground.data / "warc"), "Asia/Shanghai", post, "a secret of the attacks"
    )
    most = 4 if ground.is_short else len(KNOWN)
    with TestClient(create(terms), raise_server_exceptions=False) as client:
        for number, text in enumerate(texts):
            yield from _ask(client, text, FIELDS if number < most else (FIELDS[number % len(FIELDS)],))
    for text in texts:
        for field in ("kinds", "publishers", "sources", "keywords"):
            yield Attempt(f"{field}={text[:80]!r}", _find_unwritable(field, text))
    database.close()


def _ask(client: TestClient, text: str, fields: Sequence[str]) -> Iterator[Attempt]:
    sent = quote(text.encode(errors="surrogatepass"))
    for field in fields:
        for path in PATHS:
            status = client.get(f"{path}?{field}={sent}").status_code
            yield Attempt(f"{path}?{field}={sent[:80]}", f"answers {status}" if status >= 500 else "")
        form = f"address=reader@example.org&{field}={sent}"
        head = {"Content-Type": "application/x-www-form-urlencoded"}
        status = client.post("/subscribe", content=form, headers=head).status_code
        yield Attempt(f"/subscribe {field}={sent[:80]}", f"answers {status}" if status >= 500 else "")


def _find_unwritable(field: str, text: str) -> str:
    """Return why an accepted filter can't be written to a feed, a row or an address; "" if it can."""
    try:
        wanted = Filter.model_validate({field: [text]}).canonical()
    except ValidationError:
        return ""
    feed = feeds.Feed("urn:x", words.described(wanted, "zh"), "", "", lambda _: query(wanted), NOW, "zh", ())
    said = wanted.model_dump_json()
    feeds.atom(feed), feeds.rss(feed), feeds.json_feed(feed)
    return "" if said.isprintable() and Filter.model_validate_json(said) == wanted else f"is kept as {said}"
