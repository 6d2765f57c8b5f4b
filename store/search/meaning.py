"""Words that may name a place, a year or a kind of plan: 双减 内蒙古 2022 means items on 双减 in plans of there and then.

Such a word need not stand in the item itself, as long as another word does. In quotes it is only a word. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from store import regions
from store.search.syntax import And, Phrase, Tree

_YEAR = re.compile(r"((?:19|20)\d\d)年?")
_KIND = re.compile(r"\w{2,}(?:要点|计划|规划|方案|安排|意见)")
_PROVINCE = re.compile(r"(?:壮族|回族|维吾尔)?自治区|特别行政区|省|市")
_PREFECTURE = re.compile(r"市|地区|盟")
_COUNTY = re.compile(r"(?<=...)[县市区旗]")


@dataclass(frozen=True, slots=True)
class Hint:
    """A word that the item has, or else its plan: by a region within one of `regions`, its year, its kind."""

    phrase: Phrase
    regions: tuple[str, ...] = ()
    year: int | None = None
    kind: str | None = None


def hints(tree: Tree | None) -> tuple[Tree | None, list[Hint]]:
    """The part of a query that the item itself must answer, and what its plan may answer instead."""
    if not isinstance(tree, And):
        return tree, []
    told = [(part, _hint(part) if isinstance(part, Phrase) else None) for part in tree.parts]
    own = tuple(part for part, hint in told if hint is None)
    if not any(isinstance(part, Phrase) for part in own):
        return tree, []
    return own[0] if len(own) == 1 else And(own), [hint for _, hint in told if hint is not None]


def _hint(phrase: Phrase) -> Hint | None:
    if phrase.is_quoted:
        return None
    if year := _YEAR.fullmatch(phrase.text):
        return Hint(phrase, year=int(year[1]))
    if codes := _places().get(phrase.text):
        return Hint(phrase, regions=codes)
    return Hint(phrase, kind=phrase.text) if _KIND.fullmatch(phrase.text) else None


@cache
def _places() -> dict[str, tuple[str, ...]]:
    """Names as people write them → codes: 内蒙古 and 内蒙古自治区, 抚顺 and 抚顺市. Several places share some."""
    found: dict[str, tuple[str, ...]] = {}
    for code, name in regions.names().items():
        if code == regions.NATIONAL:
            continue
        ending = _PROVINCE if code.endswith("0000") else _PREFECTURE if code.endswith("00") else _COUNTY
        short = re.sub(f"(?:{ending.pattern})$", "", name)
        for known in {name, short if len(short) > 1 else name}:
            found[known] = (*found.get(known, ()), code)
    return found
