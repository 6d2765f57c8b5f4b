"""Texts that a previewer or a PDF broke into lines of one width, also inside words: joined to paragraphs again.
Acts only where the lines themselves show it; lists, verses and tables have no common width."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import Counter
from functools import cache

from crawler.extraction import dates
from crawler.extraction.locate import NUMBERED
from crawler.extraction.render import Line

FEWEST = 8
"""Lines of full width that make a text wrapped."""
NARROW = 32
"""Columns (a Chinese character has two): lines that are full at less are items of a list."""
WIDE = 100
"""Characters that no line of a wrapped text has."""
SLACK = 6
"""Columns that a full line may lack: a mark or a number is not parted from what it belongs to."""
_MARK = re.compile("[，。；、]")
_ENDS = tuple("。！？；：.!?;:”』」】")
_PAGE = re.compile(r"[-—–·\s]*\d{1,3}[-—–·\s]*|第\s*\d{1,3}\s*页(?:\s*[,，/]?\s*共\s*\d{1,3}\s*页)?")
_STARTS = re.compile(
    r"附\s*[件表]|第[一二三四五六七八九十百\d]{1,4}[章节条]|[①-⑳㈠-㈩⑴-⒇⒈-⒛]|（此件|(?:责任)[^。]{0,8}[:：]"
)
_SPACED = re.compile(r"(?:[\u4e00-\u9fff] ){5}")
_HAN = "\u4e00-\u9fff，。、；：？！“”《》（）"
_GAP = re.compile(rf"(?<=[{_HAN}]) (?=[{_HAN}])")


def unwrap(lines: list[Line]) -> tuple[list[Line], list[Line]]:
    """The paragraphs, and the page numbers that stood between them; the same lines where nothing is wrapped."""
    width = _width(lines)
    if width is None:
        return lines, []
    numbers = [line for line in lines[1:-1] if _PAGE.fullmatch(line.text)]
    dropped = {id(line) for line in numbers}
    joined: list[Line] = []
    parts: list[Line] = []
    full = False
    for line in (line for line in lines if id(line) not in dropped):
        goes_on = full and not _begins(line.text)
        full = (
            _columns(line.text) >= width - SLACK and not line.text.endswith(_ENDS) and "\t" not in line.text
        )
        if goes_on:
            parts.append(line)
        else:
            _join(parts)
            joined.append(line)
            parts = [line]
    _join(parts)
    for line in joined:
        if _SPACED.search(line.text):
            line.text = _GAP.sub("", line.text)
    return joined, numbers


def _width(lines: list[Line]) -> int | None:
    """Columns of a full line; None where too few lines share a width or they end where sentences end."""
    prose = [line.text for line in lines if "\t" not in line.text and line.linked * 2 <= len(line.text)]
    if sum(len(text) > WIDE for text in prose) * 10 > len(lines):
        return None
    columns = [_columns(text) for text in prose]
    for width, _ in Counter(columns).most_common(3):
        # full lines are the longest there are: a mark in the margin at most
        full = [
            text for text, column in zip(prose, columns, strict=True) if width - SLACK <= column <= width + 2
        ]
        longer = sum(column > width + 2 for column in columns)
        if width < NARROW or len(full) < max(FEWEST, len(lines) / 2) or longer * 10 > len(lines):
            continue
        open_ended = sum(not text.endswith(_ENDS) for text in full)
        marked = sum(_MARK.search(text) is not None for text in full)
        if min(open_ended, marked) * 2 > len(full):
            return width
    return None


def _columns(text: str) -> int:
    return len(text) + sum(map(_is_wide, text))


@cache
def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WFA"


def _begins(text: str) -> bool:
    """Whether a paragraph begins here, whatever stood before."""
    return bool(NUMBERED.match(text) or _STARTS.match(text) or dates.SIGNED.fullmatch(text) or "\t" in text)


def _join(parts: list[Line]) -> None:
    """Make the first line the whole paragraph; all at once, since it may be put together from a hundred thousand."""
    if len(parts) < 2:
        return
    first = parts[0]
    texts = [first.text]
    for before, line in itertools.pairwise(parts):
        is_latin = re.search(r"[A-Za-z]$", before.text) and re.match(r"[A-Za-z]", line.text)
        texts.append(f" {line.text}" if is_latin else line.text)
    first.text = "".join(texts)
    first.linked = sum(line.linked for line in parts)
    first.links = [link for line in parts for link in line.links]
    first.weight = None
