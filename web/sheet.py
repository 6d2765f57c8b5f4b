"""A version's text as it is laid out on a page, and two versions' difference as an editor would mark it. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from store.flow import ItemChange, Node, Page, walk
from store.marks import Piece, pieces
from store.normal import outline_of
from store.series import items

OUTERMOST, INNERMOST = 2, 4
"""The levels of HTML headings that sections get, below the page's own."""


@dataclass(frozen=True, slots=True)
class Block:
    """One node of the outline, laid out. `anchor` is its path without blanks, so that an item can be linked to;
    `lead` is printed bold before `words`. A table's consecutive rows are one block. An item has a page of its own."""

    form: Literal["heading", "paragraph", "table"]
    anchor: str
    level: int
    lead: str
    words: str
    rows: tuple[tuple[str, ...], ...] = ()
    is_item: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """A changed item in one column (`pieces`) or in two (`old`, `new`)."""

    change: ItemChange
    path: str
    pieces: tuple[Piece, ...]

    @property
    def old(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.op != "ins")

    @property
    def new(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.op != "del")


@dataclass(frozen=True, slots=True)
class Fold:
    """Items between two changes that say what they said; their blocks, to be shown on demand."""

    blocks: tuple[Block, ...] = field(default=())


def anchor(path: str) -> str:
    return re.sub(r"\s", "", path)


def blocks(page: Page) -> list[Block]:
    outline = outline_of(page)
    of_items = {item.path for item in items(outline)}
    laid = (replace(_block(path, node), is_item=path in of_items) for path, node in walk(outline))
    return list(_with_tables(laid))


def contents(page: Page) -> list[Block]:
    """The headings of the two outermost numbered levels: the text's navigation."""
    levels = sorted({node.level for _, node in walk(page.outline) if node.label and node.heading})[:2]
    return [
        Block(
            "heading",
            anchor(path),
            levels.index(node.level) + OUTERMOST,
            node.label or "",
            node.heading or "",
        )
        for path, node in walk(page.outline)
        if node.label and node.heading and node.level in levels
    ]


def marked(changes: Iterable[ItemChange]) -> list[Marked]:
    """The items that say something else now, in the new version's order; renumbered ones are left out."""
    return [
        Marked(change, change.new_path or change.old_path or "", pieces(change))
        for change in changes
        if change.op != "renumbered"
    ]


def interleaved(page: Page, changes: Iterable[ItemChange]) -> list[Marked | Fold]:
    """The new version whole, in its order: changed items marked, the others folded between them."""
    awaited: dict[str | None, list[Marked]] = defaultdict(list)
    waiting: list[Marked] = []
    for item in marked(changes):
        waiting.append(item)
        if item.change.new_path is not None:
            awaited[item.change.new_path], waiting = awaited[item.change.new_path] + waiting, []
    found: list[Marked | Fold] = []
    same: list[Block] = []
    for path, node in walk(outline_of(page)):
        if path in awaited:
            found += [Fold(tuple(_with_tables(same)))] if same else []
            found += awaited.pop(path)
            same = []
        else:
            same.append(_block(path, node))
    found += [Fold(tuple(_with_tables(same)))] if same else []
    return [*found, *waiting]


def _block(path: str, node: Node) -> Block:
    label = node.label or ""
    # “一、总体要求”, but “第一章 总则”
    label += " " if label and label[-1].isalnum() else ""
    heading = node.heading or ""
    rest = node.text[len(heading) :] if heading and node.text.startswith(heading) else node.text
    level = min(OUTERMOST + node.level - 1, INNERMOST)
    if "\t" in node.text and not node.label:
        return Block("table", anchor(path), level, "", node.text)
    if node.label and heading and not rest.strip("。．. "):
        return Block("heading", anchor(path), level, label, node.text)
    return Block("paragraph", anchor(path), level, label + heading if rest != node.text else label, rest)


def _with_tables(found: Iterable[Block]) -> Iterator[Block]:
    """Consecutive rows joined to one table."""
    held: list[Block] = []
    for block in found:
        if block.form == "table":
            held.append(block)
            continue
        yield from _table(held)
        held = []
        yield block
    yield from _table(held)


def _table(held: list[Block]) -> Iterator[Block]:
    if held:
        rows = tuple(tuple(block.words.split("\t")) for block in held)
        yield Block("table", held[0].anchor, held[0].level, "", "", rows)
