"""Selectors as source files write them: CSS, or XPath when it starts with / or ./ (a reader sees at once which)."""

from __future__ import annotations

import re

from lxml.etree import XPath, XPathError, fromstring
from parsel import Selector, SelectorList
from parsel.csstranslator import HTMLTranslator

_TRANSLATOR = HTMLTranslator()
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
    try:
        xpath = _xpath(text)
        unknown = set(_CALL.findall(_QUOTED.sub("''", xpath))) - _FUNCTIONS
        if unknown:
            raise ValueError(f"unknown function {sorted(unknown)[0]}")
        # Asked once of an empty page: an unknown prefix shows only then.
        XPath(xpath)(fromstring("<html/>"))
    except (XPathError, SyntaxError, ValueError) as error:
        raise ValueError(f"{text!r} is neither CSS nor XPath ({error}); XPath starts with / or ./") from error
    return text


def select(node: Selector, selector: str, most: int | None = None) -> SelectorList[Selector]:
    """What a selector finds, in the page's order; at `most` so many, since a hostile page has millions."""
    xpath = _xpath(selector)
    return node.xpath(xpath if most is None else f"({xpath})[position() <= {most}]")


def _xpath(selector: str) -> str:
    if selector.startswith(("/", "./", "(/", "(./")):
        return selector
    return _TRANSLATOR.css_to_xpath(selector, prefix="descendant-or-self::")
