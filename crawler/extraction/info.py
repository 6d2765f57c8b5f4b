"""The info line: what a page says under (or over) a heading of when and by whom it was published, labelled or not."""

from __future__ import annotations

import re

from crawler.extraction import dates, labels, rules
from crawler.extraction.render import Line

MOST, BESIDE = 80, 45
"""Characters of a line without labels, and of what stands in it beside the date."""
_STATEMENT = re.compile(r"[。；！？《]|^\s*[（(—－]")
_CLERICAL = re.compile(
    r"\d{1,2}[:：]\d{2}|(?:19|20)\d{2}\s?[-/.]\s?\d|[点阅浏].{0,2}[击读览数]|作者|来源|发布"
)
"""What a page adds to a date, and a signature doesn't: the hour, hyphens, a count."""


def tells(line: Line, *, in_words: bool) -> bool:
    """Whether a line is an info line: labelled values, or a date with little beside it (“2016-05-09 某小学”, “某局 |
    2024-03-05 | 阅读 128”). A date `in_words` with nothing clerical may be a signature's or a cover's."""
    text = line.text
    if line.linked * 2 > len(text):
        return False
    if labels.is_info(text):
        return True
    if len(text) > MOST or _STATEMENT.search(text) or dates.find(text) is None:
        return False
    if not in_words and not _CLERICAL.search(text):
        return False
    rest = dates.without(text)
    return len(rest) <= BESIDE and not rules.WORK.search(rest)
