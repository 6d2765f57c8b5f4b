"""HTML text to a tree, and small questions to it. Parsing is done once for a page; nothing here judges content."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lxml import etree

from crawler import selectors

LONGEST_TITLE = 1_000
"""Characters of a <title> that are looked at."""

DEEP = 40
"""Levels; the deepest of 238 real pages has 29."""
_DEEPER = etree.XPath("boolean(" + "/*" * (DEEP + 1) + ")")

# Control characters are not allowed in a tree (NUL would end the document), lone surrogates not in UTF-8.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff]")
_BOX = re.compile(
    # what is a block or a link by itself stays, everything that only holds other things goes
    r"</?(?!(?:p|br|a|h[1-6]|title|meta|script|style|head|body|html)\b)[a-z][^<>]{0,2000}>",
    re.I,
)
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)
_PSEUDO = re.compile(r"::(?:text|attr\(([\w-]+)\))\s*$")


def parse(html: str) -> etree._Element:
    """The root of the page; an empty <html> for a text without any element."""
    clean = FORBIDDEN.sub("", html)
    root, lost = _parse(clean)
    if lost:
        # nested beyond what libxml2 keeps (broken generators): without boxes the text is all there
        root, _ = _parse(_BOX.sub("<br>", clean))
    return root


def _parse(html: str) -> tuple[etree._Element, bool]:
    """The root, and whether text was lost for its depth."""
    # UTF-8 bytes with a fixed encoding: libxml2 then believes no <meta charset> that no longer holds
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
    root = etree.fromstring(html.encode("utf-8"), parser) if html.strip() else None
    too_deep = any("depth" in error.message.lower() for error in parser.error_log)
    return (etree.Element("html") if root is None else root), too_deep


def is_deep(html: str) -> bool:
    """Return True if elements lie more than `DEEP` levels in each other."""
    return bool(_DEEPER(_parse(FORBIDDEN.sub("", html))[0]))


def body_of(root: etree._Element) -> etree._Element:
    found = root.find(".//body")
    return root if found is None else found


def metas(root: etree._Element) -> dict[str, str]:
    """name (lower case) → content of the first <meta> that says something; included headers bring a second set."""
    found: dict[str, str] = {}
    for tag in root.iter("meta"):
        name = (tag.get("name") or tag.get("property") or "").strip().lower()
        content = re.sub(r"\s+", " ", tag.get("content") or "").strip()
        if name and content and name not in found:
            found[name] = content
    return found


def page_title(root: etree._Element) -> str:
    """The first <title>: those of included headers come later, those of drawings lie in <svg>."""
    tag = next(root.iter("title"), None)
    text = "" if tag is None else "".join(str(t) for t in tag.itertext())[:LONGEST_TITLE]
    return re.sub(r"\s+", " ", text).strip()


@cache
def _compiled(selector: str) -> tuple[tuple[etree.XPath, ...], str | None]:
    """Return the compiled steps of a selector (see `selectors.descents`) and the attribute name of ::attr()."""
    pseudo = None if selectors.is_xpath(selector) else _PSEUDO.search(selector)
    bare = selector if pseudo is None else selector[: pseudo.start()]
    steps = selectors.descents(selectors.to_xpath(bare))
    return tuple(etree.XPath(step) for step in steps), pseudo[1] if pseudo else None


def _found(root: etree._Element, steps: tuple[etree.XPath, ...]) -> object:
    nodes = [root]
    for step in steps[:-1]:
        nodes = selectors.outermost(node for context in nodes for node in _nodes(step(context)))
    if len(nodes) == 1:
        return steps[-1](nodes[0])
    return [node for context in nodes for node in _nodes(steps[-1](context))]


def _nodes(found: object) -> list[object]:
    return found if isinstance(found, list) else [found]


def select(root: etree._Element, selector: str) -> list[etree._Element]:
    """Elements that a source's selector (CSS, or XPath starting with / or ./) finds."""
    found = _found(root, _compiled(selector)[0])
    return [node for node in found if isinstance(node, etree._Element)] if isinstance(found, list) else []


def select_text(root: etree._Element, selector: str) -> str | None:
    """The text, or the attribute that the selector names, of the first thing found."""
    steps, attribute = _compiled(selector)
    found = _found(root, steps)
    for node in found if isinstance(found, list) else [found]:
        if isinstance(node, etree._Element):
            text = node.get(attribute) if attribute else "".join(str(t) for t in node.itertext())
        else:
            text = str(node)
        text = re.sub(r"\s+", " ", text or "").strip()
        if text:
            return text
    return None


def is_hidden(element: etree._Element) -> bool:
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and _HIDDEN.search(style) is not None)


def tokens(element: etree._Element) -> Iterator[str]:
    """The id and the classes, in lower case."""
    if element.get("id"):
        yield (element.get("id") or "").strip().lower()
    yield from (element.get("class") or "").lower().split()
