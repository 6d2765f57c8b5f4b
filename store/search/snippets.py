"""The part of a passage that shows why it was found, with the places of the hits. Pure, the same for both databases."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from store.flow import Span
from store.search.syntax import Phrase
from store.search.tokens import places

# Characters: of a snippet in all, and before its first hit.
LENGTH = 120
LEAD = 30
CUT = "…"


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of a text; `marks` are the characters of the hits in it."""

    text: str
    marks: tuple[Span, ...] = ()


def snippet(text: str, wanted: Sequence[Phrase]) -> Snippet:
    """The text around its first hits, of at most LENGTH characters and the marks of cutting."""
    spans = locate(text, wanted)
    start = 0
    if len(text) > LENGTH and spans:
        start = max(0, min(spans[0].start - LEAD, len(text) - LENGTH))
    end = min(len(text), start + LENGTH)
    before, after = CUT if start else "", CUT if end < len(text) else ""
    shift = len(before) - start
    marks = tuple(
        Span(max(span.start, start) + shift, min(span.end, end) + shift)
        for span in spans
        if span.start < end and span.end > start
    )
    return Snippet(before + re.sub(r"\s", " ", text[start:end]) + after, marks)


def locate(text: str, wanted: Sequence[Phrase]) -> list[Span]:
    """Where phrases stand in a text, in order; what overlaps is one."""
    found = [span for words in {phrase.words for phrase in wanted} for span in places(text, words)]
    spans: list[Span] = []
    for start, end in sorted(found):
        if spans and start <= spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(end, spans[-1].end))
        else:
            spans.append(Span(start, end))
    return spans
