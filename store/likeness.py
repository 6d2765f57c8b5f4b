"""How much of one text is in another, through what copyists do to it: fingerprints to find candidates, clauses to
be sure, figures to tell a copy from a look-alike. Pure.

Only Chinese characters count for likeness: mirrors star names, drop digits and quotes, and inject pinyin. Jaccard,
MinHash and simhash lose single pages of a split copy; containment in the smaller text does not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property

import xxhash
from opencc import OpenCC

GRAM = 8
KEPT_IN = 64
ENOUGH = 8

# A clause is found again when this share of its 4-grams stands in the other text: one that lost a character, had a
# name starred or a word exchanged keeps more, two clauses that say other things share less.
CLAUSE_GRAM = 4
CLAUSE_KEPT = 0.5
# Twenty times the longest plan known; what lies behind belongs to something that is no plan.
MOST_CHARACTERS = 200_000

_NOT_HAN = re.compile(r"[^\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_CLAUSE_END = re.compile(r"[，。；：！？、,;:!?\n]+")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_NUMBERED = re.compile(r"\s*[（(]?\d{1,3}(?:[）)]|[.．](?!\d))")
_YEAR = re.compile(r"(?<!\d)(20[0-4]\d)(?=年)")
_YEAR_FIGURE = re.compile(r"20[0-4]\d")


@dataclass(frozen=True)
class Sample:
    """A text as it is compared, in simplified characters; each part is made when it is asked for first."""

    text: str

    @cached_property
    def han(self) -> str:
        """Its Chinese characters in a row."""
        return _NOT_HAN.sub("", self.text)

    @cached_property
    def fingerprint(self) -> frozenset[int]:
        """FracMinHash: of the hashes of all 8-grams those that are 0 mod 64, as signed 64-bit numbers; about one for
        64 characters of text."""
        hashes = map(xxhash.xxh3_64_intdigest, _encoded_grams(self.han))
        return frozenset(h - (1 << 63) for h in hashes if h % KEPT_IN == 0)

    @cached_property
    def clauses(self) -> dict[str, tuple[str, ...]]:
        """The stretches between punctuation marks that have at least 8 Chinese characters, each with the figures that
        stand in it (years left out)."""
        clauses: dict[str, tuple[str, ...]] = {}
        for part in _CLAUSE_END.split(self.text):
            han = _NOT_HAN.sub("", part)
            if len(han) >= GRAM:
                number = _NUMBERED.match(part)  # an item's own number is no figure
                figures = _FIGURE.findall(part, number.end() if number else 0)
                clauses[han] = clauses.get(han) or tuple(f for f in figures if not _YEAR_FIGURE.fullmatch(f))
        return clauses

    @cached_property
    def grams(self) -> frozenset[str]:
        return frozenset(_grams(self.han))

    @cached_property
    def year(self) -> str | None:
        """The year that the text names most often, None when it names none or two as often."""
        years = Counter(_YEAR.findall(self.text))
        first, second = [*years.most_common(2), ("", 0), ("", 0)][:2]
        return first[0] if first[1] > second[1] else None


@dataclass(frozen=True, slots=True)
class Evidence:
    """How two texts relate. `similarity` is the share (by length) of the smaller text's clauses that stand in the
    other, `coverage` the share of the larger's length that the smaller has. Of the clauses that both have with
    figures, `comparable` is the number, `agreeing` how many say the same figures."""

    similarity: float
    coverage: float
    comparable: int
    agreeing: int
    years_differ: bool

    @property
    def agreement(self) -> float:
        return self.agreeing / self.comparable if self.comparable else 0.0


def sample(text: str) -> Sample:
    return Sample(simplified(text[:MOST_CHARACTERS]))


def compare(a: Sample, b: Sample) -> Evidence:
    """Symmetric. Two texts without a clause have nothing in common."""
    small, large = sorted((a, b), key=lambda s: (len(s.han), s.han))
    whole = found = 0
    for clause in small.clauses:
        whole += len(clause)
        if clause in large.clauses or _stands_in(clause, large):
            found += len(clause)
    both = [(small.clauses[c], large.clauses[c]) for c in small.clauses.keys() & large.clauses.keys()]
    # A copyist drops figures or stars them, more often than he writes others.
    pairs = [(x, y) for x, y in both if x and y and (x == y or not (_dropped(x, y) or _dropped(y, x)))]
    return Evidence(
        similarity=found / whole if whole else 0.0,
        coverage=len(small.han) / len(large.han) if large.han else 0.0,
        comparable=len(pairs),
        agreeing=sum(x == y for x, y in pairs),
        years_differ=bool(small.year and large.year and small.year != large.year),
    )


def _encoded_grams(han: str) -> Iterator[bytes]:
    """Each 8-gram in UTF-8, in which all but rare Chinese characters have three bytes."""
    raw = han.encode()
    if len(raw) == 3 * len(han):
        return (raw[i : i + 3 * GRAM] for i in range(0, len(raw) - 3 * GRAM + 1, 3))
    return (han[i : i + GRAM].encode() for i in range(len(han) - GRAM + 1))


def simplified(text: str) -> str:
    """Traditional characters as the simplified ones, one for one; a mirror in Taiwan's script is a copy, too."""
    for char in set(text):
        simple = _simple(char)
        if simple != char:
            text = text.replace(char, simple)
    return text


def _stands_in(clause: str, text: Sample) -> bool:
    grams = _grams(clause)
    return sum(gram in text.grams for gram in grams) >= CLAUSE_KEPT * len(grams)


def _grams(han: str) -> list[str]:
    return [han[i : i + CLAUSE_GRAM] for i in range(len(han) - CLAUSE_GRAM + 1)]


def _dropped(less: tuple[str, ...], more: tuple[str, ...]) -> bool:
    """Whether `less` is `more` with figures, or digits of them, left out."""
    rest = iter(" ".join(more))
    return all(char in rest for char in "".join(less))


@cache
def _simple(char: str) -> str:
    """Of a Chinese character; asked once for each that is met."""
    return _simplifying().convert(char) if "\u3400" <= char < "\ua000" else char


@cache
def _simplifying() -> OpenCC:
    return OpenCC("t2s")
