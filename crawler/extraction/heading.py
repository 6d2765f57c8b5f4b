"""The line that is printed as the document's heading, found by how it stands on the page: for pages whose head does not
name the document. Several weak signs are added up; none of them alone is believed."""

from __future__ import annotations

import re
from collections.abc import Collection

from lxml import etree

from crawler.extraction import info, labels, number, rules
from crawler.extraction.lines import plain
from crawler.extraction.locate import NUMBERED, SENTENCE
from crawler.extraction.render import Line

ABOVE, WITHIN = 40, 12
"""How many lines before the text, and in it, may be its heading."""
COLUMN = 16
"""Characters of the longest name of a column."""
SUBTITLED = 8
"""Fewest characters of a heading that has a subtitle."""
LONGEST = 140
SURE = 5.0
"""Signs of a heading that outweigh a <title> that could as well name a column."""
LEAST = 2.0
OWNER = re.compile(
    r"(?:网|网站|门户|政府|厅|局|委|委员会|大学|学院|学校|中学|小学|中心|平台|办公室|院|处|馆|报|社|所|站|校|园|协会|在线|信息港|欢迎您?)[!！]?$"
)
"""What names of sites and of the bodies behind them end with."""
_BYLINE = re.compile(r"(?:本报|本网|通讯员|记者|见习记者|特约|作者|撰文|编者按|文\s*[/／:：|｜])")
_CRUMB = re.compile(r"(?:位置|栏目)(?:是|在)?\s*[:：]|[>»＞›→]")
_STEP = re.compile(r"\s*(?:>+|»|＞+|›|→|/|\||｜|-+|·)\s*|(?:位置|栏目)(?:是|在)?\s*[:：]\s*")
_HEADS = {"h1": 4.0, "h2": 3.0, "h3": 2.5, "h4": 2.0, "h5": 1.5, "h6": 1.0}
_TOKEN = re.compile(r"title|(?:^|[-_])(?:tit|bt|tt|biaoti|wzbt|xlbt)(?:$|[-_\d])|headline|heading", re.I)
_LARGE = re.compile(
    r"font-size\s*:\s*(?:(?:1[89]|[2-4]\d)(?:\.\d+)?(?:px|pt)|(?:x+-)?large|[12]\.\d+r?em)", re.I
)
_CENTRED = re.compile(r"text-align\s*:\s*center", re.I)


def columns(lines: list[Line], start: int, names: Collection[str]) -> set[str]:
    """What names a column or the site, not the document, in the shape of `lines.plain`: the links above the text, the
    steps of the way to it, and `names`, those that the head gives."""
    found: set[str] = set()
    for line in lines[:start]:
        found.update(plain(link.text) for link in line.links if link.href)
        if len(line.text) <= 200 and _CRUMB.search(line.text):
            found.update(plain(step) for step in _STEP.split(line.text))
    # a longer link is another document, or this one in a list of the latest
    return {name for name in found if len(name) <= COLUMN} | {plain(name) for name in names} - {""}


def best(lines: list[Line], start: int, known: Collection[str]) -> tuple[str | None, float]:
    """The heading and how much speaks for it; `start` is where the text begins, `known` what names columns."""
    chosen, most = None, LEAST
    for i in range(max(0, start - ABOVE), _end(lines, start)):
        if usable(lines[i]):
            score = _score(lines, i, start, known)
            if score >= most:
                chosen, most = i, score
    if chosen is None:
        return None, 0.0
    return _joined(lines, _over_subtitle(lines, chosen, known)), most


def usable(line: Line) -> bool:
    """Whether a line could be a heading at all."""
    text = line.text
    if not plausible(text) or line.linked * 2 > len(text) or text.endswith(("：", ":", "。", "；")):
        return False
    if rules.NOISE.fit(text) or rules.CLOSING.fit(text) or _CRUMB.search(text) or _BYLINE.match(text):
        return False
    return not (
        labels.pairs(text) or labels.alone(text) or number.is_alone(text) or info.tells(line, in_words=True)
    )


def plausible(text: str | None) -> bool:
    """A sentence is no title: search snippets and first paragraphs are put into <title> by reprinting sites."""
    if not text or not 4 <= len(text) <= LONGEST:
        return False
    return not (("。" in text.rstrip("。") and len(text) > 40) or text.endswith(("...", "……")))


def marking(line: Line) -> float:
    """How much its element sets a line apart: a heading's tag, a name that says so, the middle, size, bold."""
    node, steps, most = line.block, 0, 0.0
    while node is not None and steps < 3:
        most = max(most, _own_marking(node) - 0.5 * steps)
        parent = node.getparent()
        if parent is None or len(parent) > 3:
            break
        node, steps = parent, steps + 1
    return most


def _own_marking(node: etree._Element) -> float:
    most = _HEADS.get(node.tag, 0.0)
    style = node.get("style") or ""
    if any(_TOKEN.search(word) for word in f"{node.get('class') or ''} {node.get('id') or ''}".split()):
        most = max(most, 3.0)
    if node.tag in ("b", "strong", "center") or node.get("align") == "center" or _CENTRED.search(style):
        most = max(most, 1.0)
    if _LARGE.search(style) or (node.tag == "font" and node.get("size") in ("4", "5", "6", "7")):
        most = max(most, 1.0)
    return most


def _end(lines: list[Line], start: int) -> int:
    """Where the text itself has begun."""
    high = min(len(lines), start + WITHIN)
    for i in range(start, high):
        text = lines[i].text
        if NUMBERED.match(text) or (len(text) > 60 and SENTENCE.search(text)):
            return i
    return high


def _score(lines: list[Line], i: int, start: int, known: Collection[str]) -> float:
    line = lines[i]
    bare = plain(line.text)
    score = marking(line) - 0.05 * max(0, start - i)
    score += 4.0 if _over_info(lines, i, start) else 0.0
    score += 2.0 if rules.WORK.search(line.text) else 0.0
    score += 1.0 if len(bare) >= 12 else 0.0
    score += 1.0 if i < start and not any(usable(other) for other in lines[i + 1 : start]) else 0.0
    score -= 4.0 if bare in known else 0.0
    score -= 2.0 if len(bare) <= 24 and OWNER.search(line.text) else 0.0
    # a text has headings of its own
    return score - (1.0 if i > start + 2 else 0.0)


def _over_info(lines: list[Line], i: int, start: int) -> bool:
    """Whether the info line stands under it, with nothing between but a subtitle or a byline."""
    if i and labels.alone(lines[i - 1].text):
        return False
    for j in range(i + 1, min(i + 4, len(lines))):
        if info.tells(lines[j], in_words=j < start):
            return True
        text = lines[j].text
        subtitle = lines[j].block.tag in _HEADS or text.startswith(("—", "－"))
        if not (subtitle or _BYLINE.match(text)):
            return False
    return False


def _over_subtitle(lines: list[Line], i: int, known: Collection[str]) -> int:
    """The line above instead, where it is a greater heading and this one its subtitle."""
    above = lines[i - 1] if i else None
    if above is None or not usable(above) or plain(above.text) in known or OWNER.search(above.text):
        return i
    return i - 1 if len(above.text) >= SUBTITLED and marking(above) > marking(lines[i]) >= 1.0 else i


def _joined(lines: list[Line], i: int) -> str:
    """A heading that its element breaks over lines."""
    text, line = lines[i].text, lines[i]
    for before in reversed(lines[max(0, i - 2) : i]):
        if before.block is not line.block or not marking(line):
            break
        text = f"{before.text} {text}"
    return text
