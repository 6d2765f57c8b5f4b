"""Real edits of a sheet, each with what a reader must be told of it. Made without looking at what `store.diff` says."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench.mutation_pages import File, Sheet
from bench.mutation_words import (
    DIGITS,
    HEADINGS,
    ITEMS,
    LONG,
    SECTION,
    WORDS,
    Edit,
    Editor,
    Expected,
    Told,
    heading_edited,
    lines,
    one,
    other_digit,
    section_renamed,
)
from demo.numbering import is_continuous, label_of, read_lines, recount

MOST_SECTIONS = 10

# ── whole lines ──


def _counted(sheet: Sheet, body: Sequence[str], *levels: int) -> Sheet:
    """The sheet with another body, its numbers in order again."""
    for level in levels:
        body = recount(body, level, continuous=is_continuous(sheet.body, level))
    return replace(sheet, body=tuple(body))


def _items(sheet: Sheet) -> list[int]:
    """Indices of items 1. that occur once, in sections where the count is in order."""
    if recount(sheet.body, DIGITS, continuous=is_continuous(sheet.body, DIGITS)) != sheet.body:
        return []
    once = set(lines(sheet, lambda line: label_of(line)[1] == DIGITS and len(line) > LONG))
    return [at for at, line in enumerate(sheet.body) if line in once]


def _now(sheet: Sheet, old: str) -> str:
    """A line as it is printed now that its number may be another."""
    text = read_lines([old])[0].text
    return next(line.printed for line in read_lines(sheet.body) if line.text == text)


def _item_added(sheet: Sheet, chance: random.Random) -> Edit | None:
    items = _items(sheet)
    if not items:
        return None
    at = chance.choice(items)
    words = chance.choice(ITEMS)
    body = [*sheet.body[: at + 1], label_of(sheet.body[at])[0] + words, *sheet.body[at + 1 :]]
    made = _counted(sheet, body, DIGITS)
    return Edit(made, one(Told("added", None, made.body[at + 1])))


def _item_removed(sheet: Sheet, chance: random.Random) -> Edit | None:
    items = _items(sheet)
    if not items:
        return None
    at = chance.choice(items)
    body = [*sheet.body[:at], *sheet.body[at + 1 :]]
    return Edit(_counted(sheet, body, DIGITS), one(Told("removed", sheet.body[at], None)))


def _families(sheet: Sheet) -> list[list[int]]:
    """Items by the heading that they stand under, without plain paragraphs between them."""
    printed = read_lines(sheet.body)
    families: dict[str, list[int]] = {}
    for at in _items(sheet):
        families.setdefault(printed[at].path.rpartition("/")[0], []).append(at)
    return [family for family in families.values() if family[-1] - family[0] == len(family) - 1]


def _moved(sheet: Sheet, source: int, target: int) -> Edit:
    """The line at `source` comes before the line that is at `target` now."""
    body = list(sheet.body)
    line = body.pop(source)
    body.insert(target - (source < target), line)
    made = _counted(sheet, body, DIGITS)
    return Edit(made, one(Told("moved", line, _now(made, line))))


def _moved_within(sheet: Sheet, chance: random.Random) -> Edit | None:
    families = [family for family in _families(sheet) if len(family) >= 4]
    if not families:
        return None
    family = chance.choice(families)
    if chance.random() < 0.5:
        return _moved(sheet, family[0], family[-1] + 1)
    return _moved(sheet, family[-1], family[0])


def _moved_across(sheet: Sheet, chance: random.Random) -> Edit | None:
    families = [family for family in _families(sheet) if len(family) >= 2]
    if len(families) < 2:
        return None
    source, target = chance.sample(families, 2)
    return _moved(sheet, chance.choice(source), chance.choice(target))


def _swapped(sheet: Sheet, chance: random.Random) -> Edit | None:
    families = [family for family in _families(sheet) if len(family) >= 2]
    if not families:
        return None
    first, second = sorted(chance.sample(chance.choice(families), 2))
    body = list(sheet.body)
    body[first], body[second] = body[second], body[first]
    made = _counted(sheet, body, DIGITS)
    told = [Told("moved", sheet.body[at], _now(made, sheet.body[at])) for at in (first, second)]
    return Edit(made, Expected(tuple((t,) for t in told) if second == first + 1 else (tuple(told),)))


def _split(sheet: Sheet, chance: random.Random) -> Edit | None:
    choices = [
        (at, m.end())
        for at in _items(sheet)
        for m in re.finditer("。", sheet.body[at])
        if m.end() > 40 and len(sheet.body[at]) - m.end() > 30 and not sheet.body[at][m.end()].isdigit()
    ]
    if not choices:
        return None
    at, cut = chance.choice(choices)
    line = sheet.body[at]
    label = label_of(line)[0]
    body = [*sheet.body[:at], line[:cut], label + line[cut:], *sheet.body[at + 1 :]]
    made = _counted(sheet, body, DIGITS)
    first, second = made.body[at], made.body[at + 1]
    return Edit(
        made,
        Expected(
            (
                (Told("edited", line, first, len(line) - cut, 0), Told("added", None, second)),
                (Told("added", None, first), Told("edited", line, second, cut - len(label), 0)),
            )
        ),
    )


def _merged(sheet: Sheet, chance: random.Random) -> Edit | None:
    families = [family for family in _families(sheet) if len(family) >= 2]
    if not families:
        return None
    at = chance.choice(chance.choice(families)[:-1])
    first, second = sheet.body[at], sheet.body[at + 1]
    added = read_lines([second])[0].text
    body = [*sheet.body[:at], first + added, *sheet.body[at + 2 :]]
    made = _counted(sheet, body, DIGITS)
    new, own = made.body[at], len(first) - len(label_of(first)[0])
    return Edit(
        made,
        Expected(
            (
                (Told("edited", first, new, 0, len(added)), Told("removed", second, None)),
                (Told("removed", first, None), Told("edited", second, new, 0, own)),
            )
        ),
    )


# ── sections ──


def _sections(sheet: Sheet) -> list[tuple[int, int]]:
    """(start, end) of each section 一、, where their count is in order."""
    if recount(sheet.body, SECTION, continuous=False) != sheet.body or not _items(sheet):
        return []
    starts = [at for at, line in enumerate(sheet.body) if label_of(line)[1] == SECTION]
    if any(label_of(line)[1] in (1, 2) for line in sheet.body):
        return []
    return list(zip(starts, [*starts[1:], len(sheet.body)], strict=True))


def _section_added(sheet: Sheet, chance: random.Random) -> Edit | None:
    places = _sections(sheet)
    if not 1 < len(places) < MOST_SECTIONS:
        return None
    at, _ = chance.choice(places[1:])
    come = ["一、" + chance.choice(HEADINGS), *("1." + words for words in chance.sample(ITEMS, 2))]
    made = _counted(sheet, [*sheet.body[:at], *come, *sheet.body[at:]], SECTION, DIGITS)
    return Edit(made, one(*(Told("added", None, made.body[at + k]) for k in range(3))))


def _section_removed(sheet: Sheet, chance: random.Random) -> Edit | None:
    places = _sections(sheet)
    if len(places) < 3:
        return None
    # the last one may be followed by closing paragraphs that are no part of it
    start, end = chance.choice(places[:-1])
    made = _counted(sheet, [*sheet.body[:start], *sheet.body[end:]], SECTION, DIGITS)
    return Edit(made, one(*(Told("removed", line, None) for line in sheet.body[start:end])))


def _section_moved(sheet: Sheet, _: random.Random) -> Edit | None:
    places = _sections(sheet)
    if len(places) < 4:
        return None
    (start, end), target = places[0], places[-2][1]
    body = [*sheet.body[:start], *sheet.body[end:target], *sheet.body[start:end], *sheet.body[target:]]
    made = _counted(sheet, body, SECTION, DIGITS)
    line = sheet.body[start]
    return Edit(made, one(Told("moved", line, _now(made, line))))


# ── plain paragraphs, tables, files, the cover ──

_PARAGRAPH = (
    "各县区要将落实情况纳入年度考核，重要事项及时报告，联系电话另行公布，方案印发后30日内报送实施细则。"
)


def _paragraph_added(sheet: Sheet, chance: random.Random) -> Edit | None:
    places = [at for at, line in enumerate(sheet.body) if not label_of(line)[0] and len(line) > LONG]
    if not places:
        return None
    at = chance.choice(places)
    body = (*sheet.body[: at + 1], _PARAGRAPH, *sheet.body[at + 1 :])
    return Edit(replace(sheet, body=body), one(Told("added", None, _PARAGRAPH)))


def _paragraph_removed(sheet: Sheet, chance: random.Random) -> Edit | None:
    found = lines(sheet, lambda line: not label_of(line)[0] and len(line) > LONG)
    if not found:
        return None
    line = chance.choice(found)
    body = tuple(other for other in sheet.body if other != line)
    return Edit(replace(sheet, body=body), one(Told("removed", line, None)))


def _cell_edited(sheet: Sheet, chance: random.Random) -> Edit | None:
    if not sheet.table:
        return None
    at = chance.randrange(1, len(sheet.table))
    row = list(sheet.table[at])
    column = chance.choice((1, 3))
    row[column] = re.sub(r"\d(?=\D*$)", lambda m: other_digit(m[0], chance), row[column])
    made = replace(sheet, table=(*sheet.table[:at], tuple(row), *sheet.table[at + 1 :]))
    return Edit(made, one(Told("edited", "\t".join(sheet.table[at]), "\t".join(row), 1, 1)))


def _row_added(sheet: Sheet, chance: random.Random) -> Edit | None:
    if not sheet.table:
        return None
    at = chance.randrange(1, len(sheet.table) + 1)
    row = ("戊", "配备心理教师56人", "学生发展科", "2026年8月")
    made = replace(sheet, table=(*sheet.table[:at], row, *sheet.table[at:]))
    return Edit(made, one(Told("added", None, "\t".join(row))))


def _row_removed(sheet: Sheet, chance: random.Random) -> Edit | None:
    if not sheet.table:
        return None
    at = chance.randrange(1, len(sheet.table))
    made = replace(sheet, table=(*sheet.table[:at], *sheet.table[at + 1 :]))
    return Edit(made, one(Told("removed", "\t".join(sheet.table[at]), None)))


_NEW_FILE = File("/files/P097313.pdf", "3.实施进度图.pdf")


def _file_line(file: File) -> str:
    return f"附件：{file.name}"


def _file_added(sheet: Sheet, _: random.Random) -> Edit | None:
    if not sheet.files:
        return None
    made = replace(sheet, files=(*sheet.files, _NEW_FILE))
    told = Told("added", None, _file_line(_NEW_FILE))
    return Edit(made, Expected(((told,),), attachments=(("added", _NEW_FILE.name),)))


def _file_removed(sheet: Sheet, chance: random.Random) -> Edit | None:
    if len(sheet.files) < 2:
        return None
    gone = chance.choice(sheet.files)
    made = replace(sheet, files=tuple(file for file in sheet.files if file != gone))
    told = Told("removed", _file_line(gone), None)
    return Edit(made, Expected(((told,),), attachments=(("removed", gone.name),)))


def _file_renamed(sheet: Sheet, chance: random.Random) -> Edit | None:
    if not sheet.files:
        return None
    old = chance.choice(sheet.files)
    new = File(old.href, old.name.replace("重点", "年度").replace("主要", "核心"))
    made = replace(sheet, files=tuple(new if file == old else file for file in sheet.files))
    told = Told("edited", _file_line(old), _file_line(new), 2, 2)
    return Edit(made, Expected(((told,),), attachments=(("edited", new.name),)))


def _file_swapped(sheet: Sheet, chance: random.Random) -> Edit | None:
    """Another file under the same name: no word on the page tells it."""
    if not sheet.files:
        return None
    old = chance.choice(sheet.files)
    new = File(old.href.replace("P0", "P1"), old.name)
    made = replace(sheet, files=tuple(new if file == old else file for file in sheet.files))
    return Edit(made, Expected(attachments=(("edited", old.name),)))


def _title_corrected(sheet: Sheet, _: random.Random) -> Edit | None:
    return Edit(replace(sheet, title=sheet.title + "（修订）"), Expected(title=True))


def _number_corrected(sheet: Sheet, _: random.Random) -> Edit | None:
    """In the metadata box alone: the text is the same to the letter, so that it makes no version."""
    if sheet.number in sheet.cover:
        return None
    return Edit(replace(sheet, number=sheet.number.replace("号", "1号")))


_OTHERS = (
    "全市语言文字工作以服务课堂为重点，统筹城乡推广普及，具体安排如下。",
    "一、夯实语言文字工作基础",
    "1.调整工作机构。县区语委成员单位重新核定，联络员名册4月中旬汇总，逾期未报的书面说明原因。",
    "2.培训测试队伍。选派省级普通话测试员18名参加轮训，机辅测试站点增加到7个，考生等候时间明显缩短。",
    "二、传承中华经典诵读",
    "3.举办诵读大会。分小学、中学、社会三个组别，初赛线上进行，决赛安排在国庆假期之前。",
    "4.编印乡土读本。征集民谣、楹联和碑刻拓片，邀请退休教师审校，首批印制两万册赠送村级书屋。",
)


def _whole_replaced(sheet: Sheet, _: random.Random) -> Edit | None:
    return Edit(replace(sheet, body=_OTHERS), Expected(whole=True))


def _several(sheet: Sheet, chance: random.Random) -> Edit | None:
    """Digits and words in three lines, and an item more: all of it is told."""
    told: list[Told] = []
    made = sheet
    for name in ("digit", "word", "sentence added"):
        done = WORDS[name](made, chance)
        if done is None or any(other.new == done.expected.ways[0][0].old for other in told):
            return None
        told += done.expected.ways[0]
        made = done.sheet
    done = _item_added(made, chance)
    if done is None:
        return None
    texts = {line.text: line.printed for line in read_lines(done.sheet.body)}
    told = [replace(t, new=texts[read_lines([t.new or ""])[0].text]) for t in told]
    return Edit(done.sheet, one(*told, *done.expected.ways[0]))


EDITS: Mapping[str, Editor] = {
    **WORDS,
    "heading edited": heading_edited,
    "item added": _item_added,
    "item removed": _item_removed,
    "item moved within a section": _moved_within,
    "item moved across sections": _moved_across,
    "items swapped": _swapped,
    "item split": _split,
    "items merged": _merged,
    "section added": _section_added,
    "section removed": _section_removed,
    "section renamed": section_renamed,
    "section moved": _section_moved,
    "paragraph added": _paragraph_added,
    "paragraph removed": _paragraph_removed,
    "table cell edited": _cell_edited,
    "row added": _row_added,
    "row removed": _row_removed,
    "attachment added": _file_added,
    "attachment removed": _file_removed,
    "attachment renamed": _file_renamed,
    "attachment swapped": _file_swapped,
    "title corrected": _title_corrected,
    "文号 corrected in the box": _number_corrected,
    "whole text replaced": _whole_replaced,
    "several at once": _several,
}
