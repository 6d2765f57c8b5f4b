"""What makes a version of the one before it, to the letter: `apply(delta(a, b), a) == b`. Pure.

`store.diff` tells a reader what differs in what is said; a patch carries the typing, the wrapping and the nesting,
too. Both follow from the same alignment.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from store.alignment import align
from store.flow import Node, Page
from store.normal import normalise_with_map, outline_of
from store.reading import ROOT, Line, read
from store.spans import Run

Piece = str | tuple[int, int, int]
"""New characters, or (line, start, end) of the old outline's text as printed."""


@dataclass(frozen=True, slots=True)
class Step:
    """How to make one new node: its parent among the steps (ROOT for the document), and its text from pieces."""

    parent: int
    label: str | None
    level: int
    heading: str | None
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Patch:
    """The new outline told in terms of the old one, line by line in reading order. What is small is told whole, in
    `rest`: the new page without its outline, and without its text where the outline's lines are it (`is_lines`);
    `has_outline` is false where the lines are all there is."""

    rest: Page
    steps: tuple[Step, ...]
    is_lines: bool
    has_outline: bool


def delta(old: Page, new: Page) -> Patch:
    """What makes `new` of `old`."""
    is_lines = _lines(outline_of(new)) == new.text
    return Patch(
        rest=replace(new, outline=(), text="" if is_lines else new.text),
        steps=steps_between(outline_of(old), outline_of(new)),
        is_lines=is_lines,
        has_outline=bool(new.outline),
    )


def apply(patch: Patch, old: Page) -> Page:
    """The page that the patch was made for, given the one that it was made of."""
    outline = apply_steps(patch.steps, outline_of(old))
    return replace(
        patch.rest,
        text=_lines(outline) if patch.is_lines else patch.rest.text,
        outline=outline if patch.has_outline else (),
    )


def steps_between(old: tuple[Node, ...], new: tuple[Node, ...]) -> tuple[Step, ...]:
    """`apply_steps(steps_between(a, b), a) == b`."""
    alignment = align(read(old), read(new))
    runs: dict[int, list[Run]] = defaultdict(list)
    for run in alignment.runs:
        runs[run.new].append(run)
    return tuple(
        Step(
            line.parent,
            line.node.label,
            line.node.level,
            line.node.heading,
            _pieces(line, runs[j], alignment.old.lines),
        )
        for j, line in enumerate(alignment.new.lines)
    )


def apply_steps(steps: tuple[Step, ...], old: tuple[Node, ...]) -> tuple[Node, ...]:
    """The new outline, made of the old one."""
    texts = [line.node.text for line in read(old).lines]
    made: dict[int, list[Node]] = defaultdict(list)
    for index in reversed(range(len(steps))):
        step = steps[index]
        pieces = (p if isinstance(p, str) else texts[p[0]][p[1] : p[2]] for p in step.pieces)
        children = tuple(reversed(made.pop(index, [])))
        made[step.parent].append(Node(step.label, step.level, step.heading, "".join(pieces), children))
    return tuple(reversed(made[ROOT]))


def _pieces(line: Line, runs: list[Run], olds: tuple[Line, ...]) -> tuple[Piece, ...]:
    """Runs are of normal text; where the same words are typed otherwise, the new typing is told."""
    text = line.node.text
    pieces: list[Piece] = []
    at = 0
    for run in runs:
        start, end = _printed(text, run.new_at, run.size)
        start_old, end_old = _printed(olds[run.old].node.text, run.old_at, run.size)
        if text[start:end] == olds[run.old].node.text[start_old:end_old]:
            pieces += [text[at:start], (run.old, start_old, end_old)]
            at = end
    pieces.append(text[at:])
    return tuple(piece for piece in pieces if piece)


def _printed(text: str, start: int, size: int) -> tuple[int, int]:
    """Where normal characters [start, start + size) stand in the text as printed."""
    _, sources = normalise_with_map(text)
    end = start + size
    return sources[start], sources[end] if end < len(sources) else len(text)


def _lines(outline: tuple[Node, ...]) -> str:
    return "\n".join((line.node.label or "") + line.node.text for line in read(outline).lines)
