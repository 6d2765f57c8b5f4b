"""readability-lxml as a locator: it says where it finds the article, and our own tree is read there.
Its output is not used as text: it drops attachment lists, short lines and tables (see the rules of its sanitiser)."""

from __future__ import annotations

import logging
import re
from collections import Counter

from lxml import etree, html

from crawler.extraction.rules import CONTAINERS

MARK = "data-n"
_BLANKS = re.compile(r"\s{2,}")
"""Its own patterns take a time that grows with the square of a run of blanks."""
DEPTH = 60
"""Deeper trees are not given to it: it looks at all links below each ancestor of each paragraph, and took minutes for
150 articles nested in one another. Real pages have 30 levels at most."""
ELEMENTS = 60_000
logging.getLogger("readability").setLevel(
    logging.CRITICAL
)  # it logs each page that it can't read, with traceback


def readability(root: etree._Element) -> etree._Element | None:
    """The smallest element of our tree with most of what readability takes for the article."""
    # Not before a page needs it: most are read without it, and with the detector of encodings it takes 3 MB.
    from readability import Document
    from readability.readability import Unparseable

    nodes = [element for element in root.iter(etree.Element)]
    if len(nodes) > ELEMENTS or _depth(root) > DEPTH:
        return None
    for index, element in enumerate(nodes):
        element.set(MARK, str(index))
    try:
        marked = etree.tostring(root, encoding="unicode", method="html")
    finally:
        for element in nodes:
            del element.attrib[MARK]
    try:
        document = Document(
            _BLANKS.sub(_one_blank, marked),
            min_text_length=10,
            retry_length=50,
            positive_keywords=[k for k in CONTAINERS if len(k) > 5],
        )
        article = html.fromstring(document.summary(html_partial=True))
    except (Unparseable, etree.LxmlError, ValueError, TypeError, KeyError, AttributeError, AssertionError):
        return None  # one voice of two: what it can't read, the other reads
    weights: Counter[etree._Element] = Counter()
    total = 0
    for part in article.iter(etree.Element):
        own = len("".join([part.text or "", *(child.tail or "" for child in part)]).strip())
        total += own
        number = part.get(MARK)
        node = nodes[int(number)] if number and number.isdigit() and int(number) < len(nodes) else None
        while own and node is not None:
            weights[node] += own
            node = node.getparent()
    return _smallest([node for node, weight in weights.items() if weight >= 0.85 * total])


def _one_blank(run: re.Match[str]) -> str:
    return "\n" if "\n" in run[0] else " "


def _smallest(nodes: list[etree._Element]) -> etree._Element | None:
    """The innermost: of a chain of ancestors the one with most ancestors."""
    return max(nodes, key=lambda n: sum(1 for _ in n.iterancestors()), default=None)


def _depth(root: etree._Element) -> int:
    depth = deepest = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
        if deepest > DEPTH:
            break
    return deepest
