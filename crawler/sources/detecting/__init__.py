"""Detecting a source: a page, feed, reply or sitemap in, the rules by which it is read out. Pure: what has to be fetched
for it is fetched by whoever asks."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from lxml import etree
from parsel import Selector

from crawler import listings
from crawler.extraction import limits
from crawler.extraction import read as read_document
from crawler.extraction.charset import decode, header_charset
from crawler.extraction.tree import metas, parse
from crawler.listings.html import base_of
from crawler.sources.detecting import about, blocks, fields, paging, portal, replies, wording
from crawler.sources.detecting.about import About
from crawler.sources.schema import ListingRules
from store.errors import SiteError, Unreadable
from store.flow import Capture, Entry
from store.identity import is_web_address
from store.said import said

Element = etree._Element
NOWHERE = "http://site.invalid/"
"""Stands for the site of a saved page that doesn't say where it came from."""
LONG = 400
"""Characters of text that make a page without a dated list an article."""


NO_PUBLISHER = said("the page doesn't say who publishes it")
NO_REGION = said("the page doesn't say which region it is of")


@dataclass(frozen=True, slots=True)
class Detected:
    """A listing's rules and what they find; `notes` say in words what could not be found."""

    listing: ListingRules
    entries: tuple[Entry, ...]
    about: About
    charset: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Not a listing itself: the addresses at which to look for one, the likeliest first, and why."""

    urls: tuple[str, ...]
    why: str


def detect(capture: Capture) -> Detected | Elsewhere:
    """The source that a capture's page is a listing of. Raises Unreadable, saying why, where it is none."""
    text, charset = decode(capture.body, header_charset(capture.header("Content-Type")))
    limits.check_markup(capture.url, text)
    head = text.lstrip("\ufeff \r\n\t")[:2000].lower()
    if "\x00" in head or head.startswith(("%pdf", "pk\x03")) or not head:
        raise Unreadable(
            said("this is {kind}, not a listing", kind=said("a binary file") if head else said("empty")),
            capture.url,
        )
    if "<sitemapindex" in head:
        return Elsewhere(tuple(listings.reader("sitemap").parts(capture)), said("an index of sitemaps"))  # type: ignore[attr-defined]
    if "<urlset" in head:
        return _told(capture, ListingRules(type="sitemap", urls=(capture.url,)), charset)
    if any(mark in head for mark in ("<rss", "<feed", "<rdf:rdf")):
        return _told(capture, ListingRules(type="feed", urls=(capture.url,)), charset)
    if (rules := replies.rules(capture)) is not None:
        return _told(capture, rules, charset)
    if "<recordset" in text.lower() and "<![cdata[" in text.lower():
        return _jpage(capture, text, charset)
    return _page(capture, text, charset)


def _told(capture: Capture, rules: ListingRules, charset: str, root: Element | None = None) -> Detected:
    listing = listings.reader(rules.type).read(capture, rules, 1, None)
    if not listing.entries:
        if listing.addressless:
            told = said(
                "its {lines} lines lead nowhere; give the address of a column's list",
                lines=listing.addressless,
            )
        else:
            told = said("it has no lines; give the address of a column's list")
        raise Unreadable(told, capture.url)
    described = about.read(etree.Element("html") if root is None else root, capture.url)
    return Detected(
        rules,
        listing.entries,
        described,
        charset,
        _notes(rules, listing.entries, listing.addressless, described),
    )


def _notes(rules: ListingRules, entries: tuple[Entry, ...], dead: int, described: About) -> tuple[str, ...]:
    notes = []
    if not any(entry.date for entry in entries):
        notes.append(said("no dates: neither the lines nor the addresses tell any"))
    elif undated := sum(entry.date is None for entry in entries):
        notes.append(said("{undated} of {all} entries have no date", undated=undated, all=len(entries)))
    if dead:
        notes.append(said("{lines} lines lead nowhere, and are left out", lines=dead))
    if rules.type in ("html", "jpage", "json") and not (rules.next or rules.pages):
        notes.append(said("no further pages: the page names none"))
    if rules.urls[0].startswith(NOWHERE):
        notes.append(said("the file doesn't say where it came from; give --url"))
    if described.publisher is None:
        notes.append(NO_PUBLISHER)
    if described.region is None:
        notes.append(NO_REGION)
    return tuple(notes)


def _jpage(capture: Capture, text: str, charset: str) -> Detected:
    rules = ListingRules(type="jpage", urls=(capture.url,), pages=paging.jpage(text))
    return _told(capture, rules, charset, parse(text) if "<html" in text[:5000].lower() else None)


def _page(capture: Capture, text: str, charset: str) -> Detected | Elsewhere:
    root = parse(text)
    base = base_of(Selector(root=root, type="html"), capture.url)
    block = blocks.find(root, base)
    if (block is None or _is_weak(block)) and _is_article(capture, root):
        column = about.column_url(root, capture.url, base)
        if column:
            return Elsewhere((column,), said("an article"))
        raise Unreadable(
            said("this is an article that names no column; give the address of the column's list"),
            capture.url,
        )
    if block is None or max(blocks.likeness(link.title) for link in block.links) < 0.3:
        leads = portal.told(portal.menu(root, base, capture.url))
        if leads:
            told = said(
                "no list found on this page; it leads to columns, give the address of one: {columns}",
                columns=leads,
            )
        else:
            told = _no_list(capture, text)
        raise Unreadable(told, capture.url)
    columns = []
    if not blocks.is_main(block, root, base) and portal.shows_only_newest(block, base, capture.url):
        columns = portal.columns(root, base, capture.url)
    if len(columns) >= portal.FEWEST and portal.is_front(capture.url):
        raise Unreadable(
            said(
                "this page shows {many} columns and is the list of none; give the address of one: {columns}",
                many=len(columns),
                columns=portal.told(columns),
            ),
            capture.url,
        )
    found = _told(capture, _rules(root, block, base, capture.url), charset, root)
    if not columns:
        return found
    note = said(
        "the page may show the newest of a column only; the whole may be at: {columns}",
        columns=portal.told(columns),
    )
    return replace(found, notes=(*found.notes, note))


def _is_weak(block: blocks.Block) -> bool:
    """Whether an article has such a list, too: of its neighbours, or of what is related."""
    count = len(block.items)
    return count < 5 or (count < 30 and blocks.dated(block.items, block.links) <= 0.5)


def _rules(root: Element, block: blocks.Block, base: str, url: str) -> ListingRules:
    lines = blocks.siblings(block, base)
    goal = {item for item, _ in lines}

    def is_line(element: Element) -> bool:
        return element in goal or any(
            link.url for link in [blocks.as_link(a, "href", base) for a in element.iter("a")][:20]
        )

    item, _ = wording.item(root, [item for item, _ in lines], is_line)
    rules = ListingRules(urls=(url,), item=item)
    rules = rules.model_copy(update={"link": fields.link(lines, base)})
    rules = rules.model_copy(update={"title": fields.title(lines, rules, base)})
    rules = rules.model_copy(update={"date": fields.date(lines, rules, base)})
    following = paging.find(root, base, url)
    return rules.model_copy(update={"next": following.next, "pages": following.pages})


def _is_article(capture: Capture, root: Element) -> bool:
    meta = metas(root)
    if meta.get("articletitle") and meta.get("pubdate"):
        return True
    try:
        page = read_document(capture)
    except SiteError:
        return False
    if page.metadata.published_at is not None and page.text:
        return True
    return page.confidence >= 0.6 and len(page.text) > LONG and page.text.count("\n") < len(page.text) / 25


def _no_list(capture: Capture, text: str) -> str:
    """With what is known of pages whose list a browser alone shows."""
    lower = text.lower()
    if "<li" in lower and any("<li" in part[: part.find("-->")].lower() for part in lower.split("<!--")[1:]):
        return said(
            "no list found on this page; its lines stand within a comment: the visible ones come by script, so look for "
            "the JSON it fetches"
        )
    if lower.count("<a ") < 5 and "<script" in lower and not capture.header("X-Rendered-By"):
        return said(
            "no list found on this page; it is built by scripts: give the address of the JSON it fetches, or let a browser "
            "open it: --render"
        )
    return said("no list found on this page; give the address of a column's list")


def as_file(detected: Detected, *, render: bool = False, **given: Any) -> dict[str, Any]:
    """The source as its file says it; with `render` its pages were opened by a browser. `given` are what the operator knows better. Absent where nobody knows."""
    listing = json.loads(detected.listing.model_dump_json(exclude_none=True, exclude_defaults=True))
    described = detected.about
    known = {
        "id": described.id,
        "name": described.name,
        "publisher": described.publisher,
        "region": described.region,
        "kind": described.kind,
    } | {key: value for key, value in given.items() if value is not None}
    source: dict[str, Any] = {key: value for key, value in known.items() if value is not None}
    source["listing"] = {"type": detected.listing.type, **listing}
    if not described.is_education:
        source["match"] = {"about": ["教育", "学校", "教师"]}
    if render:
        source["fetch"] = {"render": True}
    return source


def address_of(body: bytes, name: str) -> str:
    """The address that a saved page says it came from; else one that is no host's, with the file's name."""
    root = parse(decode(body)[0]) if b"<" in body[:2000] else etree.Element("html")
    meta = metas(root)
    told = [
        link.get("href") or "" for link in root.iter("link") if (link.get("rel") or "").lower() == "canonical"
    ]
    for url in (*told, meta.get("og:url", ""), meta.get("url", "")):
        if is_web_address(url.strip()):
            return url.strip()
    domain = meta.get("sitedomain", "").strip().strip("/")
    page = f"{domain if domain.startswith('http') else f'http://{domain}'}/{quote(name)}"
    return page if is_web_address(page) else f"{NOWHERE}{quote(name)}"
