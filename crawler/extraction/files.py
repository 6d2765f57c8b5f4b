"""Documents that are files: a file that a listing leads to directly, and a page that only hands one down. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields, replace

from lxml import etree
from rapidfuzz import fuzz

from crawler.extraction import metadata, plan
from crawler.extraction.heading import plausible
from crawler.extraction.lines import Reading as Parts
from crawler.extraction.lines import plain
from crawler.extraction.outline import outline
from crawler.extraction.render import Line
from crawler.extraction.title import tidy
from store.errors import Unreadable
from store.flow import Attachment, Capture, Metadata, Node, Page, Reading
from store.said import said

COVER = 800
"""Most characters of a page that only hands a file down: a notice with its addressees, signature and contacts."""
PLENTY = 200
"""Fewest characters of a plan."""
TITLE_LINES = 8
TITLE_PARTS = 3
ALIKE = 90.0
_TABLES = frozenset(["application/vnd.ms-excel", "application/zip"])
_CUT = re.compile(r"(?:…|\.{3})\s*$")
_SUFFIX = re.compile(r"\.(?:pdf|docx?|wps|ofd|xlsx?|zip)$", re.I)
_NUMBERED = re.compile(r"[一二三四五六七八九十]{1,3}、|第[一二三四五六七八九十\d]{1,3}[章部]")


def read_file(capture: Capture, reading: Reading, listed: str | None = None) -> Page:
    """The document that a file is. `listed` is its title in the listing, which is believed where it is whole.

    Raises Unreadable for a file without text: a scanned one, one behind a password, a broken one."""
    if reading.state != "read" or not reading.text:
        raise Unreadable(_lacks(reading), capture.url)
    title = _SUFFIX.sub("", listed or "").strip() or None
    if title is None or _CUT.search(title):
        title = _title(reading.text) or title
    nodes = outline(reading.text)
    described = _metadata(capture.url, reading.text, title, nodes)
    return Page(capture.url, title, reading.text, described, nodes, ())


def _lacks(reading: Reading) -> str:
    """Why there is no text."""
    why = reading.detail or said("it has no text")
    if reading.state == "scanned":
        return said("the file is scanned: {why}", why=why)
    if reading.state == "encrypted":
        return said("the file is encrypted: {why}", why=why)
    if reading.state == "too large":
        return said("the file is too large: {why}", why=why)
    return said("the file is unreadable: {why}", why=why)


def joined(page: Page, attachments: Sequence[Attachment]) -> Page:
    """A page as it was read, with the content of its attachments; where the plan itself is one of them, its text."""
    page = replace(page, attachments=tuple(attachments))
    plan_file = _plan_file(page)
    if plan_file is None or plan_file.text is None:
        return page
    nodes = outline(plan_file.text)
    told = _metadata(page.url, plan_file.text, page.title, nodes)
    return replace(
        page,
        text=plan_file.text,
        outline=nodes,
        metadata=_completed(page.metadata, told),
        text_from=plan_file.url,
        cover=page.text,
    )


def bare(page: Page) -> Page:
    """The page as it was before `joined`, but for what its metadata gained."""
    if page.cover is None:
        return page
    return replace(page, text=page.cover, outline=outline(page.cover), text_from=None, cover=None)


def may_be_cover(page: Page) -> bool:
    """Whether a page says so little itself that the plan may be in its attachment."""
    return bool(page.attachments) and len(page.text) <= COVER


def _plan_file(page: Page) -> Attachment | None:
    """The one document that a cover hands down, perhaps in two formats; tables and archives stand beside it."""
    if not may_be_cover(page) or sum(1 for line in page.text.split("\n") if _NUMBERED.match(line)) >= 2:
        return None
    found = [a for a in page.attachments if a.state == "read" and a.text and not _is_table(a)]
    if not found:
        return None
    first, *others = found
    text = first.text or ""
    if any(fuzz.ratio(text, other.text or "", score_cutoff=ALIKE) < ALIKE for other in others):
        return None
    is_long = len(text) >= max(PLENTY, 1.5 * len(page.text))
    return first if is_long and (_names_work(page, first) or _is_divided(text)) else None


def _is_table(attachment: Attachment) -> bool:
    sheet = attachment.media_type or ""
    return sheet in _TABLES or sheet.endswith(".sheet")


def _names_work(page: Page, attachment: Attachment) -> bool:
    """Whether the file, by its name or its first lines, is the work that the page's title hands down."""
    work = re.search(r"《([^《》]{4,120})》", page.title or "")
    wanted = plain(work[1] if work else page.title or "")
    head = plain("".join((attachment.text or "").split("\n")[:TITLE_LINES]))
    return len(wanted) >= 8 and (wanted in head or wanted in plain(attachment.name))


def _is_divided(text: str) -> bool:
    return sum(1 for line in text.split("\n") if _NUMBERED.match(line)) >= 3


def _title(text: str) -> str | None:
    """The first lines that together name a kind of plan; a title is often broken over lines."""
    lines = text.split("\n")[:TITLE_LINES]
    for first in range(len(lines)):
        shape = ""
        for line in lines[first : first + TITLE_PARTS]:
            shape += line.strip()
            if plan.kind_of(shape) and plausible(shape):
                return tidy(shape)
    return None


def _metadata(url: str, text: str, title: str | None, nodes: tuple[Node, ...]) -> Metadata:
    nowhere = etree.Element("body")
    body = [Line(line, nowhere) for line in text.split("\n")]
    told, _ = metadata.describe(url, nowhere, {}, Parts([], body, []), title, nodes, None)
    return told


def _completed(told: Metadata, more: Metadata) -> Metadata:
    """What the cover says, and where it is silent what the file says of itself."""
    silent = [field.name for field in fields(told) if getattr(told, field.name) is None]
    return replace(told, **{name: getattr(more, name) for name in silent if name != "published_at"})
