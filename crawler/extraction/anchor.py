"""The way in for pages with hardly any prose (a line and an attachment, a table, a picture): there is nothing to
weigh, so the text is what stands between the heading with its info line and the site's closing."""

from __future__ import annotations

import re

from crawler.extraction import dates, heading, info, rules, title
from crawler.extraction.lines import Reading, has_file
from crawler.extraction.render import Line

_FILES = re.compile("附件|下载")
PROSE = 100.0
"""Below this weight a container is not believed where a heading says otherwise."""
SHORTEST = 6
"""Characters of a heading that nothing but its place tells of."""
MOST = 60
"""How many lines a text of this sort may have."""


def anchored(lines: list[Line], hints: tuple[str, ...], whole: bool) -> Reading | None:
    """The reading from below the info line; None where no heading stands over an info line, or where the container
    (`inside` lines) already has a part of it and is not the `whole` body."""
    start = below_info(lines, hints)
    if start is None:
        return None
    end, said = start, False
    for line in lines[start : start + MOST]:
        if rules.CLOSING.fit(line.text) or rules.NOISE.all[0].fits(line.text):
            break
        furniture = len(line.text) <= 4 or rules.NOISE.fit(line.text)
        if (
            line.linked * 2 > len(line.text)
            and not furniture
            and not has_file(line)
            and not _FILES.search(line.text)
        ):
            break
        end += 1
        said = said or not furniture
    if not said or (not whole and any(line.inside for line in lines[start:end])):
        return None
    return Reading(lines[:start], lines[start:end], lines[end:])


def below_info(lines: list[Line], hints: tuple[str, ...]) -> int | None:
    """Index after the info line: under a heading that <title> knows, else under the first line that could be one."""
    known = {end for hint in hints for end in title.ends(hint) if len(end) >= 6}
    loose = None
    for i, line in enumerate(lines):
        if not ((len(line.text) >= SHORTEST and heading.usable(line)) or title.bare_text(line.text) in known):
            continue
        told = next((j for j in range(i + 1, min(i + 4, len(lines))) if _is_info(lines[j])), None)
        if told is None:
            continue
        is_near = told <= i + 2
        while told + 1 < len(lines) and info.tells(lines[told + 1], in_words=False):
            told += 1
        if title.bare_text(line.text) in known:
            return told + 1
        if loose is None and is_near:
            loose = told + 1
    return loose


def _is_info(line: Line) -> bool:
    # with a day in it: “来源：” alone stands at the head of side lists too
    return dates.find(line.text) is not None and info.tells(line, in_words=False)
