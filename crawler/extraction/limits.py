"""How large a page may be. Reading costs as much as the page is long, so what bounds the page bounds the time; `is_small` says
of which pages that time is short enough to be waited for."""

from __future__ import annotations

import re
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
ATTRIBUTES = 1_000
"""Attributes of one tag, which libxml2 compares each with each. The most seen in a real page is 30."""

SMALL_BYTES, SMALL_TAGS, SMALL_WORDS = 256 << 10, 12_000, 12_000
"""What a small page has at most: bytes, "<", and pieces between white space, slashes and quotes. An attribute is such a piece
however the markup is understood, so all attributes of the page may stand in one tag. Of 183 real pages 179 are small; the
slowest of `python -m bench.attacks adversarial_pages --short` that is takes 0.4 s to read."""

_SEPARATORS = bytes.maketrans(b"\t\n\v\f\r/\"'", b" " * 8)
# Every quantifier is possessive: each character is looked at once, whatever is never closed.
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+"""
_TAG = re.compile(
    rf"""
    <!--[^-]*+(?:-(?!->)[^-]*+)*+                                  # a comment, to its end or the page's
    | <(?P<raw>script|style|textarea|title)(?=[\s/>])[^<>]*+>      # what holds no tags
      [^<]*+(?:<(?!/(?P=raw))[^<]*+)*+
    | <[a-z][^\s/>]*+(?:{_ATTRIBUTE}){{0,{ATTRIBUTES}}}+(?P<more>[\s/]*+[^\s/>])?+
    """,
    re.I | re.X,
)


def is_small(body: bytes) -> bool:
    """Return True if reading the page or listing takes well below a second and 150 MB, whatever it says."""
    return (
        len(body) <= SMALL_BYTES
        and body.count(b"<") <= SMALL_TAGS
        and len(body.translate(_SEPARATORS).split()) <= SMALL_WORDS
    )


def check_markup(url: str, text: str) -> None:
    """Raise Unreadable, before a tree is built, if parsing would take gigabytes of memory or hours."""
    if text.count("<") + text.count("=") > MARKS:
        raise Unreadable(said("too large: more than {most:,} tags and attributes", most=MARKS), url)
    if any(tag["more"] for tag in _TAG.finditer(text)):
        raise Unreadable(said("a tag with more than {most:,} attributes", most=ATTRIBUTES), url)


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
