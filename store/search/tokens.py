"""A text as the words that search knows: each Chinese character one, each run of Latin letters or digits one.

Both databases index these and every query is made of them, so what is found does not depend on the database. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from store.normal import normalise

SEPARATOR = "¦"
"""Stands where punctuation stood, so that 十。四五 is not found by 十四五. No text has it as a word."""

# A run of letters without a blank is a name at most; what is longer is an encoded file or an attack.
LONGEST_RUN = 64

_FIRST_CJK = 0x2E80
_QUOTES = frozenset(
    "\"'“”„‟‘’‚‛「」『』〝〞〟`´′″‵＂＇"
)  # “双师型”教师 is found by 双师型教师, and the reverse
_BOUNDARIES = "\n\r\u2028\u2029"


class _Forms(dict[int, str]):
    """Code point → what it becomes, with blanks around what is a word of its own; computed when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = form = _form(chr(code))
        return form


def _form(char: str) -> str:
    if char in _BOUNDARIES:
        return f" {SEPARATOR} "
    if char in _QUOTES:
        return ""
    if char.isspace():
        return " "
    folded = normalise(char).lower()
    return "".join(_placed(part) for part in folded)


def _placed(char: str) -> str:
    category = unicodedata.category(char)
    if category[0] == "M":
        return char  # a mark on the letter before it
    if not char.isalnum():
        return f" {SEPARATOR} "
    is_word = (
        ord(char) >= _FIRST_CJK or category == "No"
    )  # No: the ① of a note is no digit of the number before it
    return f" {char} " if is_word else char


_FORMS = _Forms()
_REPEATED = re.compile(rf"{SEPARATOR}(?: {SEPARATOR})+")
_TOO_LONG = re.compile(rf"(\S{{{LONGEST_RUN}}})(?=\S)")


def spaced(text: str) -> str:
    """The text's words in order, with a blank between. A row of punctuation is one SEPARATOR; there is none at either
    end. All of it is done in C: a plan has thousands of words."""
    words = _REPEATED.sub(SEPARATOR, " ".join(text.translate(_FORMS).split())).strip(f"{SEPARATOR} ")
    return _TOO_LONG.sub(r"\1 ", words) if _TOO_LONG.search(words) else words


def tokens(text: str) -> list[str]:
    """The words of `spaced` as a list."""
    return spaced(text).split()


def places(text: str, words: Sequence[str]) -> list[tuple[int, int]]:
    """Where words stand in a row in a text: the characters [start, end) that they were made of."""
    flat = text.translate(_FORMS)
    between = (rf"{SEPARATOR}(?:\s+{SEPARATOR})*" if word == SEPARATOR else re.escape(word) for word in words)
    found = [match.span() for match in re.finditer(r"(?<!\S)" + r"\s+".join(between) + r"(?!\S)", flat)]
    if not found:
        return []
    ends = list(accumulate(len(_FORMS[ord(char)]) for char in text))
    return [(bisect_right(ends, start), bisect_right(ends, end - 1) + 1) for start, end in found]
