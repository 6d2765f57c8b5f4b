"""Articles that a site splits over several pages: which page follows, and one document made of all of them.

Conservative: 下一页 may also be how a site calls the next article, so the address must be one of this article's own."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

from lxml import etree

from crawler.extraction.outline import outline
from crawler.extraction.render import Line
from store.flow import Attachment, Metadata, Page, Place

MOST = 50
"""Pages that one article may have."""
_NEXT = re.compile(r"[\[【(（<‹«]*\s*(?:下\s*一?\s*页|后一页|next(?:\s*page)?)\s*[\]】)）>›»]*", re.I)
_NUMBER = re.compile(r"[\[【(（]?\s*第?\s*(\d{1,2})\s*页?\s*[\]】)）]?")
_FILE = re.compile(r"(?P<stem>.+?)(?:[_-](?P<number>\d{1,2}))?(?P<suffix>\.(?:s?html?|jspx?|aspx?|php))?")
_COUNTS = frozenset(["page", "p", "pn", "pageno", "pagenum", "pageindex", "pageid", "currentpage", "curpage"])
# TRS: pages, current from 0, name, suffix; a search system: the box's id, pages, current from 1, name, suffix
_SCRIPTED = re.compile(
    r"createPageHTML\s*\(\s*(?P<box>[\"'][\w-]{1,40}[\"']\s*,\s*)?(?P<count>\d{1,4})\s*,\s*(?P<current>\d{1,4})\s*,"
    r"\s*[\"'](?P<name>[\w.-]{1,100})[\"']\s*,\s*[\"'](?P<suffix>\w{2,6})[\"']",
    re.I,
)


def following(root: etree._Element, lines: Sequence[Line], body: Sequence[Line], url: str) -> str | None:
    """The absolute URL of the article's next page; `body` are the document's among the page's `lines`."""
    if 2 * sum(line.linked for line in body) > sum(len(line.text) for line in body):
        return None  # a list, which has pages too
    return _by_script(root, url) or _by_link(lines, url)


def join(pages: Sequence[Page]) -> Page:
    """One page of all parts in their order: the first one's title and URL, all text, the outline of the whole; a
    metadata field that the first part lacks (a signature stands on the last) comes from the first part that has it."""
    first = pages[0]
    text = "\n".join(part.text for part in pages if part.text)
    attachments: dict[Attachment, None] = dict.fromkeys(a for part in pages for a in part.attachments)
    values: dict[str, Any] = {}
    origins: dict[str, Place] = {"title": first.origins["title"]} if "title" in first.origins else {}
    for name in (field.name for field in dataclasses.fields(Metadata)):
        has = next((part for part in pages if getattr(part.metadata, name) is not None), None)
        if has is not None:
            values[name] = getattr(has.metadata, name)
            if name in has.origins:
                origins[name] = has.origins[name]
    return dataclasses.replace(
        first,
        text=text,
        metadata=Metadata(**values),
        outline=outline(text),
        attachments=tuple(attachments),
        confidence=min(part.confidence for part in pages),
        origins=origins,
        next=None,
    )


def _by_script(root: etree._Element, url: str) -> str | None:
    here = _name(url)
    for script in root.iter("script"):
        text = script.text or ""
        if "createpagehtml" not in text.lower():
            continue
        for call in _SCRIPTED.finditer(text[:50_000]):
            count, current, first = int(call["count"]), int(call["current"]), 1 if call["box"] else 0
            # the script says which page it is on; one that pages through a list beside the article names the list
            named = call["name"] if current == first else f"{call['name']}_{current}"
            if here == named and first <= current < count + first - 1 and count <= MOST:
                return urljoin(url, f"{call['name']}_{current + 1}.{call['suffix']}")
    return None


def _by_link(lines: Sequence[Line], url: str) -> str | None:
    """下一页, or among the numbers of a pager the next one, if it leads to a page of this article."""
    links = [link for line in lines for link in line.links if link.href]
    known = {link.href.split("#")[0] for link in links}
    for link in links:
        href = link.href.split("#")[0]
        numbered = _NUMBER.fullmatch(link.text)
        if (numbered or _NEXT.fullmatch(link.text)) and _succeeds(href, url, known, bool(numbered)):
            return href
    return None


def _name(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def _place(url: str) -> tuple[str, int | None]:
    """The name of an address's file without the page's number, and that number."""
    match = _FILE.fullmatch(urlsplit(url).path.rsplit("/", 1)[-1])
    if match is None:
        return "", None
    return match["stem"], int(match["number"]) if match["number"] else None


def _succeeds(href: str, url: str, known: set[str], numbered: bool) -> bool:
    """Whether `href` is the page after `url`: the same address with the next number."""
    try:
        here, there = urlsplit(url), urlsplit(href)
    except ValueError:
        return False
    if here.hostname != there.hostname:
        return False
    if here.path == there.path:
        return _counts_on(here.query, there.query)
    folder = here.path.rsplit("/", 1)[0]
    if here.query or there.query or folder != there.path.rsplit("/", 1)[0]:
        return False
    name, number = _place(url)
    name_there, number_there = _place(href)
    if _name(url) == name_there:
        # x.html → x_1.html (TRS) or x_2.html; a link that is only a number must be the second page's
        return number_there == 2 or (number_there == 1 and not numbered)
    if number is None or name != name_there or number_there != number + 1:
        return False
    # x_7.html → x_8.html are two articles as often; pages of one lead back to x.html
    back = re.compile(rf"{re.escape(folder)}/{re.escape(name)}(?:_1)?\.\w+")
    return any(back.fullmatch(urlsplit(one).path) for one in known)


def _counts_on(here: str, there: str) -> bool:
    old, new = parse_qsl(here), parse_qsl(there)
    counted = [(k, v) for k, v in new if k.lower() in _COUNTS]
    rest = [(k, v) for k, v in new if k.lower() not in _COUNTS]
    if (
        len(counted) != 1
        or not counted[0][1].isdigit()
        or rest != [x for x in old if x[0].lower() not in _COUNTS]
    ):
        return False
    before = next((v for k, v in old if k == counted[0][0]), "1")
    return before.isdigit() and int(counted[0][1]) == int(before) + 1 <= MOST
