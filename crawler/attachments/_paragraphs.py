"""Paragraphs out of lines as a page prints them: formats of fixed layout (PDF, OFD) know lines only."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# - 3 -, — 3 —, 3, 第3页 共10页, 3/10
_PAGE_NUMBER = re.compile(
    r"[-—–－·\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:[\s，,/]*(?:共\s*)?\d{1,4}\s*页?)?[-—–－·\s]*"
)
_HAN = "一二三四五六七八九十百零〇"
_BEGINS = re.compile(
    rf"\s*(?:第[{_HAN}\d]{{1,4}}[章节条编篇部]|[{_HAN}]{{1,3}}\s?、|[（(]\s?(?:[{_HAN}]{{1,3}}|\d{{1,3}})\s?[)）]"
    r"|\d{1,3}\s?[.．、](?!\d)|[①-⑳]|附\s*件|抄送|抄报)"
)
_LATIN = re.compile(r"[A-Za-z0-9,.;:)]$")
EDGE = 2
"""How many lines at a page's top and bottom may be its header or footer."""
HEADER = 40


@dataclass(frozen=True, slots=True)
class Line:
    """A printed line: its text, its left and right end, and the width of a full character, in one unit."""

    text: str
    left: float
    right: float
    em: float


def paragraphs(pages: Sequence[list[Line]]) -> list[str]:
    """The text, one paragraph an entry, without page numbers and running headers.

    A line goes on the one before, unless it is indented (also: centred, or set to the right), begins with a number, or
    follows a line that ends well before the right margin.
    """
    kept = _without_edges(pages)
    lines = [line for page in kept for line in page]
    if not lines:
        return []
    em = statistics.median(line.em for line in lines) or 1.0
    long = [line for line in lines if line.right - line.left > 12 * em] or lines
    margin = _common(line.left for line in long)
    edge = _common(line.right for line in long)
    found: list[str] = []
    before: Line | None = None
    for line in lines:
        continues = (
            before is not None
            and line.left < margin + 0.8 * em
            and before.right > edge - 2.2 * em
            and not _BEGINS.match(line.text)
        )
        if continues:
            blank = " " if _LATIN.search(found[-1]) and re.match(r"[A-Za-z]", line.text) else ""
            found[-1] += blank + line.text.strip()
        else:
            found.append(line.text.strip())
        before = line
    return [text for text in found if text]


def _without_edges(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """The pages without their numbers, and without short lines that stand at the edge of most pages alike, but for the
    first of them: the name of the office is a header and a part of the text."""
    edges = Counter(line.text for page in pages for line in page[:EDGE] + page[max(EDGE, len(page) - EDGE) :])
    running = {
        text for text, times in edges.items() if times >= 3 and times * 2 > len(pages) and len(text) <= HEADER
    }
    kept: list[list[Line]] = []
    seen: set[str] = set()
    for page in pages:
        lines = []
        for i, line in enumerate(page):
            at_edge = i < EDGE or i >= len(page) - EDGE
            if at_edge and (_PAGE_NUMBER.fullmatch(line.text) or line.text in seen):
                continue
            if line.text in running:
                seen.add(line.text)
            lines.append(line)
        kept.append(lines)
    return kept


def _common(values: Iterable[float]) -> float:
    """The value at which most lines begin or end, to the nearest two units."""
    rounded = Counter(round(value / 2) * 2 for value in values)
    return float(rounded.most_common(1)[0][0])
