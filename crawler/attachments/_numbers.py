"""The numbers that Word counts by itself (ECMA-376 part 1, 17.9): “一、”, “（一）”, “1.” before a paragraph."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from crawler.attachments._package import local

LEVELS = 9
DEEPEST = 10
"""Styles that one style may be based on in turn."""
_HAN = "零一二三四五六七八九"
_HAN_FORMATS = frozenset(
    [
        "chineseCounting",
        "chineseCountingThousand",
        "japaneseCounting",
        "ideographDigital",
        "taiwaneseCountingThousand",
    ]
)


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    format: str
    text: str


class Numbers:
    """The labels of one document's paragraphs, asked in their order. Either part may be missing."""

    def __init__(self, numbering: etree._Element | None, styles: etree._Element | None) -> None:
        self._lists: dict[str, dict[int, _Level]] = {}
        self._list_of: dict[str, str] = {}
        self._styles: dict[str, etree._Element] = {}
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        for part in numbering if numbering is not None else ():
            if local(part) == "abstractNum":
                self._lists[_value(part, "abstractNumId")] = dict(map(_level, _children(part, "lvl")))
            elif local(part) == "num":
                for of in _children(part, "abstractNumId"):
                    self._list_of[_value(part, "numId")] = _value(of)
        for style in styles if styles is not None else ():
            if local(style) == "style":
                self._styles[_value(style, "styleId")] = style

    def label(self, paragraph: etree._Element) -> str:
        """What Word prints before a paragraph, counting it; nothing for a bullet."""
        numbered = self._numbering_of(paragraph)
        if numbered is None:
            return ""
        number, depth = numbered
        name = self._list_of.get(number, "")
        levels = self._lists.get(name, {})
        level = levels.get(depth)
        if level is None:
            return ""
        counts = self._counts[name]
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in range(depth + 1, LEVELS):
            counts.pop(deeper, None)
        if level.format in ("bullet", "none"):
            return ""

        def count(match: re.Match[str]) -> str:
            at = int(match[1]) - 1
            of = levels.get(at, level)
            return _written(counts.get(at, of.start), of.format)

        return re.sub(r"%([1-9])", count, level.text)

    def _numbering_of(self, paragraph: etree._Element) -> tuple[str, int] | None:
        """List and level: the paragraph's own, else its style's or of a style that this is based on."""
        holder: etree._Element | None = paragraph
        depth: int | None = None
        for _ in range(DEEPEST):
            if holder is None:
                return None
            properties = next(_children(holder, "pPr"), None)
            based = next(_children(holder, "basedOn"), None)
            style = next(_children(properties, "pStyle"), None) if properties is not None else None
            numbered = next(_children(properties, "numPr"), None) if properties is not None else None
            if numbered is not None:
                own = next(_children(numbered, "ilvl"), None)
                depth = _number(own, 0) if own is not None and depth is None else depth
                number = next(_children(numbered, "numId"), None)
                if number is not None:
                    return (_value(number), depth or 0) if _value(number) != "0" else None
            following = style if holder is paragraph else based
            holder = self._styles.get(_value(following)) if following is not None else None
        return None


def _children(element: etree._Element, name: str) -> Iterator[etree._Element]:
    return (child for child in element if local(child) == name)


def _level(level: etree._Element) -> tuple[int, _Level]:
    def given(name: str) -> etree._Element | None:
        return next(_children(level, name), None)

    start, form, text = given("start"), given("numFmt"), given("lvlText")
    return _whole(_value(level, "ilvl"), 0), _Level(
        _number(start, 1),
        _value(form) if form is not None else "decimal",
        _value(text) if text is not None else "",
    )


def _value(element: etree._Element, name: str = "val") -> str:
    """An attribute, in whichever namespace."""
    return next(
        (str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), ""
    )


def _number(element: etree._Element | None, otherwise: int) -> int:
    return _whole(_value(element), otherwise) if element is not None else otherwise


def _whole(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else otherwise


def _written(count: int, form: str) -> str:
    if form in _HAN_FORMATS and 0 < count < 100:
        tens, ones = divmod(count, 10)
        ten = ("" if tens == 1 else _HAN[tens]) + "十" if tens else ""
        return ten + (_HAN[ones] if ones or not tens else "")
    if form == "decimalEnclosedCircle" and 0 < count <= 20:
        return chr(0x245F + count)
    if form in ("lowerLetter", "upperLetter") and 0 < count <= 26:
        return chr((0x60 if form == "lowerLetter" else 0x40) + count)
    if form == "decimalFullWidth":
        return "".join(chr(ord(digit) + 0xFEE0) for digit in str(count))
    return str(count)
