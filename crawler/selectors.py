"""Selectors as source files write them: CSS, or XPath when it starts with / or ./ (a reader sees at once which)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from lxml.etree import XPath, XPathError, _Element, fromstring
from parsel import Selector, SelectorList
from parsel.csstranslator import HTMLTranslator

_TRANSLATOR = HTMLTranslator()
MOST_CHARACTERS = 500
"""Of a selector; the longest of the catalogue has 80."""
# XPath 1.0 (https://www.w3.org/TR/xpath-10/), its node tests, and what parsel adds. libxml2 itself notices an
# unknown one only when a page brings it to be called.
_FUNCTIONS = frozenset(
    [
        "last",
        "position",
        "count",
        "id",
        "local-name",
        "namespace-uri",
        "name",
        "string",
        "concat",
        "starts-with",
        "contains",
        "substring-before",
        "substring-after",
        "substring",
        "string-length",
        "normalize-space",
        "translate",
        "boolean",
        "not",
        "true",
        "false",
        "lang",
        "number",
        "sum",
        "floor",
        "ceiling",
        "round",
        "text",
        "node",
        "comment",
        "processing-instruction",
        "and",
        "or",
        "div",
        "mod",
        "has-class",
        "re:test",
        "re:match",
        "re:replace",
        "set:difference",
        "set:intersection",
        "set:leading",
        "set:trailing",
        "set:has-same-node",
        "set:distinct",
    ]
)
_CALL = re.compile(r"([A-Za-z][\w:-]*)\s*\(")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")


def check(text: str) -> str:
    """The selector itself, if it is one; raises ValueError with the remedy."""
    if len(text) > MOST_CHARACTERS:
        raise ValueError(
            f"{text[:40]!r}… has {len(text)} characters; a selector has at most {MOST_CHARACTERS}"
        )
    try:
        xpath = to_xpath(text)
        unknown = set(_CALL.findall(_QUOTED.sub("''", xpath))) - _FUNCTIONS
        if unknown:
            raise ValueError(f"unknown function {sorted(unknown)[0]}")
        # Asked once of an empty page: an unknown prefix shows only then.
        XPath(xpath)(fromstring("<html/>"))
    except (XPathError, SyntaxError, ValueError, RecursionError) as error:
        raise ValueError(f"{text!r} is neither CSS nor XPath ({error}); XPath starts with / or ./") from error
    return text


def select(node: Selector, selector: str, most: int | None = None) -> SelectorList[Selector]:
    """What a selector finds, in the page's order; at `most` so many, since a hostile page has millions."""
    *steps, last = descents(to_xpath(selector))
    bounded = last if most is None else f"({last})[position() <= {most}]"
    if not steps:
        return node.xpath(bounded)
    nodes: list[Selector] = [node]
    for step in steps:
        roots = outermost([found.root for context in nodes for found in context.xpath(step)])
        nodes = [Selector(root=root, type=node.type) for root in roots]
    found: SelectorList[Selector] = SelectorList()
    for context in nodes:
        found.extend(context.xpath(bounded))
        if most is not None and len(found) >= most:
            break
    return found if most is None else found[:most]


def is_xpath(selector: str) -> bool:
    return selector.startswith(("/", "./", "(/", "(./"))


def to_xpath(selector: str) -> str:
    if is_xpath(selector):
        return selector
    return _TRANSLATOR.css_to_xpath(selector, prefix="descendant-or-self::")


# ── what a selector costs ──

_DESCENT = re.compile(r"/descendant-or-self::(?:\*|node\(\))/|//")
_NESTED = re.compile(r"\[[^\[\]]*\]")
# What is looked at for each element anew: other elements than its children, or a pattern of the operator's.
_COSTLY = re.compile(r"::|/|\b(?:re|set):|\b(?:count|id|sum|string|translate|lang)\s*\(")
_JMESPATH = re.compile(r"[\w.@\"$-]+(?:\[\d*\]|\[\*\])?[\w.@\"$-]*")


@lru_cache(maxsize=1024)
def descents(xpath: str) -> tuple[str, ...]:
    """Split an XPath into steps, each for the outermost elements that the step before it finds.

    For example ul//li//a becomes ul, .//li and .//a. When an XPath is run as a whole, libxml2 compares all
    elements it finds with each other, which takes hours on a page of nested lists.
    """
    masked = _masked(xpath)
    if "|" in masked or "(" in masked.replace("text()", "").replace("node()", "") or ".." in masked:
        return (xpath,)
    places = [m for m in _DESCENT.finditer(masked) if m.start() > (masked.startswith("."))]
    starts = [0, *(place.end() for place in places)]
    ends = [*(place.start() for place in places), len(xpath)]
    parts = [xpath[start:end] for start, end in zip(starts, ends, strict=True)]
    return (parts[0], *(f".//{part}" for part in parts[1:]))


def outermost(nodes: Iterable[object]) -> list[_Element]:
    """Return the elements that lie in no other element of `nodes`, in the page's order."""
    kept: list[_Element] = []
    for node in nodes:
        if isinstance(node, _Element) and not (kept and kept[-1] in node.iterancestors()):
            kept.append(node)
    return kept


def is_cheap(selector: str) -> bool:
    """Return True if the time that a CSS selector or XPath takes grows only with the page, whatever the page is."""
    parts = descents(to_xpath(selector))
    for part in parts:
        masked = _masked(part)
        path = masked.removeprefix("descendant-or-self::").removeprefix(".").removeprefix("//")
        inside = [piece for piece in _predicates(part) if _COSTLY.search(piece)]
        if inside or "//" in path or re.search(r"::|[|]|\.\.", path.replace("self::*", "")):
            return False
        if "(" in path.replace("text()", "").replace("node()", ""):
            return False
    return True


def is_cheap_jmespath(expression: str) -> bool:
    """Return True for a plain path into a reply, which holds at most one list: data.rows, result[0].items[*]."""
    return _JMESPATH.fullmatch(expression) is not None


def _predicates(xpath: str) -> list[str]:
    """Return the contents of all brackets, nested ones included, with quoted text masked."""
    text, found = _QUOTED.sub(lambda quoted: "'" + "-" * (len(quoted[0]) - 2) + "'", xpath), []
    while inner := _NESTED.findall(text):
        found += inner
        text = _NESTED.sub(lambda piece: "_" * len(piece[0]), text)
    return found


def _masked(xpath: str) -> str:
    """Return the path with all text in brackets or quotes replaced by dashes of the same length."""
    text = _QUOTED.sub(lambda quoted: "-" * len(quoted[0]), xpath)
    while _NESTED.search(text):
        text = _NESTED.sub(lambda piece: "-" * len(piece[0]), text)
    return text
