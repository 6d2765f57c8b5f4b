"""Feeds of the changes that a filter wants: Atom (RFC 4287), RSS 2.0 and JSON Feed 1.1, with stable ids and conditional GET.

Building is pure; `feed` reads the newest changes, and whoever serves it mounts `forms` and `answer`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime

from lxml import etree
from sqlalchemy.orm import Session

from notify import language, mail, plain, words
from notify.changes import happenings, newest
from notify.digests import place
from notify.filters import Filter
from notify.links import Pages, query
from notify.news import News, news, shortened

MOST_ENTRIES = 50
ATOM = "http://www.w3.org/2005/Atom"
# A namespace of our own for ids by name (RFC 9562): an id depends on what happened, never on our address or a counter.
_OURS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:yaodian:changes")
# Of a feed in which nothing happened yet.
_BEGINNING = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. `id` is the same for ever, `url` leads to where it is told, `html` and `text` tell it."""

    id: str
    url: str
    title: str
    at: dt.datetime
    publisher: str
    kind: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Feed:
    """What a filter's feed says. `address` names its own URL in a form."""

    id: str
    title: str
    subtitle: str
    home: str
    address: Callable[[str], str]
    updated: dt.datetime
    language: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to a request for a feed: 200, or 304 with an empty body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def feed(session: Session, wanted: Filter, pages: Pages, of: str = language.SOURCE) -> Feed:
    """The newest changes that a filter wants, as a feed in a language."""
    wanted = wanted.canonical()
    told = [news(one) for one in happenings(session, newest(session, wanted, MOST_ENTRIES))]
    say = language.speech(of)
    return Feed(
        id=_urn(f"feed {query(wanted)}"),
        title=say.gettext("教育要点")
        + (f" · {plain.line(words.described(wanted, of))}" if query(wanted) else ""),
        subtitle=say.gettext("各地教育工作计划的发布、修改、撤下与恢复"),
        home=pages.changes(wanted),
        address=lambda form: pages.feed(wanted, form),
        updated=max((one.detected_at for one in told), default=_BEGINNING),
        language=language.tag(of),
        entries=tuple(_entry(one, pages, of) for one in told),
    )


def _entry(one: News, pages: Pages, of: str) -> Entry:
    label = words.named(words.TYPES, place(one), of)
    brief = shortened(one, headings=12, items=12, characters=400)
    parts = mail.environment(of).get_template("entry.html")
    return Entry(
        id=_urn(
            f"{one.document} {one.type} {one.to_version or one.from_version} {one.detected_at.isoformat()}"
        ),
        url=pages.difference(one.document, one.from_version, one.to_version)
        or pages.document(one.document)
        or one.url
        or "",
        title=f"{label} · {one.title}",
        at=one.detected_at,
        publisher=one.publisher or one.source,
        kind=words.named(words.KINDS, one.kind, of),
        html=parts.render(news=brief, pages=pages).strip(),
        text=mail.environment(of).get_template("entry.txt").render(news=brief, pages=pages).strip(),
    )


def _urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(_OURS, name)}"


def atom(of: Feed) -> bytes:
    root = etree.fromstring(f'<feed xmlns="{ATOM}"/>')
    root.set("{http://www.w3.org/XML/1998/namespace}lang", of.language)
    _add(root, "id", of.id)
    _add(root, "title", of.title)
    _add(root, "subtitle", of.subtitle)
    _add(root, "updated", _rfc3339(of.updated))
    _add(root, "link", rel="self", type="application/atom+xml", href=of.address("atom"))
    _add(root, "link", rel="alternate", type="text/html", href=of.home)
    _add(_add(root, "author"), "name", "要点 Yaodian")
    _add(root, "generator", "Yaodian")
    for one in of.entries:
        entry = _add(root, "entry")
        _add(entry, "id", one.id)
        _add(entry, "title", one.title)
        _add(entry, "updated", _rfc3339(one.at))
        _add(entry, "published", _rfc3339(one.at))
        if one.url:
            _add(entry, "link", rel="alternate", href=one.url)
        _add(_add(entry, "author"), "name", one.publisher or "—")
        if one.kind:
            _add(entry, "category", term=one.kind)
        _add(entry, "content", one.html, type="html")
    return _xml(root)


def rss(of: Feed) -> bytes:
    root = etree.Element("rss", nsmap={"atom": ATOM}, version="2.0")
    channel = etree.SubElement(root, "channel")
    for name, text in (
        ("title", of.title),
        ("link", of.home),
        ("description", of.subtitle),
        ("language", of.language.lower()),
        ("lastBuildDate", format_datetime(of.updated)),
        ("generator", "Yaodian"),
    ):
        etree.SubElement(channel, name).text = _allowed(text)
    _add(channel, "link", rel="self", type="application/rss+xml", href=of.address("rss"))
    for one in of.entries:
        item = etree.SubElement(channel, "item")
        etree.SubElement(item, "title").text = _allowed(one.title)
        if one.url:
            etree.SubElement(item, "link").text = one.url
        etree.SubElement(item, "description").text = _allowed(one.html)
        etree.SubElement(item, "guid", isPermaLink="false").text = one.id
        etree.SubElement(item, "pubDate").text = format_datetime(one.at)
        if one.kind:
            etree.SubElement(item, "category").text = _allowed(one.kind)
    return _xml(root)


def json_feed(of: Feed) -> bytes:
    made = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": of.title,
        "description": of.subtitle,
        "home_page_url": of.home,
        "feed_url": of.address("json"),
        "language": of.language,
        "authors": [{"name": "要点 Yaodian"}],
        "items": [
            {
                "id": one.id,
                **({"url": one.url} if one.url else {}),
                "title": one.title,
                "content_html": one.html,
                "content_text": one.text,
                "date_published": _rfc3339(one.at),
                "authors": [{"name": one.publisher or "—"}],
                **({"tags": [one.kind]} if one.kind else {}),
            }
            for one in of.entries
        ],
    }
    return json.dumps(made, ensure_ascii=False, indent=1).encode(errors="replace")


FORMS: Mapping[str, tuple[str, Callable[[Feed], bytes]]] = {
    "atom": ("application/atom+xml; charset=utf-8", atom),
    "rss": ("application/rss+xml; charset=utf-8", rss),
    "json": ("application/feed+json; charset=utf-8", json_feed),
}


def answer(of: Feed, form: str, asked: Mapping[str, str]) -> Answer:
    """A feed in a form of FORMS; `asked` are the request's headers, by their names in lower case.

    RFC 9110 §13: If-None-Match decides where it is given, If-Modified-Since else.
    """
    media_type, build = FORMS[form]
    body = build(of)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "Content-Type": media_type,
        "ETag": etag,
        "Last-Modified": format_datetime(of.updated.astimezone(dt.UTC), usegmt=True),
        "Cache-Control": "public, max-age=300",
        "Vary": "Accept-Language",
    }
    if _is_known(etag, of.updated, asked):
        return Answer(304, headers, b"")
    return Answer(200, headers, body)


def _is_known(etag: str, updated: dt.datetime, asked: Mapping[str, str]) -> bool:
    if "if-none-match" in asked:
        tags = [tag.strip().removeprefix("W/") for tag in asked["if-none-match"].split(",")]
        return etag in tags or "*" in tags
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
    except ValueError:
        return False
    # A date without a zone is none that HTTP knows; the header has whole seconds.
    return since.tzinfo is not None and updated.replace(microsecond=0) <= since


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    allowed = {key: _allowed(value) for key, value in attributes.items()}
    made = etree.SubElement(parent, f"{{{ATOM}}}{name}", allowed)
    made.text = None if text is None else _allowed(text)
    return made


def _allowed(text: str) -> str:
    """Remove the characters that XML can't represent."""
    return _NOT_XML.sub("", text)


def _xml(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _rfc3339(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
