"""The outline keeps every character, nests as the numbers say, and takes no date for an item."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extraction import outline
from store.flow import Node, walk

LABELS = [
    "一、",
    "二、",
    "十一、",
    "（一）",
    "(二)",
    "1.",
    "2．",
    "3、",
    "10. ",
    "（1）",
    "(2)",
    "1)",
    "①",
    "⑵",
    "㈢",
    "⒋",
    "第一章 ",
    "第二条 ",
    "第十节",
    "2014年",
    "0471-4816",
    "7.8万",
    "附件1：",
    "１．",
    "三．",
    "第1部分",
    "第 三 章 ",
    "（⼀）",
    "第十 ⼆条",
]
LINES = st.lists(st.tuples(st.sampled_from(["", *LABELS]), st.text(max_size=30)).map("".join), max_size=40)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def paths(text: str) -> list[str]:
    return [path for path, _ in walk(outline(text))]


@settings(max_examples=300, deadline=None)
@given(LINES)
def test_nothing_is_lost(lines: list[str]) -> None:
    text = "\n".join(lines)
    nodes = [node for _, node in walk(outline(text))]
    assert squeezed("".join((node.label or "") + node.text for node in nodes)) == squeezed(text)
    assert all(
        node.heading is None or squeezed(node.text).startswith(squeezed(node.heading)) for node in nodes
    )


@settings(max_examples=100, deadline=None)
@given(LINES)
def test_levels_are_depths(lines: list[str]) -> None:
    for path, node in walk(outline("\n".join(lines))):
        # a label may itself be written with a slash; none of ours is
        assert node.level == path.count("/") + 1 or "/" in "".join(lines)


def test_numbers_nest() -> None:
    text = "导语。\n一、甲\n（一）乙\n1.丙。做。\n2.丁。做。\n（二）戊\n1.己。做。\n（1）庚\n①辛\n二、壬\n3.癸。做。"
    assert paths(text) == [
        "¶1",
        "一、",
        "一、/（一）",
        "一、/（一）/1.",
        "一、/（一）/2.",
        "一、/（二）",
        "一、/（二）/1.",
        "一、/（二）/1./（1）",
        "一、/（二）/1./（1）/①",
        "二、",
        "二、/3.",
    ]


@pytest.mark.parametrize(
    ("spaced", "expected"),
    [
        ("第 一 章 总 则\n第 一条 甲\n第 二条　乙\n第二 章 附 则", ["第 一 章", "第 一 章/第 一条", "第 一 章/第 二条", "第二 章"]),
        ("一、甲\n（⼀）乙\n（⼆）丙\n⼆、丁", ["一、", "一、/（⼀）", "一、/（⼆）", "⼆、"]),
        ("第十⼀条 甲\n第十⼆条 乙", ["第十⼀条", "第十⼆条"]),
        ("十 一、甲\n十 二 、乙\n〔一〕丙\n［二］丁", ["十 一、", "十 二 、", "十 二 、/〔一〕", "十 二 、/［二］"]),
        ("1. 2026年甲\n2. 5所学校", ["1.", "2."]),
    ],
)  # fmt: skip
def test_labels_stand_as_printed_however_they_are_typed(spaced: str, expected: list[str]) -> None:
    assert paths(spaced) == expected


def test_chapters_and_articles() -> None:
    text = "第一章 总则\n第一条 为了甲。\n（一）乙；\n第二条 丙。\n第二章 附则\n第三条 丁。"
    assert paths(text) == [
        "第一章",
        "第一章/第一条",
        "第一章/第一条/（一）",
        "第一章/第二条",
        "第二章",
        "第二章/第三条",
    ]


def test_another_order_is_found_out() -> None:
    text = "1.甲\n（一）乙\n（二）丙\n2.丁\n（一）戊\n（二）己"
    assert paths(text) == ["1.", "1./（一）", "1./（二）", "2.", "2./（一）", "2./（二）"]


@pytest.mark.parametrize(
    "line",
    [
        "2014年，教育工作",
        "2022年5月18日",
        "7.8万人入学",
        "0471-4816262",
        "2014.3.5",
        "20*年全市工作",
        "3.5%的经费",
        "31.本校",
        "十分重要",
        "百、",
        "第二天",
    ],
)
def test_what_only_looks_numbered(line: str) -> None:
    assert paths(f"一、甲\n{line}\n二、乙") == ["一、", "一、/¶1", "二、"]


def test_before_the_first_section_there_are_no_items() -> None:
    assert paths("29.推进信息化。\n1.附表\n一、甲\n1.乙。做。") == ["¶1", "¶2", "一、", "一、/1."]
    assert paths("导语\n1.甲。做。\n2.乙。做。") == ["¶1", "1.", "2."]


def test_a_lost_or_misprinted_number_loses_no_item() -> None:
    assert paths("1.甲\n2.乙\n4.丙\n4.丁\n5.戊")[-3:] == ["4.", "4.", "5."]


def test_unnumbered_lines_lie_under_the_open_heading() -> None:
    text = "一、甲\n说明。\n1.丙。做这件事。\n补充说明。\n2.丁\n细则。\n云溪市教育局\n2024年3月5日"
    assert paths(text) == ["一、", "一、/¶1", "一、/1.", "一、/¶2", "一、/2.", "一、/2./¶1", "¶1", "¶2"]


def test_an_attachment_begins_anew() -> None:
    assert paths("一、甲\n附件1\n某表\n一、乙") == ["一、", "¶1", "¶2", "一、"]


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("1.加强宣传。办好专栏。", "加强宣传"),
        ("一、坚持科学统筹，深化改革", "坚持科学统筹，深化改革"),
        ("（一）项目类型。", "项目类型"),
        ("1.办公电话：0000", "办公电话：0000"),
        ("1." + "很长的句子" * 20, None),
        ("1.责任处室：" + "很长的句子" * 20 + "。另有。", "责任处室"),
    ],
)
def test_headings(line: str, heading: str | None) -> None:
    assert outline(line)[0].heading == heading


def test_deep_and_long_texts() -> None:
    nodes = outline("\n".join(f"{n % 900 + 1}.甲。乙。" for n in range(50_000)))
    assert isinstance(nodes[0], Node)
    assert len(nodes) == 50_000


def test_a_paragraph_between_an_item_and_its_points_stays_with_the_item() -> None:
    text = "一、甲\n1.乙。做这件事。\n具体如下。\n（1）丙\n（2）丁\n2.戊"
    assert paths(text) == ["一、", "一、/1.", "一、/1./¶1", "一、/1./（1）", "一、/1./（2）", "一、/2."]
