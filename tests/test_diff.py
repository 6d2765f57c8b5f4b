"""What a reader is told of a change: everything that was edited, by name and place, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import re
import time
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.diff import diff, diff_outlines, fills
from store.flow import (
    Attachment,
    AttachmentChange,
    FieldChange,
    ItemChange,
    Metadata,
    Node,
    Page,
    Period,
    walk,
)
from store.normal import content_hash, normalise, wording
from store.patches import apply, apply_steps, delta, steps_between
from store.reading import read

LABELS = (r"[一二三四五六七八九十]+[、.．]", r"[（(][一二三四五六七八九十]+[）)]", r"\d{1,3}[.．、](?!\d)")

PLAN = """
　　2022年是“十四五”规划的关键之年。全市教育工作坚持稳中求进，办好人民满意的教育。
一、发展基础
　　教育总体水平稳步提高。学前三年毛入园率达到89.5%，九年义务教育巩固率达到95%。
　　教育公平迈上新台阶。全市提前两年通过县域义务教育基本均衡验收；资助困难学生4万人次。
二、重点任务
（一）建设高质量基础教育体系
1.推进学前教育普及普惠。新建公办幼儿园12所，公办园在园幼儿占比达到55%以上。
2.落实“双减”任务。全面压减作业总量，学科类培训机构压减率保持在90%以上。
3.提升县域普通高中办学水平。实施县中提升计划，建立城乡结对帮扶机制。
（二）增强职业教育适应性
4.优化专业布局。对接主导产业调整专业20个，撤销招生困难专业5个。
5.深化产教融合。培育产教融合型企业10家，建设市域联合体1个。
三、组织保障
（一）加强党的领导
6.健全领导体制。推行中小学校党组织领导的校长负责制。
（二）加大投入力度
7.落实财政责任。保证一般公共预算教育支出只增不减。
　　各县区要于3月底前将实施方案报市教育局备案。
"""


def plan(text: str) -> tuple[Node, ...]:
    """Lines to an outline: 一、 / （一） / 1. / unnumbered, which hang on the last heading."""
    root: list[Node] = []
    stack: list[tuple[int, list[Node]]] = [(0, root)]
    made: list[tuple[list[Node], int, str | None, int, str, list[Node]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        found = next(((k + 1, m) for k, p in enumerate(LABELS) if (m := re.match(p, line))), None)
        level, label, words = (found[0], found[1][0], line[found[1].end() :]) if found else (9, None, line)
        while stack[-1][0] >= min(level, 3):
            stack.pop()
        children: list[Node] = []
        made.append((stack[-1][1], len(stack[-1][1]), label, len(stack), words, children))
        stack[-1][1].append(Node(label, len(stack), None, words))
        if label:
            stack.append((level, children))
    for siblings, at, label, depth, words, children in reversed(made):
        heading = words.split("。")[0] if label else None
        siblings[at] = Node(label, depth, heading, words, tuple(children))
    return tuple(root)


def edited(*replacements: tuple[str, str], of: str = PLAN) -> str:
    for old, new in replacements:
        assert of.count(old) == 1, old
        of = of.replace(old, new)
    return of


def changes(after: str, before: str = PLAN) -> tuple[ItemChange, ...]:
    return diff_outlines(plan(before), plan(after))


def told(items: Iterable[ItemChange]) -> list[tuple[str, str | None, str | None]]:
    return [(item.op, item.old_path, item.new_path) for item in items]


def marked(item: ItemChange) -> tuple[list[str], list[str]]:
    old, new = item.old or "", item.new or ""
    return [old[s.start : s.end] for s in item.old_spans], [new[s.start : s.end] for s in item.new_spans]


# --- edits ---


def test_nothing_changed() -> None:
    assert changes(PLAN) == ()


def test_one_digit() -> None:
    (item,) = changes(edited(("95%", "96%")))
    assert told([item]) == [("edited", "一、/¶1", "一、/¶1")]
    assert item.old is not None
    assert item.old.startswith("教育总体水平稳步提高。")
    assert marked(item) == (["5"], ["6"])


@pytest.mark.parametrize(
    ("old", "new", "marks"),
    [
        ("90%以上", "95%以上", (["0"], ["5"])),
        ("90%以上", "80%以上", (["9"], ["8"])),
        ("90%以上", "100%以上", (["9"], ["10"])),
        ("12所", "2所", (["1"], [])),
        ("20个，撤销招生困难专业5个", "25个，撤销招生困难专业8个", (["0", "5"], ["5", "8"])),
        ("20个", "３０个", (["2"], ["３"])),
        ("20个", " 3 0 个", (["2"], ["3"])),
        ("全面压减作业总量", "全面控制作业总量", (["压减"], ["控制"])),
        ("建立城乡结对帮扶机制", "健全区域联合帮扶机制", (["建立城乡结对"], ["健全区域联合"])),
        ("学科类培训机构", "学科类校外培训机构", ([], ["校外"])),
        ("全面压减作业总量，", "", (["全面压减作业总量，"], [])),
        ("全面压减作业总量，", "全面压减作业总量，全面提高作业质量，", ([], ["全面提高作业质量，"])),
        ("撤销招生困难专业5个。", "撤销招生困难专业5个。新增专业2个。", ([], ["新增专业2个。"])),
        ("10家，建设", "10家……建设", (["，"], ["……"])),
    ],
)
def test_what_differs_is_marked_in_the_text_as_printed(
    old: str, new: str, marks: tuple[list[str], list[str]]
) -> None:
    (item,) = changes(edited((old, new)))
    assert item.op == "edited"
    assert marked(item) == marks


def test_inserted_item_leaves_the_others_alone() -> None:
    after = edited(
        ("4.优化", "5.优化"), ("5.深化", "6.深化"), ("6.健全", "7.健全"), ("7.落实财政", "8.落实财政"),
        ("（二）增强", "4.加强特殊教育。适龄残疾儿童入学率达到97%。\n（二）增强"),
    )  # fmt: skip
    found = changes(after)
    assert [entry for entry in told(found) if entry[0] != "renumbered"] == [("added", None, "二、/（一）/4.")]
    assert [entry for entry in told(found) if entry[0] == "renumbered"] == [
        ("renumbered", "二、/（二）/4.", "二、/（二）/5."),
        ("renumbered", "二、/（二）/5.", "二、/（二）/6."),
        ("renumbered", "三、/（一）/6.", "三、/（一）/7."),
        ("renumbered", "三、/（二）/7.", "三、/（二）/8."),
    ]
    assert found[0].heading == "加强特殊教育"
    assert (found[0].old, found[0].new) == (None, "加强特殊教育。适龄残疾儿童入学率达到97%。")


def test_removed_item_is_named_where_it_stood() -> None:
    after = edited(
        ("2.落实“双减”任务。全面压减作业总量，学科类培训机构压减率保持在90%以上。\n", ""),
        ("3.提升", "2.提升"), ("1.推进学前教育普及普惠。新建公办幼儿园12所", "1.推进学前教育普及普惠。新建公办幼儿园13所"),
    )  # fmt: skip
    assert told(changes(after)) == [
        ("edited", "二、/（一）/1.", "二、/（一）/1."),
        ("removed", "二、/（一）/2.", None),
        ("renumbered", "二、/（一）/3.", "二、/（一）/2."),
    ]


def test_replaced_item_is_not_an_edited_one() -> None:
    old = "5.深化产教融合。培育产教融合型企业10家，建设市域联合体1个。"
    after = edited((old, "5.办好终身学习。每个街道设社区学校，老年大学覆盖全部乡镇。"))
    assert told(changes(after)) == [("removed", "二、/（二）/5.", None), ("added", None, "二、/（二）/5.")]


def test_item_edited_and_renumbered_is_known_by_its_content() -> None:
    """The number alone would call 4 the successor of 4, and find both edited."""
    after = edited(
        ("4.优化专业布局。对接主导产业调整专业20个", "5.优化专业布局。对接主导产业调整专业30个"),
        ("5.深化产教融合。培育产教融合型企业10家", "6.深化产教融合。培育产教融合型企业15家"),
        (
            "（二）增强职业教育适应性",
            "（二）增强职业教育适应性\n4.改善办学条件。投入2亿元改善中职学校实训条件。",
        ),
    )
    assert told(changes(after)) == [
        ("added", None, "二、/（二）/4."),
        ("edited", "二、/（二）/4.", "二、/（二）/5."),
        ("edited", "二、/（二）/5.", "二、/（二）/6."),
    ]


def test_item_moved_to_another_section() -> None:
    line = "5.深化产教融合。培育产教融合型企业10家，建设市域联合体1个。\n"
    after = edited((line, ""), ("（二）加大投入力度\n", "（二）加大投入力度\n" + line))
    (item,) = changes(after)
    assert told([item]) == [("moved", "二、/（二）/5.", "三、/（二）/5.")]
    assert item.old == item.new == line[2:].strip()
    assert marked(item) == ([], [])


def test_item_moved_and_edited_is_edited_with_two_paths() -> None:
    line = "5.深化产教融合。培育产教融合型企业10家，建设市域联合体1个。\n"
    after = edited((line, ""), ("（二）加大投入力度\n", "（二）加大投入力度\n" + line.replace("10", "18")))
    (item,) = changes(after)
    assert told([item]) == [("edited", "二、/（二）/5.", "三、/（二）/5.")]
    assert marked(item) == (["0"], ["8"])


def test_only_the_moved_sibling_is_moved() -> None:
    before = "\n".join(f"{k}.{'甲乙丙丁戊己庚'[k - 1] * 20}。" for k in range(1, 8))
    words = [line[2:] for line in before.splitlines()]
    words.insert(1, words.pop(5))
    after = "\n".join(f"{k}.{text}" for k, text in enumerate(words, 1))
    assert told(changes(after, before)) == [
        ("moved", "6.", "2."),
        *(("renumbered", f"{k}.", f"{k + 1}.") for k in range(2, 6)),
    ]


def test_moved_section_does_not_move_its_children() -> None:
    head, first, rest = re.split(r"(?=\n[一二]、)", PLAN)
    second, third = re.split(r"(?=\n三、)", rest)
    after = head + first + third.replace("三、", "二、") + second.replace("二、", "三、")
    assert {(op, old) for op, old, _ in told(changes(after))} <= {
        ("moved", "二、"), ("moved", "三、"), ("renumbered", "二、"), ("renumbered", "三、"),
    }  # fmt: skip


def test_inserted_section_does_not_touch_the_children_of_those_that_follow() -> None:
    after = edited(
        ("三、组织保障", "三、改革创新\n　　完善教育评价制度，推进考试招生改革。\n四、组织保障"),
    )
    assert told(changes(after)) == [
        ("added", None, "三、"),
        ("added", None, "三、/¶1"),
        ("renumbered", "三、", "四、"),
    ]


def test_removed_section_goes_with_all_it_says() -> None:
    after = PLAN[: PLAN.index("三、组织保障")]
    assert told(changes(after)) == [
        ("removed", path, None)
        for path in (
            "三、",
            "三、/（一）",
            "三、/（一）/6.",
            "三、/（二）",
            "三、/（二）/7.",
            "三、/（二）/¶1",
        )
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("一、发展基础", "一、发展环境"),
        ("一、发展基础", "一、总体情况"),  # known by what stands under it
        ("（二）加大投入力度", "（二）强化经费投入"),
        ("（一）加强党的领导", "（一）加强党的全面领导"),
        ("二、重点任务", "二、主要举措"),
    ],
)
def test_edited_heading(old: str, new: str) -> None:
    (item,) = changes(edited((old, new)))
    assert item.op == "edited"
    assert item.heading == re.split("[、）]", new)[1]
    assert (item.old, item.new) == (re.split("[、）]", old)[1], item.heading)


def test_short_heading_without_children_is_edited_in_its_place() -> None:
    before, after = "一、总则\n二、发展基础\n三、附则", "一、总则\n二、发展环境\n三、附则"
    assert told(changes(after, before)) == [("edited", "二、", "二、")]


def test_relabelled_item_is_renumbered() -> None:
    assert told(changes(edited(("7.落实财政", "8.落实财政")))) == [
        ("renumbered", "三、/（二）/7.", "三、/（二）/8.")
    ]


def test_a_paragraph_that_gets_a_number_is_renumbered() -> None:
    after = edited(("　　各县区要于3月底前", "8.各县区要于3月底前"))
    assert told(changes(after)) == [("renumbered", "三、/（二）/¶1", "三、/（二）/8.")]


def test_identical_paragraphs_are_told_apart_by_their_neighbours() -> None:
    before = "一、甲事\n责任单位：市教育局\n乙事要办好\n责任单位：市教育局\n丙事要办好\n责任单位：市教育局"
    after = "一、甲事\n乙事要办好\n责任单位：市教育局\n丙事要办好\n责任单位：市教育局"
    assert told(changes(after, before)) == [("removed", "一、/¶1", None)]


def test_a_repeated_line_goes_with_its_item() -> None:
    """责任单位 under a removed item is gone with it, not moved to where the same words stand."""
    before = "".join(f"（{n}）{n * 30}\n责任单位：市教育局\n" for n in "一二三四")
    after = re.sub(r"（二）.*\n.*\n", "", before).replace("四四", "四国")
    assert [entry for entry in told(changes(after, before)) if entry[0] != "edited"] == [
        ("removed", "（二）", None),
        ("removed", "（二）/¶1", None),
    ]


def test_split_item() -> None:
    after = edited(
        ("，学科类培训机构", "。\n3.规范校外培训。学科类培训机构"), ("3.提升", "4.提升"),
    )  # fmt: skip
    assert told(changes(after)) == [
        ("edited", "二、/（一）/2.", "二、/（一）/2."),
        ("added", None, "二、/（一）/3."),
        ("renumbered", "二、/（一）/3.", "二、/（一）/4."),
    ]


def test_two_items_swapped_around_a_third() -> None:
    """Three would have moved as well if the first had stayed; the one with its old number has."""
    first, second, third = (line for line in PLAN.splitlines() if line[:2] in ("1.", "2.", "3."))
    after = edited((f"{first}\n{second}\n{third}", f"1.{third[2:]}\n{second}\n3.{first[2:]}"))
    assert told(changes(after)) == [
        ("moved", "二、/（一）/3.", "二、/（一）/1."),
        ("moved", "二、/（一）/1.", "二、/（一）/3."),
    ]


# --- paragraphs ---


def test_paragraph_added_removed_and_rewritten() -> None:
    new = "　　教育服务能力不断增强。职业院校毕业生就业率达到97%。"
    old = "　　教育公平迈上新台阶。全市提前两年通过县域义务教育基本均衡验收；资助困难学生4万人次。"
    assert told(changes(edited((old, old + "\n" + new)))) == [("added", None, "一、/¶3")]
    assert told(changes(edited((old + "\n", "")))) == [("removed", "一、/¶2", None)]
    assert told(changes(edited((old, new)))) == [("removed", "一、/¶2", None), ("added", None, "一、/¶2")]


def test_a_short_line_is_not_found_again_in_a_long_one() -> None:
    """特, 此, 通 and 知 all occur in any long paragraph."""
    before = "一、甲\n特此通知。"
    after = "一、甲\n要特别重视学校卫生，对此各地应当通力协作，相关知识纳入教师培训，年内全部完成，经费由各地保障。"
    assert told(changes(after, before)) == [("removed", "一、/¶1", None), ("added", None, "一、/¶1")]


def test_swapped_paragraphs() -> None:
    lines = PLAN.splitlines()
    lines[3], lines[4] = lines[4], lines[3]
    (item,) = changes("\n".join(lines))
    assert item.op == "moved"


def test_edited_sentence_of_a_merged_paragraph() -> None:
    """One edit, in the words of the paragraph that was edited; the merging is none."""
    after = edited(("95%。\n　　教育公平", "95%。教育公平"), ("4万人次", "5万人次"))
    (item,) = changes(after)
    assert told([item]) == [("edited", "一、/¶2", "一、/¶1")]
    assert marked(item) == (["4"], ["5"])


def test_edited_sentence_of_a_split_paragraph() -> None:
    after = edited(("稳步提高。学前", "稳步提高。\n学前"), ("95%。", "96%。"))
    (item,) = changes(after)
    assert told([item]) == [("edited", "一、/¶1", "一、/¶2")]
    assert marked(item) == (["5"], ["6"])


def test_a_sentence_added_to_what_is_wrapped_anew() -> None:
    """The piece of the item that shares its line with the new sentence is still the item's."""
    after = edited(
        ("作业总量，学科类培训机构", "作业总量。\n各校按月公示作业，接受家长监督。学科类培训\n机构")
    )
    gone, come = ("".join("".join(marked(item)[side]) for item in changes(after)) for side in (0, 1))
    assert (gone, come) == ("，", "。各校按月公示作业，接受家长监督。")


def test_closing_paragraph_after_a_new_last_item() -> None:
    """It is read after another item now, and is wrapped differently: still the same paragraph."""
    closing = "　　各县区要于3月底前将实施方案报市教育局备案。"
    after = edited(
        (closing, "8.规范经费管理。严格执行预算。\n　　各县区要于3月底前\n将实施方案报市教育局备案。")
    )
    assert told(changes(after)) == [("added", None, "三、/（二）/8.")]


def test_hard_line_breaks_and_one_digit() -> None:
    """Preview sites break every 28 characters, within words."""
    before = "一、发展基础\n" + "".join(re.sub(r"\s", "", line) for line in PLAN.splitlines()[3:5]) * 3
    wrapped = "一、发展基础\n" + re.sub(r"(.{28})", r"\1\n", before.splitlines()[1])
    assert changes(wrapped, before) == ()
    at = wrapped.rindex("89.5%")
    (item,) = changes(wrapped[:at] + "88.5%" + wrapped[at + 5 :], before)
    assert marked(item) == (["9"], ["8"])


# --- noise ---

NOISE = {
    "blanks": lambda text: re.sub(r"(?<=[\u4e00-\u9fff])(?=\d)", " \u200b", text).replace(
        "　　", "\u00a0 \u00a0 "
    ),
    "half width": lambda text: text.translate(str.maketrans("，；：（）", ",;:()")),
    "full width": lambda text: re.sub(r"[0-9%]", lambda m: chr(ord(m[0]) + 0xFEE0), text),
    "label width": lambda text: re.sub(r"(?m)^(\d)\.", r"\1．", text),
    "label mark": lambda text: re.sub(r"(?m)^(\d)\.", r"\1、", text),
    "quotes": lambda text: text.translate(str.maketrans("“”", "「」")),
    "straight quotes": lambda text: re.sub("[“”]", '"', text),
    "merged paragraphs": lambda text: text.replace("95%。\n", "95%。"),
    "split paragraph": lambda text: text.replace("均衡验收；", "均衡验收；\n"),
    "split item": lambda text: text.replace("作业总量，", "作业总量，\n　　"),
    "hung elsewhere": lambda text: text.replace("只增不减。\n", "只增不减。"),
    "blank lines": lambda text: text.replace("\n", "\r\n\r\n"),
}


@pytest.mark.parametrize("noise", NOISE)
def test_noise_is_no_change(noise: str) -> None:
    after = NOISE[noise](PLAN)
    assert after != PLAN
    assert changes(after) == ()
    assert changes(PLAN, after) == ()


@pytest.mark.parametrize("noise", NOISE)
def test_one_digit_is_found_in_noise(noise: str) -> None:
    (item,) = changes(NOISE[noise](edited(("1个。", "2个。"))))
    assert told([item])[0][0] == "edited"
    assert [[normalise(mark) for mark in side] for side in marked(item)] == [["1"], ["2"]]


def test_all_noise_at_once_and_three_edits() -> None:
    after = edited(
        ("89.5%", "89.6%"), ("调整专业20个", "调整专业26个"), ("教育支出只增不减", "教育支出逐年增长")
    )
    for noise in NOISE.values():
        after = noise(after)
    assert [(item.op, *marked(item)) for item in changes(after)] == [
        ("edited", ["5"], ["６"]),
        ("edited", ["0"], ["６"]),
        ("edited", ["只增不减"], ["逐年增长"]),
    ]


# --- title, metadata, attachments ---

PAGE = Page(
    url="https://a.example/1.html",
    title="某市2022年教育工作要点",
    text="",
    metadata=Metadata(
        document_number="某教发〔2022〕3号",
        issued_on=dt.date(2022, 2, 28),
        published_at=dt.datetime(2022, 3, 1, 9, 30),  # noqa: DTZ001 as printed, pages name no zone
        period=Period(2022, 2022),
    ),
    outline=plan(PLAN),
    attachments=(
        Attachment("https://a.example/x/W01.doc", "任务分工表"),
        Attachment("https://a.example/W02.xls", "下载"),
    ),
)


def test_fields() -> None:
    metadata = dataclasses.replace(
        PAGE.metadata,
        document_number="某教发[2022]4号",
        issued_on=None,
        period=Period(2021, 2025),
        source_label="市教育局",
    )
    assert diff(
        PAGE, dataclasses.replace(PAGE, title="某市2023年教育工作要点", metadata=metadata)
    ).metadata == (
        FieldChange("title", "某市2022年教育工作要点", "某市2023年教育工作要点"),
        FieldChange("document_number", "某教发〔2022〕3号", "某教发[2022]4号"),
        FieldChange("issued_on", "2022-02-28", None),
        FieldChange("source_label", None, "市教育局"),
        FieldChange("period", {"start": 2022, "end": 2022}, {"start": 2021, "end": 2025}),
    )


def test_fields_that_read_the_same() -> None:
    metadata = dataclasses.replace(
        PAGE.metadata, document_number="某教发［2022］3 号", published_at=dt.date(2022, 3, 1), source_label=""
    )
    assert not diff(PAGE, dataclasses.replace(PAGE, title="某市 2022 年教育工作要点", metadata=metadata))


@pytest.mark.parametrize(
    ("attachments", "expected"),
    [
        ([("http://b.example/W01.doc", "任务分工表"), ("http://b.example/W02.xls", "下载")], []),
        ([("https://a.example/W02.xls", "下载"), ("https://a.example/W01.doc", "任务 分工表")], []),
        ([("https://a.example/W09.doc", "任务分工表"), ("https://a.example/W02.xls", "下载")], [("edited", "任务分工表")]),
        ([("https://a.example/W01.doc", "分工表"), ("https://a.example/W02.xls", "下载")], [("edited", "分工表")]),
        ([("https://a.example/W02.xls", "下载")], [("removed", "任务分工表")]),
        (
            [("https://a.example/W01.doc", "任务分工表"), ("https://a.example/W07.xls", "下载"), ("https://a.example/W08.xls", "下载")],
            [("edited", "下载"), ("added", "下载")],
        ),
        ([], [("removed", "任务分工表"), ("removed", "下载")]),
    ],
)  # fmt: skip
def test_attachments(attachments: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    after = dataclasses.replace(PAGE, attachments=tuple(Attachment(url, name) for url, name in attachments))
    found = diff(PAGE, after)
    assert found.attachments == tuple(AttachmentChange(op, name) for op, name in expected)  # type: ignore[arg-type]
    assert bool(found) == (content_hash(after) != content_hash(PAGE))


def held(url: str, name: str, digest: str, text: str | None = None) -> Attachment:
    return Attachment(url, name, None, "read" if text else "scanned", digest, text)


TABLE = ("https://a.example/x/W01.doc", "任务分工表")
MOVED = ("https://b.example/y/W77.doc", "任务分工表")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (held(*TABLE, "1", "甲科 3月"), held(*TABLE, "1", "甲科 3月"), []),
        (held(*TABLE, "1", "甲科 3月"), held(*TABLE, "2", "甲科\n３月"), []),
        (held(*TABLE, "1", "甲科 3月"), held(*TABLE, "2", "甲科 4月"), ["edited"]),
        (held(*TABLE, "1"), held(*TABLE, "2"), ["edited"]),
        (held(*TABLE, "1", "甲科 3月"), held(*TABLE, "2"), ["edited"]),
        (held(*TABLE, "1", "甲科 3月"), held(*MOVED, "1", "甲科 3月"), []),
        (held(*TABLE, "1", "甲科 3月"), held(*MOVED, "2", "甲科 4月"), ["edited"]),
    ],
)
def test_an_attachment_is_what_it_says(before: Attachment, after: Attachment, expected: list[str]) -> None:
    old, new = (dataclasses.replace(PAGE, attachments=(attachment,)) for attachment in (before, after))
    assert [change.op for change in diff(old, new).attachments] == expected
    assert (content_hash(old) != content_hash(new)) == bool(expected)
    assert not fills(old, new)


def test_learning_what_a_file_says_is_no_change() -> None:
    old = dataclasses.replace(PAGE, text="现印发给你们。", outline=(), attachments=(Attachment(*TABLE),))
    learned = (held(*TABLE, "1", "一、总体要求"),)
    assert fills(old, dataclasses.replace(old, attachments=learned))
    file = dataclasses.replace(
        old, text="一、总体要求", cover=old.text, text_from=TABLE[0], attachments=learned
    )
    assert fills(old, file)
    assert not fills(old, dataclasses.replace(file, cover="现下发给你们。"))
    assert not fills(old, dataclasses.replace(file, attachments=(*learned, Attachment(*MOVED))))
    assert not fills(file, dataclasses.replace(file, text="一、指导思想"))


def test_a_cover_is_compared_beside_the_text() -> None:
    page = dataclasses.replace(PAGE, cover="现印发给你们。", text_from=TABLE[0])
    other = dataclasses.replace(page, cover="现下发给你们。")
    assert diff(page, other).metadata == (FieldChange("cover", "现印发给你们。", "现下发给你们。"),)
    assert content_hash(page) != content_hash(other)


def test_pages_without_outline_are_compared_by_their_lines() -> None:
    before = dataclasses.replace(PAGE, outline=(), text="甲乙丙丁。\n戊己庚辛1。")
    assert not diff(before, dataclasses.replace(before, text="甲乙丙丁。戊己庚辛1。"))
    (item,) = diff(before, dataclasses.replace(before, text="甲乙丙丁。\n戊己庚辛2。")).items
    assert told([item]) == [("edited", "¶2", "¶2")]


# --- for all outlines ---

WORDS = (
    "教育工作要点加强推进学校改革完善师资课程体美劳德智家长乡村县城质量评价督导安全卫生经费投入机制条件布局"
)


def sentence(chance: random.Random, size: int) -> str:
    return "".join(chance.choice(WORDS) for _ in range(size)) + f"{chance.randrange(10, 100)}%。"


def random_plan(chance: random.Random) -> tuple[Node, ...]:
    """Sections with paragraphs and items, numbered through the document."""
    sections = []
    count = 0
    for section in range(chance.randrange(1, 5)):
        paragraphs = [sentence(chance, 30) + sentence(chance, 20) for _ in range(chance.randrange(3))]
        children = [Node(None, 2, None, words) for words in paragraphs]
        for _ in range(chance.randrange(1, 6)):
            count += 1
            words = sentence(chance, 8) + sentence(chance, 40) + sentence(chance, chance.randrange(60))
            children.append(Node(f"{count}.", 2, words.split("。")[0], words))
        heading = "".join(chance.choice(WORDS) for _ in range(8))
        sections.append(Node(f"{'一二三四五'[section]}、", 1, heading, heading, tuple(children)))
    return tuple(sections)


def retyped(text: str, chance: random.Random) -> str:
    wide = {ord(c): chr(ord(c) + 0xFEE0) for c in "0123456789%" if chance.random() < 0.5}
    return "".join(c + chance.choice(["", "", "", " ", "\u3000", "\u200b"]) for c in text.translate(wide))


def rewrapped(outline: tuple[Node, ...], chance: random.Random) -> tuple[Node, ...]:
    """Other widths, blanks and ends of paragraphs, the same words."""
    nodes: list[Node] = []
    for node in outline:
        text = retyped(node.text, chance)
        label = node.label and chance.choice([node.label, node.label.replace(".", "．"), f" {node.label}"])
        rest: tuple[Node, ...] = ()
        if chance.random() < 0.3 and len(text) > 20:
            at = chance.randrange(5, len(text) - 5)
            text, rest = text[:at], (Node(None, node.level, None, text[at:]),)
        last = nodes[-1] if nodes else None
        if label is None and last and not last.children and chance.random() < 0.3:
            nodes[-1] = dataclasses.replace(last, text=last.text + text)
        else:
            nodes.append(dataclasses.replace(node, label=label, text=text))
        if node.children:
            nodes[-1] = dataclasses.replace(nodes[-1], children=(*rest, *rewrapped(node.children, chance)))
        else:
            nodes += rest
    return tuple(nodes)


def rebuilt(outline: tuple[Node, ...], old: Node, *new: Node) -> tuple[Node, ...]:
    nodes: list[Node] = []
    for node in outline:
        nodes.extend(
            new if node == old else [dataclasses.replace(node, children=rebuilt(node.children, old, *new))]
        )
    return tuple(nodes)


chances = st.integers(0, 2**32).map(random.Random)


@given(chances)
@settings(deadline=None)
def test_any_noise_is_no_change(chance: random.Random) -> None:
    outline = random_plan(chance)
    assert diff_outlines(outline, outline) == ()
    assert diff_outlines(outline, rewrapped(outline, chance)) == ()
    assert diff_outlines(rewrapped(outline, chance), rewrapped(outline, chance)) == ()


@given(chances)
@settings(deadline=None)
def test_any_digit_is_found_in_any_noise(chance: random.Random) -> None:
    outline = random_plan(chance)
    path, node = chance.choice([(path, node) for path, node in walk(outline) if not node.children])
    at = chance.choice([m.start() for m in re.finditer(r"\d", node.text)])
    digit = chance.choice([d for d in "0123456789" if d != node.text[at]])
    after = rebuilt(
        outline, node, dataclasses.replace(node, text=node.text[:at] + digit + node.text[at + 1 :])
    )
    (item,) = diff_outlines(outline, after)
    assert told([item]) == [("edited", path, path)]
    assert len(item.old_spans) <= 1 >= len(item.new_spans)
    assert all(span.end - span.start == 1 for span in (*item.old_spans, *item.new_spans))
    (item,) = diff_outlines(outline, rewrapped(after, chance))
    assert (item.op, item.old_path) == ("edited", path)
    assert all(span.end - span.start == 1 for span in (*item.old_spans, *item.new_spans))


@given(chances)
@settings(deadline=None)
def test_any_removed_added_or_moved_item_is_named_alone(chance: random.Random) -> None:
    outline = random_plan(chance)
    items = [(path, node) for path, node in walk(outline) if node.label and not node.children]
    path, node = chance.choice(items)
    without = rebuilt(outline, node)
    assert told(diff_outlines(outline, without)) == [("removed", path, None)]
    assert told(diff_outlines(without, outline)) == [("added", None, path)]
    assert told(diff_outlines(outline, rewrapped(without, chance))) == [("removed", path, None)]
    _, neighbour = chance.choice(items)
    if neighbour != node:
        order = [node, neighbour] if chance.random() < 0.5 else [neighbour, node]
        found = told(diff_outlines(outline, rebuilt(without, neighbour, *order)))
        assert [op for op, *_ in found] in ([], ["moved"])


@given(chances)
@settings(deadline=None)
def test_renumbering_alone_is_renumbering(chance: random.Random) -> None:
    outline = random_plan(chance)
    sections = tuple(
        dataclasses.replace(section, children=tuple(
            dataclasses.replace(node, label=node.label and f"{int(node.label[:-1]) + 1}.") for node in section.children
        ))
        for section in outline
    )  # fmt: skip
    found = diff_outlines(outline, sections)
    assert {item.op for item in found} == {"renumbered"}
    assert len(found) == sum(node.label is not None for section in outline for node in section.children)


texts = st.text("甲乙丙。；12 　…", max_size=12)
labels = st.sampled_from([None, "1.", "2．", "（一）"])
nodes = st.recursive(
    st.builds(Node, labels, st.just(1), st.none(), texts),
    lambda inner: st.builds(
        Node, labels, st.just(1), st.none(), texts, st.lists(inner, max_size=4).map(tuple)
    ),
    max_leaves=12,
)
outlines = st.lists(nodes, max_size=5).map(tuple)


def said(outline: tuple[Node, ...]) -> str:
    return wording((line.number, line.text) for line in read(outline).lines)


@given(outlines, outlines)
@settings(max_examples=300, deadline=None)
def test_the_patch_makes_the_new_version_of_the_old_one(old: tuple[Node, ...], new: tuple[Node, ...]) -> None:
    assert apply_steps(steps_between(old, new), old) == new


pages = st.builds(
    Page,
    st.just("https://www.example.gov.cn/1.html"),
    st.none() | texts,
    st.text("甲乙丙。；12 　…\n", max_size=20),
    st.builds(Metadata, publisher=st.none() | texts, period=st.none() | st.just(Period(2026, 2030))),
    outlines,
    st.lists(st.builds(Attachment, texts, texts), max_size=3).map(tuple),
)


@given(pages, pages)
@settings(deadline=None)
def test_a_patch_makes_a_page_of_the_one_before_it(old: Page, new: Page) -> None:
    assert apply(delta(old, new), old) == new


def test_a_patch_says_only_what_is_new() -> None:
    after = plan(edited(("95%", "96%"), ("重点任务", "主要任务")))
    told = [
        piece for step in steps_between(plan(PLAN), after) for piece in step.pieces if isinstance(piece, str)
    ]
    assert told == ["6", "主要"]


@given(outlines, outlines)
@settings(max_examples=300, deadline=None)
def test_a_change_is_told_when_and_only_when_the_wording_differs(
    old: tuple[Node, ...], new: tuple[Node, ...]
) -> None:
    found = diff_outlines(old, new)
    assert bool(found) == (said(old) != said(new))
    for item in found:
        for text, spans in ((item.old, item.old_spans), (item.new, item.new_spans)):
            bounds = [bound for span in spans for bound in (span.start, span.end)]
            assert bounds == sorted(set(bounds))
            assert not bounds or (text is not None and bounds[-1] <= len(text))
            assert all(text and normalise(text[s.start]) and normalise(text[s.end - 1]) for s in spans)


# --- time ---


def _steps(size: int, chance: random.Random) -> tuple[Node, ...]:
    return tuple(Node(f"{k}.", 1, None, sentence(chance, 100)) for k in range(1, size + 1))


def test_a_long_plan_takes_milliseconds() -> None:
    """14 000 characters; the goal is 10 ms on a quiet machine, the bound leaves room for a busy one."""
    before = _steps(135, random.Random(1))
    nodes = [dataclasses.replace(node, text=node.text.replace("1", "2")) for node in before]
    after = (*nodes[:40], *nodes[60:70], *nodes[40:60], *nodes[70:])
    diff_outlines(before, after)
    start = time.process_time()
    diff_outlines(before, after)
    assert time.process_time() - start < 0.1


def test_an_outline_that_no_plan_has_is_still_compared() -> None:
    chance = random.Random(2)
    start = time.process_time()
    assert len(diff_outlines(_steps(5000, chance), _steps(5000, chance))) == 10_000
    huge = "".join(sentence(chance, 9) for _ in range(20_000))
    edit = huge[:100_000] + "改" + huge[100_001:]
    (item,) = diff_outlines((Node(None, 1, None, huge),), (Node(None, 1, None, edit),))
    assert marked(item)[1] == ["改"]
    other = "".join(sentence(chance, 9) for _ in range(20_000))
    diff_outlines((Node(None, 1, None, huge),), (Node("1.", 1, None, other),))
    assert time.process_time() - start < 20
