"""Extraction: one capture in, one Page out. Pure: no network, no database, no clock.

`read` is the table of contents; `decode` and `parse` serve the listings too.
"""

from __future__ import annotations

import re

from lxml import etree

from crawler.extraction import anchor, blocked, lines, media, metadata, paging, title
from crawler.extraction.attachments import attachments, written
from crawler.extraction.charset import decode, header_charset
from crawler.extraction.lines import Reading
from crawler.extraction.locate import Located, locate, weigh
from crawler.extraction.outline import outline
from crawler.extraction.paging import join
from crawler.extraction.render import Line, render
from crawler.extraction.tree import body_of, is_hidden, metas, page_title, parse, select, select_text
from crawler.sources.schema import DocumentRules
from store.errors import Blocked, Unreadable
from store.flow import Capture, Page

__all__ = ["decode", "join", "outline", "parse", "read"]

_BINARY = re.compile(rb"%PDF-|PK\x03\x04|\xd0\xcf\x11\xe0|\x89PNG|\xff\xd8\xff|GIF8|Rar!|\x1f\x8b|OFD|RIFF")
_MEDIA = re.compile(r"(?:text/|application/(?:xhtml|xml|json|octet-stream|x-?html)|$)", re.I)

LITTLE = 200.0
"""Characters of prose below which a page is looked at for hidden text."""


def read(capture: Capture, rules: DocumentRules = DocumentRules(), charset: str | None = None) -> Page:  # noqa: B008
    """The document in a capture. `rules` are the source's own selectors, `charset` its own charset.

    Raises `Unreadable` for what is no page or has no text, `Blocked` for a challenge, an error or a login page.
    """
    html = _text(capture, charset)
    root = parse(html)
    meta = metas(root)
    body = body_of(root)
    whole = _lines(body, _removed(root, rules), capture.url)
    _refuse(capture.url, root, whole, meta)
    main = locate(root, body, whole, rules)
    divided = lines.divide(whole, main.element)
    hints = (meta.get("articletitle", ""), page_title(root))
    if main.prose < anchor.PROSE:
        divided = anchor.anchored(whole, hints, main.element is body) or divided
    named = select_text(root, rules.title) if rules.title else None
    heading = title.choose(page_title(root), meta, whole, len(divided.above), named)
    reading = lines.clean(divided, main.element, heading)
    text = "\n".join(line.text for line in reading.body)
    files = attachments(reading.body, written(main.element, capture.url))
    start = None if text else anchor.below_info(whole, hints)
    if start is not None:
        reading = Reading(whole[:start], [], whole[start:])
        files = files or media.shown(body, whole, start, capture.url)
    if not (text or (start is not None and files and heading)):
        raise Unreadable(f"{capture.url}: no text found; give `document: content` in the source file")
    nodes = outline(text)
    published = select_text(root, rules.published) if rules.published else None
    described, origins = metadata.describe(capture.url, root, meta, reading, heading, nodes, published)
    if heading:
        origins["title"] = "source" if named else title.origin(heading, whole)
    return Page(
        url=capture.url,
        title=heading,
        text=text,
        metadata=described,
        outline=nodes,
        attachments=files,
        confidence=_confidence(main, reading.body),
        origins=origins,
        next=paging.following(root, whole, reading.body, capture.url),
    )


def _text(capture: Capture, charset: str | None) -> str:
    media = (capture.header("Content-Type") or "").split(";")[0].strip()
    if _BINARY.match(capture.body[:8]) or not _MEDIA.match(media):
        raise Unreadable(f"{capture.url}: this is {media or 'a binary file'}, not a page")
    if not capture.body.strip():
        raise Unreadable(f"{capture.url}: the answer is empty")
    html, _ = decode(capture.body, header_charset(capture.header("Content-Type")), charset)
    if media == "text/plain" or "<" not in html[:2000]:
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


def _refuse(url: str, root: etree._Element, whole: list[Line], meta: dict[str, str]) -> None:
    reason = blocked.why(root, page_title(root), whole, meta)
    if reason:
        raise Blocked(f"{url}: {reason} instead of a document")
    if not whole:
        raise Unreadable(f"{url}: the page has no text; it may be built by scripts (`fetch: render: true`)")


def _confidence(main: Located, body: list[Line]) -> float:
    """How the container was found, less where the text is short, or none, or made of links."""
    length = sum(len(line.text) for line in body) or 1
    linked = sum(line.linked for line in body) / length
    if not body:
        return 0.1
    return round(max(0.1, main.confidence - (0.2 if length < 60 else 0.0) - 0.5 * min(1.0, linked)), 2)
