"""The printed numbers of a plan's lines: 第一章, 一、, （一）, 1. …, the paths they make, and counting them anew.

Not a general reader of outlines: it knows the forms that the sample plans use, one line a node.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Outermost first. A digit after the dot is a decimal fraction, not a number of a line.
_FORMS = (
    re.compile(r"第[一二三四五六七八九十]+章"),
    re.compile(r"第[一二三四五六七八九十]+条"),
    re.compile(r"[一二三四五六七八九十]+、"),
    re.compile(r"（[一二三四五六七八九十]+）"),
    re.compile(r"\d+[.．、](?!\d)"),
    re.compile(r"（\d+）"),
)
_NUMERAL = re.compile(r"[一二三四五六七八九十]+|\d+")
_DIGITS = "〇一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan. `level` is the rank of its form, 1 outermost, and 0 for a plain paragraph; `path`
    are the labels from the outermost in ("三、/18."), empty for a plain paragraph."""

    printed: str
    label: str
    level: int
    path: str

    @property
    def text(self) -> str:
        """What the line says without its label."""
        return self.printed[len(self.label) :].strip()

    @property
    def heading(self) -> str:
        """The lead sentence of an item without its full stop; a section's title is all of its text."""
        return self.text.split("。", 1)[0]


def read_lines(body: Sequence[str]) -> tuple[Line, ...]:
    """The lines of a body with their labels and paths."""
    open_labels: dict[int, str] = {}
    lines = []
    for printed in body:
        label, level = label_of(printed)
        if level:
            open_labels = {outer: text for outer, text in open_labels.items() if outer < level} | {
                level: label
            }
        path = "/".join(open_labels.values()) if level else ""
        lines.append(Line(printed, label, level, path))
    return tuple(lines)


def label_of(printed: str) -> tuple[str, int]:
    """The label that a line begins with and its level; ("", 0) for a plain paragraph."""
    for level, form in enumerate(_FORMS, start=1):
        if found := form.match(printed):
            return found.group(), level
    return "", 0


def is_numbered(printed: str) -> bool:
    return bool(label_of(printed)[1])


def is_continuous(body: Sequence[str], level: int) -> bool:
    """Whether a level counts on through the whole body instead of from 1 in every section."""
    lines = [line for line in read_lines(body) if line.level == level]
    numbers = [_number(line.label) for line in lines]
    sections = {_parent(line) for line in lines}
    return len(sections) > 1 and numbers == list(range(1, len(numbers) + 1))


def recount(body: Sequence[str], level: int, *, continuous: bool) -> tuple[str, ...]:
    """The body with the numbers of one level in order again, after a line of it came, went or moved."""
    counts: dict[str, int] = {}
    renumbered = []
    for line in read_lines(body):
        if line.level != level:
            renumbered.append(line.printed)
            continue
        counter = "" if continuous else _parent(line)
        counts[counter] = counts.get(counter, 0) + 1
        label = _with_number(line.label, counts[counter])
        renumbered.append(label + line.printed[len(line.label) :])
    return tuple(renumbered)


def _parent(line: Line) -> str:
    return line.path.rpartition("/")[0]


def _number(label: str) -> int:
    numeral = _NUMERAL.findall(label)[0]
    return int(numeral) if numeral.isdigit() else _from_chinese(numeral)


def _with_number(label: str, number: int) -> str:
    numeral = _NUMERAL.findall(label)[0]
    return label.replace(numeral, str(number) if numeral.isdigit() else _to_chinese(number))


def _from_chinese(numeral: str) -> int:
    tens, ten, ones = numeral.rpartition("十")
    return (_DIGITS.index(tens or "一") * 10 if ten else 0) + (_DIGITS.index(ones) if ones else 0)


def _to_chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    head = ("" if tens == 1 else _DIGITS[tens]) + "十" if tens else ""
    return head + (_DIGITS[ones] if ones else "")
