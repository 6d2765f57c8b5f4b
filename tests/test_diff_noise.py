"""Typing, wrapping and templates make no difference, and hide none."""

from __future__ import annotations

import re

import pytest
from outlines import PLAN, changes, edited, marked, told

from store.normal import normalise

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
