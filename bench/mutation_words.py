"""Edits of words within a line, down to one digit, and what all edits are made of."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bench.mutation_pages import Sheet
from demo.numbering import label_of
from store.flow import ItemOp

DIGITS = 5  # the level of "1." in demo.numbering
SECTION = 3  # and of "一、"


@dataclass(frozen=True, slots=True)
class Told:
    """One item that must be named. `old` and `new` are its lines as printed, with their labels; `gone` and `come`
    how many characters may be marked, at most, in each."""

    op: ItemOp
    old: str | None
    new: str | None
    gone: int = 0
    come: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """`ways` are the sets of items of which one must be told, exactly (two swapped neighbours: either has moved);
    without any, no item. `whole` asks that every line of the body is named, whatever as."""

    ways: tuple[tuple[Told, ...], ...] = ((),)
    title: bool = False
    attachments: tuple[tuple[str, str], ...] = ()
    whole: bool = False

    @property
    def is_none(self) -> bool:
        return not (any(self.ways) or self.title or self.attachments or self.whole)


@dataclass(frozen=True, slots=True)
class Edit:
    sheet: Sheet
    expected: Expected = field(default_factory=Expected)


Editor = Callable[[Sheet, random.Random], Edit | None]
"""None where the sheet has nothing to edit so."""


def one(*told: Told) -> Expected:
    return Expected((told,))


# ── words within a line ──

LONG = 24


def lines(sheet: Sheet, wanted: Callable[[str], bool]) -> list[str]:
    """Lines of the body that occur once; the first words of no other line."""
    starts = [line[:LONG] for line in sheet.lines]
    return [line for line in sheet.body if wanted(line) and starts.count(line[:LONG]) == 1]


def _swap(sheet: Sheet, old: str, new: str) -> Sheet:
    return replace(sheet, body=tuple(new if line == old else line for line in sheet.body))


def _rewritten(
    pattern: str, made: Callable[[str, random.Random], str], *, plain: bool | None = None
) -> Editor:
    """One place that the pattern finds, behind the line's label, says something else."""

    def edit(sheet: Sheet, chance: random.Random) -> Edit | None:
        def places(line: str) -> list[re.Match[str]]:
            start = len(label_of(line)[0]) + 1
            return [m for m in re.finditer(pattern, line) if m.start() > start]

        def fits(line: str) -> bool:
            kind = plain is None or plain is not bool(label_of(line)[0])
            return kind and len(line) > LONG and bool(places(line))

        found = lines(sheet, fits)
        if not found:
            return None
        line = chance.choice(found)
        place = chance.choice(places(line))
        words = made(place[0], chance)
        new = line[: place.start()] + words + line[place.end() :]
        if new in sheet.lines:
            return None
        told = Told("edited", line, new, len(place[0]), len(words))
        return Edit(_swap(sheet, line, new), one(told))

    return edit


def other_digit(old: str, chance: random.Random) -> str:
    return chance.choice([digit for digit in "123456789" if digit != old])


def _other_figure(old: str, chance: random.Random) -> str:
    return chance.choice([f for f in ("5%", "8.5%", "12%", "96%", "100%", "63.25%") if f != old])


def _other_character(old: str, chance: random.Random) -> str:
    return chance.choice([c for c in "新优强实效质" if c != old])


_WORDS = {
    "推进": "实施",
    "加强": "改进",
    "完善": "健全",
    "提高": "巩固",
    "建设": "改造",
    "组织": "委托",
    "开展": "停止",
    "学校": "园所",
    "教师": "校长",
}
_SENTENCES = (
    "对工作不力的县区予以通报并约谈主要负责人。",
    "所需经费由市级财政安排专项资金1200万元。",
    "有关名单于6月底前在门户网站公布，接受社会监督。",
    "每季度调度一次进展，年底组织第三方评估。",
)
ITEMS = (
    "建立校园食品安全追溯平台。全市学校食堂“互联网+明厨亮灶”覆盖率达到98%，原料采购全部上线，每学期抽检不少于2批次。",
    "推行教师减负清单。清理进校园事项35项，社会事务进校园实行审批备案，非教学报表压减三成以上。",
    "完善中小学午休条件。投入资金860万元为112所学校配备可躺式午休桌椅，惠及学生4.6万名。",
    "规范学生近视监测。每学年筛查不少于2次，建立电子视力档案，对连续两年近视率上升的县区予以督办。",
)
HEADINGS = ("强化风险防范和应急值守", "优化数字校园和智慧课堂供给", "健全家校社协同育人机制")

WORDS: dict[str, Editor] = {
    "digit": _rewritten(r"\d", other_digit),
    "character": _rewritten(r"[\u4e00-\u9fff]", _other_character),
    "percentage": _rewritten(r"\d+(?:\.\d+)?%", _other_figure),
    "year": _rewritten(r"20[12]\d(?=年)", lambda old, chance: str(int(old) + chance.choice((1, 2, -1)))),
    "word": _rewritten("|".join(_WORDS), lambda old, _: _WORDS[old]),
    "punctuation that says something": _rewritten("、", lambda *_: "或"),
    "sentence added": _rewritten("(?<=。)(?=.)", lambda _, chance: chance.choice(_SENTENCES)),
    "sentence removed": _rewritten(r"(?<=。)[^。]{6,60}。", lambda *_: ""),
    "sentence replaced": _rewritten(r"(?<=。)[^。]{6,40}。", lambda _, chance: chance.choice(_SENTENCES)),
    "paragraph edited": _rewritten(
        r"\d|各|全", lambda old, chance: "7" if old in "123456890" else "本", plain=True
    ),
    "last character": _rewritten(r"。$", lambda *_: "，另行通知。"),
}


def heading_edited(sheet: Sheet, chance: random.Random) -> Edit | None:
    found = lines(sheet, lambda line: label_of(line)[1] == DIGITS and 8 < line.find("。") < 40)
    if not found:
        return None
    line = chance.choice(found)
    start, stop = len(label_of(line)[0]), line.find("。")
    words = chance.choice(HEADINGS)
    new = line[:start] + words + line[stop:]
    return Edit(_swap(sheet, line, new), one(Told("edited", line, new, stop - start, len(words))))


def section_renamed(sheet: Sheet, chance: random.Random) -> Edit | None:
    found = lines(sheet, lambda line: label_of(line)[1] == SECTION)
    if not found:
        return None
    line = chance.choice(found)
    label = label_of(line)[0]
    new = label + chance.choice(HEADINGS)
    return Edit(_swap(sheet, line, new), one(Told("edited", line, new, len(line), len(new))))
