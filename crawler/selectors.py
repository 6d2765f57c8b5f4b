"""Selectors as source files write them: CSS, or XPath when it starts with / or ./ (a reader sees at once which)."""

from __future__ import annotations

from lxml.etree import XPath, XPathSyntaxError
from parsel import Selector, SelectorList
from parsel.csstranslator import HTMLTranslator

_TRANSLATOR = HTMLTranslator()


def check(text: str) -> str:
    """The selector itself, if it is one; raises ValueError with the remedy."""
    try:
        XPath(_xpath(text))
    except (XPathSyntaxError, SyntaxError, ValueError) as error:
        raise ValueError(f"{text!r} is neither CSS nor XPath ({error}); XPath starts with / or ./") from error
    return text


def select(node: Selector, selector: str) -> SelectorList[Selector]:
    return node.xpath(_xpath(selector))


def _xpath(selector: str) -> str:
    if selector.startswith(("/", "./", "(/", "(./")):
        return selector
    return _TRANSLATOR.css_to_xpath(selector, prefix="descendant-or-self::")
