"""How sure a reading is of its text."""

from __future__ import annotations

from crawler.extraction.locate import Located
from crawler.extraction.render import Line

FOUND = {
    "selector": 1.0,
    "template": 0.97,
    "container": 0.95,
    "agreement": 0.9,
    "descent": 0.7,
    "readability": 0.7,
}
MISFIT = 0.5


def of(main: Located, body: list[Line], title: str | None) -> float:
    length = sum(len(line.text) for line in body) or 1
    linked = sum(line.linked for line in body) / length
    found = FOUND[main.how] - (0.2 if length < 60 else 0.0) - 0.5 * min(1.0, linked)
    return round(max(0.1, min(found, MISFIT) if main.misfit else found), 2)
