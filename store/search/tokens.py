"""A text as the words that search knows: each Chinese character one, each run of Latin letters or digits one.

Both databases index these and every query is made of them, so what is found does not depend on the database. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

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


def tokens(text: str) -> list[str]:
    """The text's words in order. A row of punctuation is one SEPARATOR; there is none at either end."""
    words: list[str] = []
    last = SEPARATOR
    for word in text.translate(_FORMS).split():
        if word == SEPARATOR == last:
            continue
        last = word
        words += [word] if len(word) <= LONGEST_RUN else _cut(word)
    if words and words[-1] == SEPARATOR:
        words.pop()
    return words


@dataclass(frozen=True, slots=True)
class Placed:
    """A word, and the characters [start, end) of the text that it was made of."""

    word: str
    start: int
    end: int


def placed(text: str) -> list[Placed]:
    """`tokens(text)`, each with its place; ten times slower, for the few texts that are shown."""
    forms = [_FORMS[ord(char)] for char in text]
    sources = [index for index, form in enumerate(forms) for _ in form]
    words: list[Placed] = []
    last = SEPARATOR
    for match in re.finditer(r"\S+", "".join(forms)):
        if match[0] == SEPARATOR == last:
            continue
        last = match[0]
        at = match.start()
        for part in _cut(match[0]):
            words.append(Placed(part, sources[at], sources[at + len(part) - 1] + 1))
            at += len(part)
    if words and words[-1].word == SEPARATOR:
        words.pop()
    return words


def _cut(word: str) -> list[str]:
    return [word[at : at + LONGEST_RUN] for at in range(0, len(word), LONGEST_RUN)]
