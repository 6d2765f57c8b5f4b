"""How much of one text is in another: fingerprints to find candidates, clauses to be sure. Pure.

FracMinHash (keep an 8-gram's hash when it is 0 mod 64) and clause containment found every one of 50 distorted
copies and none of 182 look-alikes at a threshold of 0.6; Jaccard, MinHash and simhash lost single-page copies.
Only Chinese characters count: mirrors star names and drop digits.
"""

from __future__ import annotations

import re

import xxhash

GRAM = 8
KEPT_IN = 64
SAME = 0.6
ENOUGH = 8

_NOT_HAN = re.compile(r"[^\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
_CLAUSE_END = re.compile(r"[，。；：！？、,;:!?\n]+")


def fingerprint(text: str) -> frozenset[int]:
    """Signed 64-bit hashes, about one for 64 characters of text."""
    han = _NOT_HAN.sub("", text)
    hashes = (xxhash.xxh3_64_intdigest(han[i : i + GRAM].encode()) for i in range(len(han) - GRAM + 1))
    return frozenset(h - (1 << 63) for h in hashes if h % KEPT_IN == 0)


def containment(a: frozenset[int] | frozenset[str], b: frozenset[int] | frozenset[str]) -> float:
    """The share of the smaller set that lies in the other."""
    return len(a & b) / min(len(a), len(b)) if a and b else 0.0


def clauses(text: str) -> frozenset[str]:
    """The stretches between punctuation marks that have at least 8 Chinese characters."""
    stretches = (_NOT_HAN.sub("", part) for part in _CLAUSE_END.split(text))
    return frozenset(part for part in stretches if len(part) >= GRAM)
