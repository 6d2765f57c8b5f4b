"""Text as a listing prints it, made fit for one line: for listing types alone, no judgement of content."""

from __future__ import annotations

import re

from lxml import etree, html

_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1b\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SILENT = frozenset(["script", "style", "noscript", "template"])
_CUT = re.compile(r"(?:…|\.{2,}|⋯)\s*$")


def squeeze(text: str) -> str:
    """One blank for any white space, and nothing that a terminal would obey."""
    return re.sub(r"\s+", " ", _UNSEEN.sub("", text)).strip()


def pieces(node: etree._Element) -> list[str]:
    """The node's texts one by one, without scripts and comments; blank ones are left out."""
    return [text for text in map(squeeze, _raw(node)) if text]


def _raw(node: etree._Element) -> list[str]:
    found: list[str] = []
    hushed: etree._Element | None = None
    for event, element in etree.iterwalk(node, events=("start", "end", "comment", "pi")):
        if event == "start":
            if hushed is None and element.tag in _SILENT:
                hushed = element
            elif hushed is None and element.text:
                found.append(element.text)
            continue
        if element is hushed:
            hushed = None
        if hushed is None and element is not node and element.tail:
            found.append(element.tail)
    return found


def text_of(node: etree._Element) -> str:
    return squeeze("".join(_raw(node)))


def is_cut(text: str) -> bool:
    """Whether a title ends in the dots of one that was too long for its line."""
    return _CUT.search(text) is not None


def plain(markup: str) -> str:
    """A JSON or XML field that may hold marks of HTML (<em> round a word sought, &nbsp;) as text."""
    if "<" not in markup and "&" not in markup:
        return squeeze(markup)
    root = html.fragment_fromstring(markup or " ", create_parent="div")
    return text_of(root)
