"""Extraction: one capture in, one Page out. Pure: no network, no database, no clock.

`read` is the table of contents; `decode` and `parse` serve the listings too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lxml import etree

from crawler.extraction import (
    anchor,
    blocked,
    confidence,
    dates,
    learning,
    limits,
    lines,
    media,
    metadata,
    paging,
    title,
)
from crawler.extraction.attachments import attachments, written
from crawler.extraction.charset import decode, header_charset
from crawler.extraction.furniture import without_notices, without_slots
from crawler.extraction.learning import Sample
from crawler.extraction.lines import Reading
from crawler.extraction.locate import Located, locate, weigh
from crawler.extraction.outline import outline
from crawler.extraction.paging import join
from crawler.extraction.render import Line, render
from crawler.extraction.template import Template
from crawler.extraction.tree import body_of, is_hidden, metas, page_title, parse, select, select_text
from crawler.sources.schema import DocumentRules
from store.errors import Blocked, SiteError, Unreadable
from store.flow import Capture, Metadata, Page, Place
from store.said import said

__all__ = ["Template", "decode", "join", "learn", "outline", "parse", "read"]

_BINARY = re.compile(rb"%PDF-|PK\x03\x04|\xd0\xcf\x11\xe0|\x89PNG|\xff\xd8\xff|GIF8|Rar!|\x1f\x8b|OFD|RIFF")
_MEDIA = re.compile(r"(?:text/|application/(?:xhtml|xml|json|octet-stream|x-?html)|$)", re.I)

LITTLE = 200.0
"""Characters of prose below which a page is looked at for hidden text."""


def read(
    capture: Capture,
    rules: DocumentRules = DocumentRules(),  # noqa: B008
    charset: str | None = None,
    template: Template | None = None,
) -> Page:
    """The document in a capture. `rules` are the source's own selectors, `charset` its own charset, `template` what
    was learned of its pages.

    Raises `Unreadable` for what is no page, too large or without text, `Blocked` for a challenge, an error or a
    login page.
    """
    opened = _open(capture, rules, charset)
    main = locate(opened.root, opened.body, opened.lines, rules, template)
    return _page(opened, main, rules, template)[0]


def learn(
    captures: Iterable[Capture],
    rules: DocumentRules = DocumentRules(),  # noqa: B008
    charset: str | None = None,
) -> Template | None:
    """What the documents of a source have in common; captures of one address in the order in which they came. None
    where they are too few or have nothing in common."""
    samples = []
    for capture in captures:
        try:
            opened = _open(capture, rules, charset)
            main = locate(opened.root, opened.body, opened.lines, rules)
            page, kept = _page(opened, main, rules)
        except SiteError:
            continue  # no document: nothing to learn from it
        day = dates.day(page.metadata.published_at)
        samples.append(
            Sample(capture.url, opened.root, opened.body, opened.lines, main.element, kept, page.title, day)
        )
    return learning.learn(samples)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A capture that is a page: parsed, and its visible lines. `named` is its <title>."""

    url: str
    root: etree._Element
    body: etree._Element
    meta: dict[str, str]
    named: str
    lines: list[Line]

    @property
    def hints(self) -> tuple[str, str]:
        """What its head says that its title is."""
        return self.meta.get("articletitle", ""), self.named


def _open(capture: Capture, rules: DocumentRules, charset: str | None) -> _Opened:
    root = parse(_text(capture, charset))
    limits.check_tree(capture.url, root)
    meta = metas(root)
    named = page_title(root)
    body = body_of(root)
    whole = _lines(body, _removed(root, rules), capture.url)
    limits.check_lines(capture.url, whole)
    _refuse(capture.url, root, named, whole, meta)
    return _Opened(capture.url, root, body, meta, named, whole)


def _page(
    opened: _Opened, main: Located, rules: DocumentRules, template: Template | None = None
) -> tuple[Page, list[Line]]:
    """The page, and the lines that are its text."""
    url, whole = opened.url, opened.lines
    divided = _divide(opened, main)
    heading, place = _heading(opened, main, rules, len(divided.above))
    reading = lines.clean(divided, main.element, heading)
    reading.body = without_notices(reading.body, template)
    if not reading.body and main.how == "descent" and main.element is not opened.body:
        # A container of which nothing stays, as a footer's address, was the heaviest of a page with hardly a word.
        return _page(opened, replace(main, element=opened.body), rules, template)
    text = "\n".join(line.text for line in reading.body)
    files = attachments(reading.body, written(main.element, url))
    start = None if text else anchor.below_info(whole, opened.hints)
    if start is not None:
        reading = Reading(whole[:start], [], whole[start:])
        files = files or media.shown(opened.body, whole, start, url)
    if not (text or (start is not None and files and heading)):
        raise Unreadable(said("no text found; give `document: content` in the source file"), url)
    nodes = outline(text)
    published = select_text(opened.root, rules.published) if rules.published else None
    described, origins = metadata.describe(url, opened.root, opened.meta, reading, heading, nodes, published)
    described, origins = _dated(described, origins, opened, main)
    if heading:
        origins["title"] = place
    if main.how == "selector":
        origins["text"] = "source"
    sure = confidence.of(
        main, reading.body, titled=heading is not None, dated=described.published_at is not None
    )
    page = Page(
        url=url,
        title=heading,
        text=text,
        metadata=described,
        outline=nodes,
        attachments=files,
        confidence=sure,
        origins=origins,
        next=paging.following(opened.root, whole, reading.body, url),
    )
    return page, reading.body


def _divide(opened: _Opened, main: Located) -> Reading:
    """The lines above, in and below the text."""
    divided = without_slots(lines.divide(opened.lines, main.element), main.fitted, opened.root)
    if main.prose < anchor.PROSE and main.fitted is None:
        return anchor.anchored(opened.lines, opened.hints, main.element is opened.body) or divided
    return divided


def _heading(opened: _Opened, main: Located, rules: DocumentRules, start: int) -> tuple[str | None, Place]:
    """The title, and where it was found; `start` is where the text begins."""
    named = select_text(opened.root, rules.title) if rules.title else None
    heading = title.choose(opened.named, opened.meta, opened.lines, start, named)
    path = main.fitted.layout.title if main.fitted else None
    if path and named is None:
        told = lines.plain(" ".join(opened.hints))
        if heading is None or lines.plain(heading) not in told:
            heading = _said(opened.root, path) or heading
    place: Place = "source" if named else title.origin(heading or "", opened.lines)
    return heading, place


def _dated(
    described: Metadata, origins: dict[str, Place], opened: _Opened, main: Located
) -> tuple[Metadata, dict[str, Place]]:
    """With the date of the learned info line, where nothing else gave one."""
    path = main.fitted.layout.info if main.fitted else None
    day = dates.find(_said(opened.root, path)) if path and described.published_at is None else None
    if day is None:
        return described, origins
    return replace(described, published_at=day), {**origins, "published_at": "info"}


def _said(root: etree._Element, path: str) -> str | None:
    """The text of the one element at a learned path; None where there is none or more."""
    return select_text(root, path) if len(select(root, path)) == 1 else None


def _text(capture: Capture, charset: str | None) -> str:
    media_type = (capture.header("Content-Type") or "").split(";")[0].strip()
    if _BINARY.match(capture.body[:8]) or not _MEDIA.match(media_type):
        raise Unreadable(
            said("this is {kind}, not a page", kind=media_type or said("a binary file")), capture.url
        )
    if not capture.body.strip():
        raise Unreadable(said("the answer is empty"), capture.url)
    html, _ = decode(capture.body, header_charset(capture.header("Content-Type")), charset)
    limits.check_text(capture.url, html)
    if media_type == "text/plain" or "<" not in html[:2000]:
        html = "<pre>" + html.replace("&", "&amp;").replace("<", "&lt;") + "</pre>"
    return html


def _lines(body: etree._Element, skip: set[etree._Element], url: str) -> list[Line]:
    """What is visible; but where nearly all prose is hidden, it is a text behind tabs or unveiled by a script."""
    seen = render(body, skip, url)
    prose = sum(weigh(line) for line in seen)
    if prose < LITTLE and any(is_hidden(element) for element in body.iter(etree.Element)):
        everything = render(body, skip, url, hidden=True)
        if sum(weigh(line) for line in everything) > 3 * prose + LITTLE:
            return everything
    return seen


def _removed(root: etree._Element, rules: DocumentRules) -> set[etree._Element]:
    return {element for selector in rules.remove for element in select(root, selector)}


def _refuse(url: str, root: etree._Element, named: str, whole: list[Line], meta: dict[str, str]) -> None:
    reason = blocked.why(root, named, whole, meta)
    if reason:
        raise Blocked(said("{reason} instead of a document", reason=reason), url)
    if not whole:
        raise Unreadable(
            said("the page has no text; it may be built by scripts (`fetch: render: true`)"), url
        )
