"""A marked text shortened for a mail: the changes and the words around them stay, the rest is a gap that says how long
it is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from notify import plain
from store.marks import Piece

# Words left standing on each side of a change: the clause that it stands in.
CONTEXT = 30
# A gap that is no longer than this says more than its mark would.
SPARE = 12


@dataclass(frozen=True, slots=True)
class Mark:
    """Some characters, and whether they stay, go or come. Of a "gap" only the number is known."""

    op: Literal["same", "del", "ins", "gap"]
    text: str
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Marks:
    """A marked text. `unseen` counts the characters of changes that are not shown."""

    parts: tuple[Mark, ...]
    unseen: int = 0


def marks(pieces: Iterable[Piece], limit: int) -> Marks:
    """At most some `limit` characters of a marked text."""
    return folded(Marks(tuple(_made_safe(pieces))), limit)


def folded(whole: Marks, limit: int) -> Marks:
    """The same, shorter; what was folded stays folded."""
    shown: list[Mark] = []
    room, unseen = limit, whole.unseen
    last = len(whole.parts) - 1
    for at, mark in enumerate(whole.parts):
        if room <= 0:
            left_out = sum(part.left_out or len(part.text) for part in whole.parts[at:])
            unseen += sum(len(part.text) for part in whole.parts[at:] if part.op in ("del", "ins"))
            shown.append(Mark("gap", "", left_out))
            break
        if mark.op == "gap":
            shown.append(mark)
            continue
        parts = _around(mark, at == 0, at == last) if mark.op == "same" and last else _cut(mark, room)
        shown += parts
        kept = sum(len(part.text) for part in parts)
        room -= kept
        unseen += len(mark.text) - kept if mark.op != "same" else 0
    return Marks(tuple(_joined(shown)), unseen)


def _made_safe(pieces: Iterable[Piece]) -> Iterator[Mark]:
    for piece in pieces:
        if text := plain.paragraph(piece.text):
            yield Mark(piece.op, text)


def _around(mark: Mark, is_first: bool, is_last: bool) -> list[Mark]:
    """Text that stays: its end before a change, its beginning after one, both between two."""
    head = 0 if is_first else CONTEXT
    tail = 0 if is_last else CONTEXT
    left_out = len(mark.text) - head - tail
    if left_out <= SPARE:
        return [mark]
    parts = [
        Mark("same", mark.text[:head]),
        Mark("gap", "", left_out),
        Mark("same", mark.text[len(mark.text) - tail :]),
    ]
    return [part for part in parts if part.text or part.op == "gap"]


def _cut(mark: Mark, room: int) -> list[Mark]:
    """A long insertion or deletion: its beginning, which says what it is about."""
    left_out = len(mark.text) - room
    if left_out <= SPARE:
        return [mark]
    return [Mark(mark.op, mark.text[:room]), Mark("gap", "", left_out)]


def _joined(parts: Iterable[Mark]) -> Iterator[Mark]:
    """Gaps in a row are one."""
    gap = 0
    for part in parts:
        if part.op == "gap":
            gap += part.left_out
            continue
        if gap:
            yield Mark("gap", "", gap)
            gap = 0
        yield part
    if gap:
        yield Mark("gap", "", gap)
