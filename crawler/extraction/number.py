"""发文字号: 机关代字, year in brackets, serial (GB/T 9704). A number that a sentence cites is not the document's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from store.flow import Place

_SERIAL = r"\s?[〔\[【﹝（(［{]\s?(?:19|20)\d{2}\s?(?:年)?[〕\]】﹞）)］}]\s?第?\s?\d{1,5}\s?号"
NUMBER = re.compile(rf"[\u4e00-\u9fff]{{2,14}}{_SERIAL}")
_HAN = "[\u4e00-\u9fff]"
_SPACED = re.compile(
    rf"(?!.*(?:文\s?件|通\s?知|{_HAN}{{2}}[局厅部委府会室])\s){_HAN}(?:\s?{_HAN}){{1,13}}{_SERIAL}"
)
"""With blanks inside, as letter-spaced covers and broken source lines have it: for places that hold nothing else, since
in running text another word may end before a blank. A letterhead (某局文件) or a body's name is no part of it."""
_OPEN, _CLOSE = re.compile(r"[\[【﹝（(［{]"), re.compile(r"[\]】﹞）)］}]")
_LINE = re.compile(rf"[（(]?\s*({_SPACED.pattern})\s*[)）]?")
COVER = 14
"""How many lines at the top may be the cover on which the number stands."""


def normal(text: str) -> str:
    """“教发[2026] 3号” → “教发〔2026〕3号”."""
    return _CLOSE.sub("〕", _OPEN.sub("〔", re.sub(r"\s", "", text)))


def is_alone(line: str) -> bool:
    """Whether a line is nothing but a number."""
    return len(line) <= 40 and _LINE.fullmatch(line.strip()) is not None


def _cover(body: list[str]) -> list[str]:
    """The lines over the first sentence: below it, a number is that of a document sent along."""
    first = next((i for i, line in enumerate(body[:COVER]) if len(line) > 30 and "。" in line), COVER)
    return body[:first]


def choose(
    boxed: str | None, above: Iterable[str], body: list[str], title: str | None
) -> tuple[str, Place] | None:
    """From the box, a line of its own above or at the top of the text, or the title's own bracket; and from which."""
    in_box = _SPACED.match(boxed or "") or NUMBER.search(boxed or "")
    if in_box:
        return normal(in_box[0]), "box"
    for line in [*_cover(body), *above]:
        alone = _LINE.fullmatch(line.strip()) if is_alone(line) else None
        if alone:
            return normal(alone[1]), "cover"
    in_title = re.search(rf"(?:[（(]\s*)?({NUMBER.pattern})\s*[)）]?$", title or "")
    return (normal(in_title[1]), "title") if in_title else None
