"""Which of a page's lines are the document: those of its container without the furniture in it, and the attachment
lists that stand under it. The lines above and below are handed on, since they say the date, the number, the source."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from lxml import etree

from crawler.extraction import dates, info, labels, number, rules
from crawler.extraction.locate import FILE, INFO, NUMBERED, SENTENCE, weigh
from crawler.extraction.render import Line
from crawler.extraction.wrapped import unwrap

HEAD = 25
"""How many lines at the container's start may be head (heading, info line, metadata box)."""
TOLD = frozenset(["published_at", "source_label"])
"""What a template tells under the text."""
ADOPT = 30
"""How many lines below the container are looked at for attachments."""
_SECTION = re.compile(r"[一二三四五六七八九十]{1,3}、")
_ATTACHED = re.compile(r"[【\[（(]?\s*附\s*件")
_COVER = re.compile(r".{2,40}文件$|[（(].{0,6}(?:19|20)\d{2}年.{0,60}(?:通过|印发|发布|公布).{0,10}[)）]$")
_STRONG = re.compile(
    r"发\s*布\s*(?:时\s*间|日\s*期)|(?:来\s*源|作\s*者|浏\s*览|点\s*击|阅\s*读).{0,80}(?:19|20)\d{2}[-/.年]|(?:19|20)\d{2}[-/.年].{0,80}(?:来\s*源|作\s*者|浏\s*览|点\s*击|阅\s*读)"
)


@dataclass(slots=True)
class Reading:
    above: list[Line]
    body: list[Line]
    below: list[Line]
    dropped: list[Line] = field(default_factory=list)
    """Furniture among the lines of the container."""


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """What two prints of one line have in common: width, blanks and the marks around a label are dropped."""
    return re.sub(r"[\s.．、,，:：;；。“”\"'‘’《》<>〈〉]", "", unicodedata.normalize("NFKC", text))


def divide(lines: list[Line], main: etree._Element) -> Reading:
    """Lines before, in and after the container."""
    within = set(main.iter(etree.Element))
    places = [i for i, line in enumerate(lines) if line.block in within]
    if not places:
        # a table row around the container was joined to one line
        around = set(main.iterancestors("tr"))
        places = [i for i, line in enumerate(lines) if line.block in around]
    if not places:
        return Reading(lines, [], [])
    for i in places:
        lines[i].inside = True
    first, last = places[0], places[-1]
    return Reading(
        lines[:first], [line for line in lines[first : last + 1] if line.inside], lines[last + 1 :]
    )


def clean(reading: Reading, main: etree._Element, title: str | None) -> Reading:
    """The same reading with only the document's lines as its body."""
    names = _names(title)
    seen_above = any(_is_title(line.text, names) for line in reading.above[-HEAD:])
    furniture = _furniture(main, reading.body)
    body = [line for line in reading.body if line.block not in furniture]
    start = _head_end(body, names, seen_above)
    above = [*reading.above, *body[:start]]
    body = [*_cover(body[:start]), *body[start:]]
    body, tail = _cut_tail(body)
    body, told = _cut_told(body)
    tail = [*told, *tail]
    dropped = [line for line in body if _is_noise(line)]
    body, numbers = unwrap([line for line in body if not _is_noise(line)])
    dropped += numbers
    body = _without_snippets(body)
    adopted, rest = _adopt(reading.below)
    known = {plain(line.text) for line in body}
    body += [line for line in adopted if plain(line.text) not in known]
    return Reading(above, body, [*tail, *rest], dropped)


def _cover(head: list[Line]) -> list[Line]:
    """A 文号 on its own line between heading and info line belongs to the document's cover."""
    found = []
    for i, line in enumerate(head):
        if number.is_alone(line.text) and not (i and labels.alone(head[i - 1].text)):
            found.append(line)
    return found[:1]


def _names(title: str | None) -> tuple[str, ...]:
    return (plain(title),) if title and len(plain(title)) >= 4 else ()


def _is_title(text: str, names: tuple[str, ...]) -> bool:
    """The heading itself, perhaps with a brand or a class before it (“【教育总结】…”) or a number behind it."""
    bare = plain(text)
    return any(
        bare == n or (n in bare and len(bare) <= len(n) + 14) or (len(bare) >= 8 and bare in n) for n in names
    )


def _broken_title(texts: list[str], names: tuple[str, ...]) -> int:
    """How many lines make up the heading, where it is printed on more than one; else 0."""
    for count in range(2, len(texts) + 1):
        if "".join(plain(text) for text in texts[:count]) in names:
            return count
    return 0


def _is_noise(line: Line) -> bool:
    return not has_file(line) and rules.NOISE.fit(line.text)


def _head_end(body: list[Line], names: tuple[str, ...], seen_above: bool) -> int:
    """Index of the first line that is the document's own."""
    texts = [line.text for line in body[:HEAD]]
    start = 0
    for i, text in enumerate(texts):
        if len(text) > 60 and SENTENCE.search(text) and not (rules.NOISE.fit(text) or rules.TEASER.fit(text)):
            break
        if NUMBERED.match(text) or _COVER.match(text) or has_file(body[i]):
            break
        if labels.is_info(text) and _STRONG.search(text):
            start = i + 1
    for i, text in enumerate(texts):
        if rules.TEASER.all[1].fits(text) and not any(NUMBERED.match(t) for t in texts[:i]):
            start = max(start, i + 1)
    start = max(start, _menu_end(body[:HEAD], names))
    while start < len(texts):
        text = texts[start]
        after = texts[start + 1] if start + 1 < len(texts) else ""
        broken = 0 if seen_above else _broken_title(texts[start : start + 4], names)
        if broken:
            start += broken
        elif labels.expects_value(text) and after and len(after) < 60 and not after.endswith(("：", ":")):
            start += 1 if labels.pairs(after) else 2
        elif _is_head(body[start], names, seen_above) or _is_told(
            body[: start + 2], start, names, seen_above
        ):
            start += 1
        else:
            break
    if (
        1 < start == len(body)
        and _is_title(texts[-1], names)
        and any(_is_title(t, names) for t in texts[:-1])
    ):
        # a text that only says its heading again
        start -= 1
    return start


def _menu_end(head: list[Line], names: tuple[str, ...]) -> int:
    """Index of the heading, where there is nothing before it but links that lead elsewhere."""
    for i, line in enumerate(head):
        if _is_title(line.text, names):
            return i
        if line.linked * 2 <= len(line.text) or has_file(line):
            return 0
    return 0


def _is_told(head: list[Line], i: int, names: tuple[str, ...], seen_above: bool) -> bool:
    """Whether the line is the heading over an info line, or the info line under a heading; neither need be labelled."""
    if has_file(head[i]):
        return False
    if _is_title(head[i].text, names):
        return i + 1 < len(head) and info.tells(head[i + 1], in_words=False)
    named = _is_title(head[i - 1].text, names) if i else seen_above
    return named and info.tells(head[i], in_words=False)


def _is_head(line: Line, names: tuple[str, ...], seen_above: bool) -> bool:
    text = line.text
    if has_file(line):
        return False
    if rules.NOISE.fit(text) or rules.TEASER.fit(text):
        return True
    if dates.ALONE.fullmatch(text) or labels.is_info(text):
        return True
    return not seen_above and _is_title(text, names)


@lru_cache(maxsize=4096)
def _says_furniture(identity: str, classes: str) -> bool:
    names = [identity.strip().lower(), *classes.lower().split()]
    return any(name in rules.ADVERT_TOKENS or rules.ADVERT.match(name) for name in names)


def _furniture(main: etree._Element, body: list[Line]) -> set[etree._Element]:
    """Elements in the container that call themselves share bar, advert, related list, and weigh so little that
    they may be believed. Without that guard the names throw out whole documents ("right_foot", "share_tool")."""
    named = [
        e
        for e in main.iter(etree.Element)
        if e.attrib and e is not main and _says_furniture(e.get("id") or "", e.get("class") or "")
    ]
    if not named:
        return set()
    total = sum(weigh(line) for line in body) or 1.0
    by_block: dict[etree._Element, list[Line]] = {}
    for line in body:
        by_block.setdefault(line.block, []).append(line)
    dropped: set[etree._Element] = set()
    for element in named:
        if element in dropped:
            continue
        parts = [*element.iter(etree.Element)]
        own = [line for part in parts for line in by_block.get(part, ())]
        text = "".join(line.text for line in own)
        prose = sum(len(SENTENCE.findall(line.text)) for line in own if line.linked * 2 < len(line.text))
        weight = sum(weigh(line) for line in own)
        if weight < 0.25 * total and prose <= 2 and "附件" not in text and not any(map(has_file, own)):
            dropped.update(parts)
    return dropped


def has_file(line: Line) -> bool:
    """Whether a link in the line leads to a file, or names one."""
    return any(FILE.search(link.href) or FILE.search(link.text) for link in line.links)


def _cut_tail(body: list[Line]) -> tuple[list[Line], list[Line]]:
    """Cuts at the first line where the site's closing begins, if little prose and no section follows it."""
    total = sum(weigh(line) for line in body) or 1.0
    after = 0.0
    cut = len(body)
    for i in range(len(body) - 1, -1, -1):
        line = body[i]
        after += weigh(line)
        if (after > 0.12 * total and after > 200) or _SECTION.match(line.text):
            break
        if rules.CLOSING.fit(line.text):
            cut = i
    return body[:cut], body[cut:]


def _cut_told(body: list[Line]) -> tuple[list[Line], list[Line]]:
    """Cuts what a template says under the text of when and from where it was published."""
    end = len(body)
    while end and len(body[end - 1].text) <= INFO:
        text = body[end - 1].text
        told = labels.is_info(text) and TOLD.issuperset(
            labels.LABELS[label] for label, _ in labels.pairs(text)
        )
        if not (told or _is_noise(body[end - 1])):
            break
        end -= 1
    return body[:end], body[end:]


def _without_snippets(body: list[Line]) -> list[Line]:
    """Drops lines before the first 一、 that come again below: a search snippet or a repeated item that a reprint
    prints on top."""
    first = next((i for i, line in enumerate(body) if _SECTION.match(line.text)), None)
    if not first:
        return body
    later = {plain(line.text)[:24] for line in body[first:] if len(line.text) >= 24}
    kept = [
        line
        for i, line in enumerate(body[:first])
        if len(line.text) < 24
        or (plain(line.text)[:24] not in later and not _opens(line, body[i + 1 : first]))
    ]
    return [*kept, *body[first:]]


def _opens(line: Line, following: list[Line]) -> bool:
    """A cut beginning (“……”) of a line that follows whole."""
    text = plain(line.text)
    cut = text.rstrip("…").rstrip(".")
    return cut != text and any(plain(other.text).startswith(cut[:60]) for other in following)


def _adopt(below: list[Line]) -> tuple[list[Line], list[Line]]:
    """Attachment lists that a template puts under the text, up to where other things begin."""
    adopted: list[Line] = []
    for i, line in enumerate(below[:ADOPT]):
        if rules.CLOSING.fit(line.text):
            break
        if rules.NOISE.all[0].fits(line.text) or (len(line.text) > 80 and not has_file(line)):
            break
        if has_file(line) or (_ATTACHED.match(line.text) and line.links and not _is_noise(line)):
            adopted.append(below[i])
    taken = {id(line) for line in adopted}
    return adopted, [line for line in below if id(line) not in taken]
