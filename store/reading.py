"""An outline as it is compared: flat, in reading order, its texts normalised."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from store.flow import Node, walk
from store.normal import normalise, number

ROOT = -1  # stands for the document itself where a line's index is expected


@dataclass(frozen=True, slots=True)
class Line:
    """A node in its reading: the index of its parent and of the line that heads its unit, what its label counts,
    its normal text."""

    path: str
    node: Node
    parent: int
    head: int
    number: str | None
    text: str

    @property
    def heads(self) -> bool:
        """Numbered, or an unnumbered heading: what paragraphs may hang on. A mere paragraph doesn't."""
        return self.number is not None or bool(self.node.children)


@dataclass(frozen=True, slots=True)
class Reading:
    """An outline flat, in reading order. `children` gives the indices of each line's children, ROOT's too; `units`
    for each heading line itself and the paragraphs up to the next one, for ROOT those before the first. Where
    paragraphs hang in the tree is layout; the unit they are read in is not."""

    lines: tuple[Line, ...]
    children: dict[int, list[int]]
    units: dict[int, list[int]]


def read(outline: tuple[Node, ...]) -> Reading:
    """The outline's lines with their places; parents come before their children."""
    lines: list[Line] = []
    children: dict[int, list[int]] = defaultdict(list)
    units: dict[int, list[int]] = defaultdict(list)
    open_parents = [(ROOT, len(outline))]
    head = ROOT
    for index, (path, node) in enumerate(walk(outline)):
        while open_parents[-1][1] == 0:
            open_parents.pop()
        parent, missing = open_parents[-1]
        open_parents[-1] = (parent, missing - 1)
        open_parents.append((index, len(node.children)))
        if node.label is not None or node.children:
            head = index
        lines.append(Line(path, node, parent, head, number(node.label), normalise(node.text)))
        children[parent].append(index)
        units[head].append(index)
    return Reading(tuple(lines), dict(children), dict(units))
