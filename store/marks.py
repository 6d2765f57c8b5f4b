"""An edited item as an editor would mark it: the words that stay, that go, that come, in reading order. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from store.flow import ItemChange, Span
from store.normal import normalise_with_map


@dataclass(frozen=True, slots=True)
class Piece:
    op: Literal["same", "del", "ins"]
    text: str


@dataclass(frozen=True, slots=True)
class _Stretch:
    differs: bool
    text: str


def pieces(change: ItemChange) -> tuple[Piece, ...]:
    """The marked text of one change; what stays is shown as it is typed now."""
    if change.op == "added":
        return (Piece("ins", change.new or ""),)
    if change.op == "removed":
        return (Piece("del", change.old or ""),)
    if not change.old_spans and not change.new_spans:
        return (Piece("same", change.new or change.old or ""),)
    old = deque(_stretches(change.old or "", change.old_spans))
    new = deque(_stretches(change.new or "", change.new_spans))
    return tuple(_woven(old, new))


def _woven(old: deque[_Stretch], new: deque[_Stretch]) -> list[Piece]:
    marked: list[Piece] = []
    while old or new:
        if old and old[0].differs:
            marked.append(Piece("del", old.popleft().text))
        elif new and new[0].differs:
            marked.append(Piece("ins", new.popleft().text))
        elif old and new:
            marked.append(Piece("same", _step(old, new)))
        else:
            marked.append(Piece("same", new.popleft().text) if new else Piece("del", old.popleft().text))
    return marked


def _step(old: deque[_Stretch], new: deque[_Stretch]) -> str:
    """Take the shorter of two stretches that stay off both sides; what only differs in width counts as one."""
    left, right = old.popleft().text, new.popleft().text
    size_left, size_right = len(normalise_with_map(left)[0]), len(normalise_with_map(right)[0])
    if size_left > size_right:
        old.appendleft(_Stretch(False, left[_cut(left, size_right) :]))
    elif size_right > size_left:
        at = _cut(right, size_left)
        new.appendleft(_Stretch(False, right[at:]))
        return right[:at]
    return right


def _cut(text: str, size: int) -> int:
    """Where a text's first `size` normal characters end."""
    return normalise_with_map(text)[1][size]


def _stretches(text: str, spans: Sequence[Span]) -> list[_Stretch]:
    found: list[_Stretch] = []
    at = 0
    for span in spans:
        found += [_Stretch(False, text[at : span.start]), _Stretch(True, text[span.start : span.end])]
        at = span.end
    found.append(_Stretch(False, text[at:]))
    return [stretch for stretch in found if stretch.text]
