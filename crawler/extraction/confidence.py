"""How sure a reading is that its text is the document and nothing else, as a number that can be acted on.

    1.0        the source's own selector
    0.85 – 1   the learned path, a known container, or two readings that agree, under a heading and with a date
    0.6 – 0.85 one reading alone, little text, or no heading or date: probably right
    below 0.6  to be looked at: the source's template no longer fits, or a list of links rather than a document

`python -m bench.extraction` prints how often each band was right on labelled pages, and how lists fare.
"""

from __future__ import annotations

from crawler.extraction.lines import has_file
from crawler.extraction.locate import How, Located
from crawler.extraction.render import Line

FOUND: dict[How, float] = {
    "selector": 1.0,
    "template": 0.98,
    "container": 0.95,
    "agreement": 0.92,
    "descent": 0.75,
    "readability": 0.75,
}
MISFIT = 0.5
"""The most that a reading is given to which the source's template does not fit."""
LINKED, UNTITLED, UNDATED, SHORT = 0.6, 0.2, 0.1, 0.1
"""What is taken off for a text that is all links (files are what a notice links to), without heading, without date,
and for one of less than `LITTLE` characters."""
LITTLE = 60
WORDLESS = 0.1
"""A page that only shows pictures or files: there is no text to be sure of."""


def of(main: Located, body: list[Line], *, titled: bool, dated: bool) -> float:
    """0.05 to 1; `main` says how the text was found, `body` is what was kept of it."""
    if not body:
        return WORDLESS
    length = sum(len(line.text) for line in body)
    linked = sum(min(line.linked, len(line.text)) for line in body if not has_file(line)) / length
    value = FOUND[main.how] - LINKED * linked
    value -= 0.0 if titled else UNTITLED
    value -= 0.0 if dated else UNDATED
    value -= SHORT if length < LITTLE and not any(map(has_file, body)) else 0.0
    return round(max(0.05, min(value, MISFIT) if main.misfit else value), 2)
