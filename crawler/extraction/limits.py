"""How large a page may be. Reading costs as much as the page is long, so what bounds the page bounds the time."""

from __future__ import annotations

from itertools import islice

from lxml import etree

from crawler.extraction.render import Line
from store.errors import Unreadable
from store.said import said

CHARS = 8_000_000
"""The longest plan seen has 0.1 million characters of text; pages pasted from Word have 3 million of markup."""
MARKS = 2_000_000
"""Tags and attributes of a page or a list, some 300 bytes of a tree each."""
ELEMENTS = 200_000
LINES = 60_000


def check_markup(url: str, text: str) -> None:
    """Raises Unreadable for what would take gigabytes as a tree, before one is made of it."""
    if text.count("<") + text.count("=") > MARKS:
        raise Unreadable(said("too large: more than {most:,} tags and attributes", most=MARKS), url)


def check_text(url: str, html: str) -> None:
    """Raises Unreadable for a page of more than `CHARS` characters or `MARKS` tags and attributes."""
    check_markup(url, html)
    if len(html) > CHARS:
        raise Unreadable(
            said("too large: {many:,} characters, at most {most:,} are read", many=len(html), most=CHARS), url
        )


def check_tree(url: str, root: etree._Element) -> None:
    """Raises Unreadable for a page of more than `ELEMENTS` elements."""
    if next(islice(root.iter(etree.Element), ELEMENTS, None), None) is not None:
        raise Unreadable(said("too large: more than {most:,} elements", most=ELEMENTS), url)


def check_lines(url: str, lines: list[Line]) -> None:
    """Raises Unreadable for a page of more than `LINES` lines."""
    if len(lines) > LINES:
        raise Unreadable(
            said("too large: {many:,} lines, at most {most:,} are read", many=len(lines), most=LINES), url
        )
