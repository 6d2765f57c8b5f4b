"""One body's plans year by year: which items go on in other words, which are new, which are gone. Pure.

Items are matched by the characters that mean something in them, not by their numbers: character pairs that many items
have (要、学校、推进) weigh little, those that few have (随迁、近视) weigh much.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from store.flow import Node, Page, walk
from store.likeness import simplified
from store.normal import outline_of

# Measured on two bodies' plans of two years each, labelled by reading: see tests/test_series.py.
CONTINUES = 0.125
HEADING = 0.3
# Bounds for outlines that no plan comes near.
MOST_ITEMS = 1000

_NOT_HAN = re.compile(r"[^\u3400-\u4dbf\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Item:
    """A numbered line that says something itself; `path` as in the outline."""

    path: str
    heading: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Continued:
    """An item of the earlier plan and what became of it; `similarity` is 0–1."""

    old: Item
    new: Item
    similarity: float


@dataclass(frozen=True, slots=True)
class Series:
    """What a plan makes of the one before: `continued` and `new` in its own order, `gone` in that of the old one."""

    continued: tuple[Continued, ...]
    new: tuple[Item, ...]
    gone: tuple[Item, ...]


def compare(old: Page, new: Page) -> Series:
    """The items of two plans, matched one to one, the most similar first."""
    before, after = items(outline_of(old)), items(outline_of(new))
    weights = _weights([*before, *after])
    left, right = ([_vectors(item, weights) for item in side] for side in (before, after))
    ranked = sorted(
        (-similarity, i, j)
        for i in range(len(before))
        for j in range(len(after))
        if (similarity := _similarity(before[i], after[j], left[i], right[j])) >= CONTINUES
    )
    new_of: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for negative, i, j in ranked:
        if i not in new_of and j not in taken:
            new_of[i] = (j, -negative)
            taken.add(j)
    continued = [
        Continued(before[i], after[j], round(similarity, 3))
        for i, (j, similarity) in sorted(new_of.items(), key=lambda pair: pair[1][0])
    ]
    return Series(
        tuple(continued),
        tuple(item for j, item in enumerate(after) if j not in taken),
        tuple(item for i, item in enumerate(before) if i not in new_of),
    )


def nearest(item: Item, others: Sequence[Item]) -> list[float]:
    """How alike each of some items is to one, 0–1; what many of them say weighs little."""
    weights = _weights([item, *others])
    own = _vectors(item, weights)
    return [_similarity(item, other, own, _vectors(other, weights)) for other in others]


def items(outline: tuple[Node, ...]) -> list[Item]:
    """The innermost numbered lines, with the unnumbered paragraphs under them; headings of sections are none."""
    return [
        whole(path, node)
        for path, node in walk(outline)
        if node.label is not None and not any(inner.label for inner in _inner(node))
    ][:MOST_ITEMS]


def whole(path: str, node: Node) -> Item:
    """A node with all that stands under it."""
    return Item(path, node.heading, "".join([node.text, *(inner.text for inner in _inner(node))]))


def _inner(node: Node) -> Iterator[Node]:
    return (inner for _, inner in walk(node.children))


Vector = dict[str, float]


def _weights(every: Sequence[Item]) -> Vector:
    """The inverse document frequency of each pair of characters among the items of both plans."""
    counts: Counter[str] = Counter()
    for item in every:
        counts.update(set(_pairs(item.text)))
    return {pair: math.log(len(every) / count) + 0.1 for pair, count in counts.items()}


def _vectors(item: Item, weights: Vector) -> tuple[Vector, Vector]:
    return _vector(item.text, weights), _vector(item.heading or "", weights)


def _vector(text: str, weights: Vector) -> Vector:
    """Weighted, of length 1; a pair that stands there more often counts little more."""
    raw = {
        pair: (1 + math.log(count)) * weights.get(pair, 0.1) for pair, count in Counter(_pairs(text)).items()
    }
    length = math.sqrt(sum(value * value for value in raw.values()))
    return {pair: value / length for pair, value in raw.items()} if length else {}


def _similarity(old: Item, new: Item, left: tuple[Vector, Vector], right: tuple[Vector, Vector]) -> float:
    if old.text == new.text:
        return 1.0
    text = _dot(left[0], right[0])
    if not left[1] or not right[1]:
        return text
    # Whole words in another order are the same lead: 推动学校体育提质, 提质学校体育.
    heading = max(_dot(left[1], right[1]), fuzz.ratio(old.heading or "", new.heading or "") / 200)
    return (1 - HEADING) * text + HEADING * heading


def _dot(left: Vector, right: Vector) -> float:
    small, large = sorted((left, right), key=len)
    return sum(value * large.get(pair, 0.0) for pair, value in small.items())


def _pairs(text: str) -> list[str]:
    han = _NOT_HAN.sub("", simplified(text))
    return [han[i : i + 2] for i in range(len(han) - 1)]
