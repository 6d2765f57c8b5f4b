"""Lines to the hierarchy of their numbers: 第一章 / 一、 / （一） / 1. / （1） / ①.

A number makes an item only when its neighbours in the count bear it out, so that “2014年…”, “7.8万人” or a quoted
“三、” make none. Before the first 一、 there are no items (covers and search snippets count things too), unless the
text has no 一、 at all.

An unnumbered line belongs to the innermost open node that is only a heading: after “3. Lead. Text.” it is a child of
the section in which item 3 stands, after “（一）Title” a child of that title. Where points （1）, （2） of item 3 follow
it, it is item 3's. With no open heading it stands at level 1, as do signature, date and notes at the very end. No
character is lost and none changes places: label + text over the walk is the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from store.flow import Node
from store.normal import evened

_HAN = "一二三四五六七八九十百零〇两"
_COUNT = rf"第\s?(?:[{_HAN}\d]\s?){{1,4}}"
_MARK = r"[、.:]?\s*"
KINDS = (
    ("part", rf"{_COUNT}(?:部\s?分|编|篇|板\s?块){_MARK}"),
    ("chapter", rf"{_COUNT}章{_MARK}"),
    ("section", rf"{_COUNT}节{_MARK}"),
    ("article", rf"{_COUNT}条{_MARK}"),
    ("han", rf"(?:[{_HAN}]\s?){{1,3}}[、.]\s?"),
    ("han_bracket", rf"[(\[]\s?(?:[{_HAN}]\s?){{1,3}}[)\]]\s?[、.]?|[㈠-㈩]\s?[、.]?"),
    ("digit", r"\d{1,3}\s?[.、](?!\d)\s?|[⒈-⒛]\s?"),
    ("digit_bracket", r"\(\s?\d{1,3}\s?\)\s?[、.]?|[⑴-⒇]\s?"),
    ("digit_half", r"\d{1,2}\s?\)\s?[、.]?"),
    ("ordinal", rf"第\s?(?:[{_HAN}]\s?){{1,3}},\s?"),
    ("circle", r"[①-⑳]\s?[、.]?"),
)
"""From the outside in, as 党政机关公文格式 (GB/T 9704) orders them; a text that nests otherwise is found out by `_order`.
Held against `store.normal.evened` lines: （ and ( are one there, as are ⼀ and 一. A blank may stand between any two
characters but digits, as letter-spaced headings and lines that the page's source broke have them: 第 一 章."""
RANK = {name: rank for rank, (name, _) in enumerate(KINDS)}
_PATTERN = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in KINDS))
LONGEST = 32
"""Characters at the start of a line that a label, its blanks and what must not follow it may take."""
HEADING = 60
"""Longest title of a section that has a line of its own."""
LEAD = 40
"""Longest lead sentence."""
FAR = 3
"""How far a count may jump: items get lost in reprints, but 2014 is no item after 3."""
_APART = re.compile(r"附\s*(?:件|录|表)\s*\d{0,2}\s*[:：]?$")
_ATTACHED, _LISTED = re.compile(r"附\s*[件表]\s*[:：]"), re.compile(r"\d{1,2}\s?[.．、]")
_CLOSING = re.compile(
    r"(?:[（(]?此件|附件|抄送|抄报|联系人|(?:19|20)\d{2}[年\-/.]\s?\d{1,2}(?:[月\-/.]\s?(?:\d{1,2}日?)?(?:印发)?。?)?$|[二一][〇○◯零O][一二三四五六七八九十〇○◯零O]{1,2}年.{1,8}$|.{2,30}(?:厅|局|委|委员会|政府|办公室|部|组|办|会|院|校|学|园|馆|社|公司|处|中心)$)"
)


@dataclass(slots=True)
class _Line:
    label: str | None
    text: str
    kind: str | None = None
    value: int = 0


@dataclass(slots=True)
class _Open:
    """A node under construction."""

    label: str | None
    level: int
    heading: str | None
    text: str
    kind: str | None = None
    children: list[_Open] = field(default_factory=list)

    @property
    def is_title(self) -> bool:
        """Whether it says nothing but its heading; a whole sentence is an item's text, though it may be its only one."""
        rest = self.text.removeprefix(self.heading or "\0").strip()
        return rest in ("", "：", ":") or (rest == "。" and len(self.heading or "") <= LEAD // 2)


def outline(text: str) -> tuple[Node, ...]:
    """The nodes of a text with one paragraph a line."""
    lines = [_number(line.strip()) for line in text.split("\n") if line.strip()]
    _doubt(lines)
    order = _order(lines)
    following = _following(lines, order)
    root = _Open(None, 0, None, "")
    stack = [root]
    end = _closing(lines)
    for index, line in enumerate(lines):
        if line.kind is None:
            if index >= end or _APART.match(line.text):
                del stack[1:]
            depth = _home(stack, order, following[index])
            del stack[depth + 1 :]
            stack[-1].children.append(_Open(None, depth + 1, None, line.text))
            continue
        while len(stack) > 1 and order[stack[-1].kind or ""] >= order[line.kind]:
            stack.pop()
        node = _Open(line.label, stack[-1].level + 1, _heading(line.text), line.text, line.kind)
        stack[-1].children.append(node)
        stack.append(node)
    return _freeze(root)


def _following(lines: list[_Line], order: dict[str, int]) -> list[int]:
    """For each line the depth of the next number."""
    depths, depth = [0] * len(lines), 0
    for i in range(len(lines) - 1, -1, -1):
        depths[i] = depth
        depth = order[lines[i].kind or ""] if lines[i].kind else depth
    return depths


def _home(stack: list[_Open], order: dict[str, int], following: int) -> int:
    """Index of the open node that an unnumbered line belongs to: the innermost heading, but none outside the parent
    of the next number, which would then stand before the line."""
    title = max((i for i, node in enumerate(stack) if i and node.is_title), default=0)
    parent = max((i for i, node in enumerate(stack) if i and order[node.kind or ""] < following), default=0)
    return max(title, parent)


def _number(line: str) -> _Line:
    match = _PATTERN.match(evened(line[:LONGEST]))
    if match is None or match.lastgroup is None:
        return _Line(None, line)
    label, rest = line[: match.end()].strip(), line[match.end() :]
    return _Line(label, rest, match.lastgroup, _value(match[0]))


def _value(label: str) -> int:
    for start in "㈠⒈⑴①":
        if start <= label[0] <= chr(ord(start) + 19):
            return ord(label[0]) - ord(start) + 1
    digits = re.search(r"\d+", label)
    if digits:
        return int(digits[0])
    han = "".join(c for c in label if c in _HAN)
    ones = "零一二三四五六七八九"
    total, last = 0, 0
    for char in han.replace("〇", "零").replace("两", "二"):
        if char == "百":
            total, last = total + (last or 1) * 100, 0
        elif char == "十":
            total, last = total + (last or 1) * 10, 0
        else:
            last = ones.index(char)
    return total + last


def _doubt(lines: list[_Line]) -> None:
    """Takes the label back from lines that only look numbered."""
    by_kind: dict[str, list[_Line]] = {}
    for line in lines:
        if line.kind:
            by_kind.setdefault(line.kind, []).append(line)
    for same in by_kind.values():
        values = [line.value for line in same]
        wrong = [line for i, line in enumerate(same) if not _plausible(values, i)]
        if same[0].kind == "ordinal" and 2 not in values:
            wrong = same  # “第一，…” without a second is a manner of speaking
        for line in wrong:
            _strip(line)
    first = next((i for i, line in enumerate(lines) if line.kind == "han"), None)
    if first is not None:
        for line in lines[:first]:
            if line.kind and RANK[line.kind] > RANK["han"]:
                _strip(line)


def _plausible(values: list[int], i: int) -> bool:
    """1 begins a count; any other number follows a near one, or is followed by its successor."""
    value = values[i]
    if value == 1:
        return True
    before = values[max(0, i - 2) : i]
    if any(0 <= value - other <= FAR for other in before):
        return True
    return value > 0 and i + 1 < len(values) and values[i + 1] - value in (1, 2)


def _strip(line: _Line) -> None:
    line.text, line.label, line.kind = (line.label or "") + line.text, None, None


def _order(lines: list[_Line]) -> dict[str, int]:
    """kind → depth. The usual order, but a kind that comes first and counts on while the usually outer one begins
    anew beneath it is the outer one: “1. … （一） … （二） … 2. … （一） …”."""
    first: dict[str, int] = {}
    starts: dict[str, int] = {}
    for index, line in enumerate(lines):
        if line.kind:
            first.setdefault(line.kind, index)
            starts[line.kind] = starts.get(line.kind, 0) + (line.value == 1)
    kinds = sorted(first, key=lambda k: RANK[k])
    for _ in kinds:  # bubbles: bounded by the number of kinds
        for i in range(len(kinds) - 1):
            outer, inner = kinds[i], kinds[i + 1]
            if first[inner] < first[outer] and starts[inner] == 1 and starts[outer] > 1:
                kinds[i], kinds[i + 1] = inner, outer
    return {kind: depth for depth, kind in enumerate(kinds)} | {"": -1}


def _closing(lines: list[_Line]) -> int:
    """Where the signature, date and notes at the very end begin."""
    end = len(lines)
    while end > 0 and end > len(lines) - 8:
        line = lines[end - 1]
        listed = _LISTED.match(line.text) and any(
            _ATTACHED.match(x.text) for x in lines[max(0, end - 8) : end]
        )
        if line.kind is not None or len(line.text) > 60 or not (listed or _CLOSING.match(line.text)):
            break
        end -= 1
    return end


def _heading(text: str) -> str | None:
    """A title that fills its line, or the lead sentence of an item, both without the full stop."""
    lead, stop, rest = text.partition("。")
    lead = lead.strip()
    if not lead:
        return None
    if not stop or not rest.strip():
        return lead.rstrip("：: ") if len(lead) <= HEADING and "；" not in lead else _before_colon(lead)
    return lead if len(lead) <= LEAD else _before_colon(lead)


def _before_colon(text: str) -> str | None:
    lead = re.split("[：:]", text, maxsplit=1)[0].strip()
    return lead if lead != text and 0 < len(lead) <= LEAD // 2 else None


def _freeze(root: _Open) -> tuple[Node, ...]:
    """Bottom up without recursion, though levels are bounded by the kinds of numbers."""
    order: list[_Open] = []
    stack = [root]
    while stack:
        node = stack.pop()
        order.append(node)
        stack.extend(node.children)
    done: dict[int, Node] = {}
    for node in reversed(order):
        children = tuple(done[id(child)] for child in node.children)
        done[id(node)] = Node(node.label, node.level, node.heading, node.text, children)
    return done[id(root)].children
