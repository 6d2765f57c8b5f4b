"""The document's title: as the page prints it, checked against <title> and the ArticleTitle of its head."""

from __future__ import annotations

import re

from crawler.extraction import dates, labels, number, rules
from crawler.extraction.lines import plain
from crawler.extraction.number import NUMBER
from crawler.extraction.render import Line
from store.flow import Place

LONGEST = 140
HINT = 500
"""Characters of a <title> that are looked at; one that is never closed has the whole page in it."""
_OWNER = re.compile(
    r"(?:网|网站|门户|政府|厅|局|委|委员会|大学|学院|学校|中学|小学|中心|平台|办公室|院|处|馆|报|社|所|站|校|园|协会|在线|信息港|欢迎您?)[!！]?$"
)
"""What names of sites and of the bodies behind them end with."""
_COLUMN = re.compile(r"(?:频道|栏目|公开|动态|公告|通知|新闻|要闻|文件|首页|正文|详情|内容)$")
_SEPARATED = re.compile(r"\s*[-_|｜–—]{1,3}\s*|\s+[·>»]\s+")
_PREFIX = re.compile(r"(?:看全文[!！]|[【\[［][^】\]］]{1,8}[】\]］])\s*")
_BREAK = re.compile(r"[\s\-_|｜–—·>»:：（(【\[,，]")
_HEADS = frozenset(["h1", "h2", "h3"])
_TITLE_TOKEN = re.compile(r"title|(?:^|[-_])(?:tit|bt|biaoti)(?:$|[-_\d])|headline", re.I)


def choose(
    page_title: str, meta: dict[str, str], lines: list[Line], start: int, printed: str | None
) -> str | None:
    """`lines` are the page's, `start` is where the container begins, `printed` what the source's selector found."""
    if printed:
        return tidy(printed)
    page_title = page_title[:HINT]
    declared = meta.get("articletitle")
    for hint in (declared, page_title, meta.get("og:title"), meta.get("title")):
        heading = _printed(lines, start, hint or "")
        if heading and plausible(heading):
            return tidy(heading)
    if plausible(declared):
        return tidy(declared or "")
    named = bare(page_title, meta, {plain(link.text) for line in lines[:start] for link in line.links})
    if named and len(named) <= 24 and _OWNER.search(named):
        named = None  # the site's name alone
    chosen = _over_info(lines, start) or named or _marked(lines, start)
    return tidy(chosen) if chosen else None


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


def plausible(text: str | None) -> bool:
    """A sentence is no title: search snippets and first paragraphs are put into <title> by reprinting sites."""
    if not text or not 4 <= len(text) <= LONGEST:
        return False
    return not (("。" in text.rstrip("。") and len(text) > 40) or text.endswith(("...", "……")))


def bare(page_title: str, meta: dict[str, str], linked: set[str]) -> str | None:
    """<title> without the site's and the column's names behind it; `linked` are the page's own links above the text,
    the column's name is among them."""
    site = plain(meta.get("sitename", ""))
    names = {"", site, plain(meta.get("columnname", "")), *linked}
    marks = [*_SEPARATED.finditer(page_title)]
    end = len(page_title)
    for mark in reversed(marks):
        name = plain(page_title[mark.end() : end])
        known = name in names or (len(name) <= 24 and bool(_OWNER.search(name) or _COLUMN.search(name)))
        # between title and site stands the column, whatever it is called
        known = known or (end < len(page_title) and len(name) <= 8)
        if not known or mark.start() < 4:
            break
        end = mark.start()
    text = page_title[:end].strip(" -_|")
    return text if plausible(text) and plain(text) != site else None


def _printed(lines: list[Line], start: int, hint: str) -> str | None:
    """The heading as printed near the container: the most, in one line or up to three, that begins or ends the hint."""
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
    behind = {plain(text[b + 1 :]) for b in breaks}
    behind = {end for end in behind if len(end) >= 10 and not _OWNER.search(end)}
    return {plain(text[:b]) for b in breaks} | behind | {plain(text)}


def _over_info(lines: list[Line], start: int) -> str | None:
    """The line that stands directly over the info line, which is where templates print the heading: the last above
    the container, else the first in it."""
    low, high = max(1, start - 12), min(len(lines), start + 6)
    for i in (*reversed(range(low, min(start, high - 1))), *range(max(low, start), high - 1)):
        line = lines[i + 1]
        # a date in words may be a signature's
        bare_date = dates.ALONE.fullmatch(line.text) and not dates.SIGNED.fullmatch(line.text)
        info = (labels.is_info(line.text) or bare_date) and line.linked * 2 <= len(line.text)
        broken = lines[i - 1].block is lines[i].block and usable(lines[i - 1])
        if info and (broken or usable(lines[i])) and not labels.alone(lines[i - 1].text):
            return _joined(lines, i)
    return None


def _joined(lines: list[Line], i: int) -> str:
    """A heading that its element breaks over lines."""
    text, line = lines[i].text, lines[i]
    for before in reversed(lines[max(0, i - 2) : i]):
        if before.block is not line.block or not _is_marked(line):
            break
        text = f"{before.text} {text}"
    return text


def _marked(lines: list[Line], start: int) -> str | None:
    """The nearest line above (or at the top of) the text that is set as a heading."""
    low, high = max(0, start - 40), min(len(lines), start + 4)
    found = next((i for i in reversed(range(low, high)) if usable(lines[i]) and _is_marked(lines[i])), None)
    return None if found is None else _joined(lines, found)


def usable(line: Line) -> bool:
    """Whether a line could be a heading at all."""
    text = line.text
    if (
        len(text) < 6
        or not plausible(text)
        or line.linked * 2 > len(text)
        or text.endswith(("：", ":", "。", "；"))
    ):
        return False
    furniture = rules.NOISE.fit(text) or rules.CLOSING.fit(text)
    return not (
        furniture
        or labels.pairs(text)
        or labels.is_info(text)
        or number.is_alone(text)
        or dates.ALONE.fullmatch(text)
    )


def _is_marked(line: Line) -> bool:
    node, steps = line.block, 0
    while node is not None and steps < 3:
        name = f"{node.get('class') or ''} {node.get('id') or ''}"
        if node.tag in _HEADS or any(_TITLE_TOKEN.search(word) for word in name.split()):
            return True
        parent = node.getparent()
        if parent is None or len(parent) > 3:
            break
        node, steps = parent, steps + 1
    return False
