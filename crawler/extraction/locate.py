"""Which element holds the document: the source's own selector, else the path learned from its pages, else a container
that a known CMS makes, else the agreement of two general readings (readability-lxml and a descent along the text's
weight)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from crawler.extraction import labels, rules, voice
from crawler.extraction.number import NUMBER
from crawler.extraction.render import Line
from crawler.extraction.template import Layout, Template
from crawler.extraction.tree import select, tokens
from crawler.sources.schema import DocumentRules

NUMBERED = re.compile(
    r"(?:[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[)）]|\d{1,3}\s?[.．、](?!\d)|第[一二三四五六七八九十百]{1,4}[章条])"
)
SENTENCE = re.compile("[。；！？]")
COMMA = re.compile("[，、,：]")
FILE = re.compile(r"\.(?:docx?|xlsx?|pdf|wps|et|ofd|zip|rar|pptx?|7z|tif)(?:$|[?#&])", re.I)
_OFFICIAL = re.compile(
    rf"(?:{NUMBER.pattern}$|[一二三四五六七八九十]{{1,3}}、[^？?]{{4,}}|.{{0,80}}现(?:将.{{2,60}})?(?:予以)?(?:印发|转发)给你们|各[^。；]{{3,80}}[:：]$)"
)
_PARTS = frozenset(
    ["p", "span", "font", "b", "strong", "em", "ul", "ol", "dl", "blockquote", "h1", "h2", "h3"]
)
FILLED = 200.0
"""Prose beside a learned container that says nothing yet, in characters."""
PLENTY, CLEAR = 400.0, 0.9
"""Prose in one element, in characters and as a share of the page's, that leaves no doubt."""
MENUS = 0.3
"""Share of links in an element from which on it holds menus as well."""
INFO = 80
"""Characters up to which a line of labelled values is no prose."""
SHARE = 0.7
"""The descent goes on while one child holds this share of the text (a plan in one box a section then stays whole)."""


How = Literal["selector", "template", "container", "agreement", "descent", "readability"]


@dataclass(frozen=True, slots=True)
class Fit:
    """A layout that a page bears out, with the element that its path finds."""

    layout: Layout
    element: etree._Element


@dataclass(frozen=True, slots=True)
class Located:
    """`prose` is the weight of the text in the element, `share` how much of the page's that is. `misfit` says that a
    template was given and none of its layouts is this page's."""

    element: etree._Element
    how: How
    prose: float
    share: float
    fitted: Fit | None = None
    misfit: bool = False


class Weights:
    """How much prose lies under each element; links, furniture and short labels weigh little or nothing."""

    def __init__(self, body: etree._Element, lines: list[Line]) -> None:
        self.of: dict[etree._Element, float] = {}
        self.numbered: dict[etree._Element, int] = {}
        self.linked: dict[etree._Element, int] = {}
        self.length: dict[etree._Element, int] = {}
        self.files: set[etree._Element] = set()
        self.rows: dict[etree._Element, float] = {}
        for line in lines:
            weight = weigh(line)
            node = line.block
            self.of[node] = self.of.get(node, 0.0) + weight
            if node.tag == "tr":
                self.rows[node] = self.rows.get(node, 0.0) + weight
            self.numbered[node] = self.numbered.get(node, 0) + int(
                weight > 0 and NUMBERED.match(line.text) is not None
            )
            self.linked[node] = self.linked.get(node, 0) + line.linked
            self.length[node] = self.length.get(node, 0) + len(line.text)
            if any(FILE.search(link.href) or FILE.search(link.text) for link in line.links):
                self.files.add(node)
        # children stand after their parents in document order: backwards, each is complete when it is added up
        for node in reversed([*body.iter(etree.Element)]):
            parent = node.getparent()
            if node is body or parent is None or node not in self.length:
                continue
            self.of[parent] = self.of.get(parent, 0.0) + self.of[node]
            self.numbered[parent] = self.numbered.get(parent, 0) + self.numbered[node]
            self.linked[parent] = self.linked.get(parent, 0) + self.linked[node]
            self.length[parent] = self.length.get(parent, 0) + self.length[node]
            if node in self.files:
                self.files.add(parent)
        self.total = self.of.get(body, 0.0)

    def is_data(self, table: etree._Element) -> bool:
        """Whether most of a table's text stands in rows that were joined to a line: data, not layout."""
        joined = sum(self.rows.get(row, 0.0) for row in table.iter("tr"))
        return joined > 0.5 * self.of.get(table, 0.0)

    def link_density(self, element: etree._Element) -> float:
        return self.linked.get(element, 0) / max(1, self.length.get(element, 0))


def weigh(line: Line) -> float:
    """How much of a line is prose, in characters."""
    if line.weight is None:
        line.weight = _weight(line)
    return line.weight


def _weight(line: Line) -> float:
    text = line.text
    if line.linked * 2 > len(text) or rules.NOISE.fit(text) or rules.CLOSING.fit(text):
        return 0.0
    if len(text) <= INFO and labels.is_info(text):
        return 0.0
    if SENTENCE.search(text) or NUMBERED.match(text):
        return float(line.plain)
    return line.plain * (0.6 if COMMA.search(text) or len(text) > 40 else 0.2)


def locate(
    root: etree._Element,
    body: etree._Element,
    lines: list[Line],
    source: DocumentRules,
    template: Template | None = None,
) -> Located:
    """The element, and how it was found; `lines` are those of the whole body."""
    if source.content:
        chosen = select(root, source.content)
        if chosen:
            return Located(_together(chosen), "selector", float("inf"), 1.0)
    weights = Weights(body, lines)
    fitted = fit(template, root, body, weights) if template else None
    how: How
    if fitted:
        element, how = fitted.element, "template"
    else:
        known = _container(body, weights)
        element, how = (known, "container") if known is not None else _general(root, body, weights)
        element = _widen(element, body, weights, lines)
    prose = 0.0 if element is body else weights.of.get(element, 0.0)
    share = prose / (weights.total or 1.0)
    return Located(element, how, prose, share, fitted, template is not None and fitted is None)


def fit(template: Template, root: etree._Element, body: etree._Element, weights: Weights) -> Fit | None:
    """The first layout whose path finds one element that holds a text, unless more of a text stands beside it than
    in it and than ever stood there: then the site was rebuilt and the old name serves something else."""
    for layout in template.layouts:
        found = select(root, layout.content)
        if len(found) != 1 or found[0] is body:
            continue
        element = found[0]
        held = weights.of.get(element, 0.0)
        if not (weights.length.get(element) or element in weights.files):
            continue
        beside = weights.total - held
        numbered = weights.numbered.get(body, 0) - weights.numbered.get(element, 0)
        rival = numbered > weights.numbered.get(element, 0) + 2 and beside > held
        if rival or beside > max(held, 1.5 * layout.around + FILLED):
            continue
        return Fit(layout, element)
    return None


def _together(elements: list[etree._Element]) -> etree._Element:
    """One element that holds all of them."""
    ancestors = [*reversed([elements[0], *elements[0].iterancestors()])]
    for element in elements[1:]:
        line = {element, *element.iterancestors()}
        ancestors = [a for a in ancestors if a in line]
    return ancestors[-1] if ancestors else elements[0]


def _container(body: etree._Element, weights: Weights) -> etree._Element | None:
    """The known container with most of the text; none where it holds less than half of it: some templates leave
    the named box to a summary, or name the box of a sidebar so."""
    found = [
        element
        for element in [*weights.length]
        if element.attrib and any(name in rules.CONTAINERS for name in tokens(element))
    ]
    if not found:
        return None
    best = max(found, key=lambda e: weights.of.get(e, 0.0))
    share = weights.of.get(best, 0.0) / max(1.0, weights.total)
    if share >= 0.5:
        # the outermost of nested known ones keeps what an editor put beside the innermost
        outer = [e for e in best.iterancestors() if e in found and weights.link_density(e) < 0.35]
        return outer[-1] if outer and weights.of[outer[-1]] < 1.3 * weights.of.get(best, 0.0) else best
    return None


def _widen(
    element: etree._Element, body: etree._Element, weights: Weights, lines: list[Line]
) -> etree._Element:
    """An ancestor instead, where beside the element stand parts of an official document: its number, its sections,
    the sentence that hands it down. A cover and its plan are often two boxes."""
    best = node = element
    for _ in range(3):
        parent = node.getparent()
        if parent is None or node is body or parent is body or weights.link_density(parent) > 0.35:
            break
        beside = {e for sibling in parent if sibling is not node for e in sibling.iter(etree.Element)}
        if any(_OFFICIAL.match(line.text) for line in lines if line.block in beside and not line.linked):
            best = parent
        node = parent
    return best


def descend(body: etree._Element, weights: Weights) -> etree._Element:
    """Down from the body while one child holds most of the text."""
    node = body
    while True:
        heaviest, most = None, 0.0
        for child in node:
            weight = weights.of.get(child, 0.0)
            if weight > most:
                heaviest, most = child, weight
        if heaviest is None or most < SHARE * weights.of.get(node, 0.0) or not len(heaviest):
            return node
        if heaviest.tag in _PARTS or (heaviest.tag == "table" and weights.is_data(heaviest)):
            # one paragraph, list or table is not the document: its brothers belong to it
            return node
        node = heaviest


def _general(root: etree._Element, body: etree._Element, weights: Weights) -> tuple[etree._Element, How]:
    dense = descend(body, weights)
    held = weights.of.get(dense, 0.0)
    if dense is not body and held > max(PLENTY, CLEAR * weights.total) and weights.link_density(dense) < 0.1:
        return dense, "agreement"  # readability costs more than all the rest, and would agree
    heard = voice.readability(root)
    if heard is None or heard is dense:
        return dense, "agreement" if heard is dense else "descent"
    inside = weights.of.get(heard, 0.0)
    agree = heard in dense.iterancestors() or dense in heard.iterancestors()
    if agree and min(inside, held) > 0.85 * max(inside, held):
        smaller = heard if dense in heard.iterancestors() else dense
        larger = dense if smaller is heard else heard
        return (larger if weights.link_density(larger) < 0.2 else smaller), "agreement"
    if agree and dense is not body and weights.link_density(heard) > MENUS > 3 * weights.link_density(dense):
        return dense, "descent"  # the same text, without the menus around it
    more = weights.numbered.get(dense, 0) - weights.numbered.get(heard, 0)
    if (more >= 3 and weights.link_density(dense) < 0.35) or weights.length.get(heard, 0) < 80:
        return dense, "descent"
    return heard, "readability"
