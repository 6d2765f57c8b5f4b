"""What a reprint gets wrong: the items in which it differs from the original, mirrors' habits folded. Pure.

Stars for names, lost quotes and blanks, traditional script, pinyin in brackets and the lines that a mill writes around a
text are habits; another figure, a missing item or an exchanged word is an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

import xxhash
from cachetools import LRUCache, cached

from store.diff import diff_outlines
from store.flow import ItemChange, Node, Page, walk
from store.likeness import simplified
from store.normal import normalise, outline_of

# What a name or a figure was starred with; at most so many characters stood there.
_STARS = re.compile(r"(?:[*＊]|[xX×]{2,}|某+|〔\.\.\.〕)+")
STARRED = 14
_PINYIN = re.compile(r"[(（][a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüêɡ]{1,6}[)）]")
_QUOTES = re.compile("[\"'“”‘’「」『』]")
# An unnumbered paragraph that is shorter is a cover's or a mill's.
PARAGRAPH = 40
KEPT = 500


def errors(original: Page, reprint: Page) -> tuple[ItemChange, ...]:
    """The items that the reprint leaves out (removed), adds, or has otherwise (edited), in its order. Its own
    covers, leads and tails, numbers and wrapping are none of them."""
    return _errors(outline_of(original), outline_of(reprint))


def _seen(outline: tuple[Node, ...]) -> int:
    """Stands for all that the comparison sees of an outline."""
    lines = (f"{path}\t{node.heading}\t{node.text}" for path, node in walk(outline))
    return xxhash.xxh3_128_intdigest("\n".join(lines).encode("utf-8", "surrogatepass"))


# Each page, feed and digest that shows a plan shows its reprints' errors, and two texts differ as they did before.
@cached(LRUCache(KEPT), key=lambda original, reprint: (_seen(original), _seen(reprint)), lock=Lock())
def _errors(original: tuple[Node, ...], reprint: tuple[Node, ...]) -> tuple[ItemChange, ...]:
    found = diff_outlines(_folded(original), _folded(reprint))
    return tuple(change for change in found if not _is_habit(change))


def of_its_time(versions: Sequence[Page], reprint: Page) -> tuple[int, tuple[ItemChange, ...]]:
    """The index of the version that a reprint was copied from, which is the one it differs least from, and the errors
    against it; the latest of those."""
    ranked = [(len(found := errors(page, reprint)), -index, found) for index, page in enumerate(versions)]
    _, negative, found = min(ranked, key=lambda ranking: ranking[:2])
    return -negative, found


def _folded(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Iterative from the leaves up, since foreign outlines may nest deeply."""
    made: dict[int, tuple[Node, ...]] = {}
    stack = [(nodes, False)]
    while stack:
        siblings, ready = stack.pop()
        if ready:
            made[id(siblings)] = tuple(
                replace(
                    node,
                    text=_fold(node.text),
                    heading=node.heading and _fold(node.heading),
                    children=made[id(node.children)],
                )
                for node in siblings
            )
        else:
            stack.append((siblings, True))
            stack.extend((node.children, False) for node in siblings)
    return made[id(nodes)]


def _fold(text: str) -> str:
    return _QUOTES.sub("", _PINYIN.sub("", simplified(text)))


def _is_habit(change: ItemChange) -> bool:
    if change.op in ("moved", "renumbered"):
        return True
    if change.op in ("added", "removed"):
        path = (change.new_path if change.op == "added" else change.old_path) or ""
        unnumbered = path.split("/")[-1].startswith("¶")
        return unnumbered and (change.op == "added" or len(change.old or "") < PARAGRAPH)
    return _is_starred(change.old or "", change.new or "")


def _is_starred(original: str, reprint: str) -> bool:
    """Whether stars alone make the difference."""
    parts = _STARS.split(normalise(reprint))
    if len(parts) == 1:
        return False
    pattern = f".{{0,{STARRED}}}?".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, normalise(original)) is not None
