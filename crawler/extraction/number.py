"""发文字号: 机关代字, year in brackets, serial (GB/T 9704). A number that a sentence cites is not the document's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from store.flow import Place

NUMBER = re.compile(
    r"[\u4e00-\u9fff]{2,14}\s?[〔\[【﹝（(［{]\s?(?:19|20)\d{2}\s?(?:年)?[〕\]】﹞）)］}]\s?第?\s?\d{1,5}\s?号"
)
_OPEN, _CLOSE = re.compile(r"[\[【﹝（(［{]"), re.compile(r"[\]】﹞）)］}]")
_LINE = re.compile(rf"[（(]?\s*({NUMBER.pattern})\s*[)）]?")
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
    in_box = NUMBER.search(boxed or "")
    if in_box:
        return normal(in_box[0]), "box"
    for line in [*_cover(body), *above]:
        alone = _LINE.fullmatch(line.strip()) if is_alone(line) else None
        if alone:
            return normal(alone[1]), "cover"
    in_title = re.search(rf"(?:[（(]\s*)?({NUMBER.pattern})\s*[)）]?$", title or "")
    return (normal(in_title[1]), "title") if in_title else None
