"""The document's title: as the page prints it, checked against <title> and the ArticleTitle of its head."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from crawler.extraction import heading, labels, rules
from crawler.extraction.heading import LONGEST, OWNER, SURE, plausible
from crawler.extraction.lines import plain
from crawler.extraction.number import NUMBER
from crawler.extraction.render import Line
from store.flow import Place

HINT = 500
"""Characters of a <title> that are looked at; one that is never closed has the whole page in it."""
SHORT = 10
"""Characters up to which a <title> may as well be a column's name."""
_COLUMN = re.compile(
    r"(?:频道|栏目|公开|动态|公告|通知|新闻|要闻|文件|首页|正文|详情|内容|规划|计划|公示|领域|政策|法规|解读|总结)$"
)
_SEPARATED = re.compile(r"\s*[-_|｜–—]{1,3}\s*|\s+[·>»]\s+")
_PREFIX = re.compile(r"(?:看全文[!！]|[【\[［][^】\]］]{1,8}[】\]］])\s*")
_BREAK = re.compile(r"[\s\-_|｜–—·>»:：（(【\[,，]")


def choose(
    page_title: str, meta: dict[str, str], lines: list[Line], start: int, printed: str | None
) -> str | None:
    """`lines` are the page's, `start` is where the container begins, `printed` what the source's selector found."""
    if printed:
        return tidy(printed)
    page_title = page_title[:HINT]
    declared = meta.get("articletitle")
    found = _printed(lines, start, declared or "")
    if found and plausible(found):
        return tidy(found)
    names = heading.columns(lines, start, (meta.get("columnname", ""), meta.get("sitename", "")))
    for hint in _hints(page_title, meta, lines[:start]):
        found = _printed(lines, start, hint)
        if found and plausible(found) and not (_is_column(found, names) or _is_owner(found)):
            return tidy(found)
    if plausible(declared):
        return tidy(declared or "")
    seen, signs = heading.best(lines, start, names)
    named = _named(page_title, meta, lines[:start])
    is_doubted = named is None or signs >= SURE or _is_column(named, names)
    chosen = seen if seen and is_doubted else named
    return tidy(chosen) if chosen else None


def _hints(page_title: str, meta: dict[str, str], above: list[Line]) -> Iterator[str]:
    """What the head says of the title beside ArticleTitle, and what the metadata box does."""
    yield page_title
    yield meta.get("og:title", "")
    yield meta.get("title", "")
    yield labels.read(line.text for line in above).get("title", "")


def _named(page_title: str, meta: dict[str, str], above: list[Line]) -> str | None:
    """What <title> says, unless that is the site's name alone."""
    named = bare(page_title, meta, {plain(link.text) for line in above for link in line.links})
    return None if named and _is_owner(named) else named


def _is_owner(text: str) -> bool:
    """Whether it may be the name of a site or of the body behind it."""
    return len(text) <= 24 and OWNER.search(text) is not None and not rules.WORK.search(text)


def _is_column(text: str, names: Collection[str]) -> bool:
    """Whether it may be the name of a column: it stands on the way to the page, or sounds like one."""
    return plain(text) in names or (len(text) <= SHORT and _COLUMN.search(text) is not None)


def origin(title: str, lines: list[Line]) -> Place:
    """Whether the page prints the title or only its head has it."""
    wanted = plain(title)
    return "text" if any(wanted in plain(line.text) for line in lines) else "meta"


def tidy(title: str) -> str:
    """Without a brand before it, its own number in brackets or a page count behind it."""
    text = re.sub(r"\s+", " ", title).strip()
    match = _PREFIX.match(text)
    if match and len(text) - match.end() >= 6:
        text = text[match.end() :]
    text = re.sub(r"\s*[（(]\d{1,2}[)）]$", "", text)
    return re.sub(rf"\s*[（(]\s*{NUMBER.pattern}\s*[)）]$", "", text) or title


def bare(page_title: str, meta: dict[str, str], linked: set[str]) -> str | None:
    """<title> without the site's and the column's names behind it; `linked` are the page's own links above the text,
    the column's name is among them."""
    site = plain(meta.get("sitename", ""))
    names = {"", site, plain(meta.get("columnname", "")), *linked}
    marks = [*_SEPARATED.finditer(page_title)]
    end = len(page_title)
    for mark in reversed(marks):
        name = plain(page_title[mark.end() : end])
        known = name in names or (len(name) <= 24 and bool(OWNER.search(name) or _COLUMN.search(name)))
        # between title and site stands the column, whatever it is called
        known = known or (end < len(page_title) and len(name) <= 8)
        if not known or mark.start() < 4:
            break
        end = mark.start()
    start = next((m.end() for m in marks if m.end() < end and _is_owner(page_title[: m.start()])), 0)
    text = page_title[start:end].strip(" -_|")
    return text if plausible(text) and plain(text) != site else None


def _printed(lines: list[Line], start: int, hint: str) -> str | None:
    """The heading as printed near the container: the most, in one line or up to three, that begins or ends the hint."""
    if not hint:
        return None
    known = ends(hint)
    cut = bare_text(hint).rstrip("…") if hint.rstrip().endswith(("…", "...")) else ""
    low, high = max(0, start - 60), min(len(lines), start + 12)
    best, most = None, 5
    for i in range(low, high):
        shape = ""
        for line in lines[i : min(i + 3, high)]:
            if len(line.text) > LONGEST + 20 or line.linked * 2 > len(line.text) or labels.pairs(line.text):
                break
            shape = f"{shape} {line.text}".strip()
            found = bare_text(shape)
            completed = shape == line.text and len(cut) > 8 and found.startswith(cut)
            if (found in known or completed) and len(found) > most:
                best, most = shape, len(found)
    # the blank stands for the line's end; the head knows whether the title has one
    return best.replace(" ", "") if best and best.replace(" ", "") in hint else best


def bare_text(text: str) -> str:
    """A line as `ends` has it: without a brand before it."""
    return plain(_PREFIX.sub("", text, count=1))


def ends(hint: str) -> set[str]:
    """What a <title> begins with before the name of a column or a site could follow, or ends with behind one."""
    text = _PREFIX.sub("", hint[:HINT], count=1)
    breaks = [m.start() for m in _BREAK.finditer(text)]
    behind = {plain(text[b + 1 :]) for b in breaks if len(text) - b > 10 or _is_owner(text[:b])}
    behind = {end for end in behind if not OWNER.search(end)}
    return {plain(text[:b]) for b in breaks} | behind | {plain(text)}
