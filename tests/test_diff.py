"""What a reader is told of a change: everything that was edited, by name and place, and nothing else."""

from __future__ import annotations

import re

import pytest
from outlines import PLAN, changes, edited, marked, told


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
