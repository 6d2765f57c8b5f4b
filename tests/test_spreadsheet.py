"""A cell of a CSV that a spreadsheet would run is text, however its first character is written."""

from __future__ import annotations

import csv
import io

import pytest

from store.spreadsheet import lines

FORMULAS = (
    "=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", "\u3000=1", "\xa0=1", "\ufeff=1", "\u200b=1",
    "＝1+1", "＋1", "－1", "＠SUM(1)", "﹦1", "﹢1", "﹣1", "﹫1", "\u22121", " ＝1", "\t＝1", "\u2060\u200e＝1",
    "\x00=1", "\x1b=1", "\u202e=1", "\tan ordinary word",
)  # fmt: skip
PLAIN = ("2026年教育工作要点", "一、=二", "a=b", "——", "“=”", "(=1)", "", "100", "　正文", "·")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_text(text: str) -> None:
    assert cell(text).startswith("'")


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert cell(text) == text


def cell(text: str) -> str:
    (_, (found,)) = csv.reader(io.StringIO("".join(lines([{"a": text}], {"a": "a"})), newline=""))
    return found
