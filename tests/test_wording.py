"""What is said of sites reaches the reader in his language: every sentence is translated, and found again by its words."""

from __future__ import annotations

import datetime as dt
import re
from string import Formatter

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from crawler import manners
from notify import health
from notify.health import Operator
from notify.wording import worded
from store.conditions import Condition
from store.flow import Standing
from store.health import Look, Sign, judge
from store.said import said

NOW = dt.datetime(2026, 3, 2, 8, tzinfo=dt.UTC)
# Two English words in a row; file names, settings, commands and addresses are no prose.
COMMANDS = re.compile(r"`[^`]*`|(?:yaodian|timedatectl)(?: [\w.-]+)+")
ENGLISH = re.compile(r"(?<![\w`/.])[A-Za-z]{2,} [a-z]{2,}(?![\w`/.])")
WITH = {
    "says": "no answer in time",
    "because": "the site answers 503",
    "kind": "empty",
    "why": "it has no text",
}


def messages() -> list[str]:
    """What the code says, as `make messages` finds it."""
    with (ROOT / "babel-said.cfg").open(encoding="utf-8") as file:
        mapping, options = parse_mapping_cfg(file)
    found = extract_from_dir(
        ROOT, mapping, options, {"said": None}, directory_filter=lambda folder: ".venv" not in folder
    )
    return sorted({str(message) for _, _, message, _, _ in found})


def places(message: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(message) if name}


def filled(message: str) -> str:
    """With a value in each place, of the kind that it takes."""
    specs = {name: spec for _, name, spec, _ in Formatter().parse(message) if name}
    values = {
        name: 7 if spec in (",", "d") else 0.5 if spec else WITH.get(name, "7")
        for name, spec in specs.items()
    }
    return said(message, **values)


def test_every_sentence_has_its_chinese_with_the_same_places() -> None:
    with (ROOT / "templates/locale/zh/LC_MESSAGES/said.po").open("rb") as file:
        catalogue = {str(m.id): str(m.string) for m in read_po(file, locale="zh") if m.id and not m.fuzzy}
    found = messages()
    assert len(found) > 80
    assert set(found) == set(catalogue), "run: make messages, and translate what is empty"
    for message, translation in catalogue.items():
        assert translation, message
        assert places(translation) == places(message), message


@pytest.mark.parametrize("message", messages())
def test_a_sentence_that_was_said_is_found_again(message: str) -> None:
    chinese = worded(filled(message), "zh")
    assert re.search(r"[\u4e00-\u9fff]", chinese)
    assert not ENGLISH.search(COMMANDS.sub("", chinese)), chinese
    assert worded(filled(message), "en") == filled(message)


@given(st.text(max_size=200))
def test_what_nobody_said_stays_as_it_is(text: str) -> None:
    assert worded(f"¶{text}", "zh") == f"¶{text}"


def test_addresses_stay_before_what_is_said_of_them() -> None:
    assert worded("http://e.org/a: the answer is empty", "zh") == "http://e.org/a：返回的内容是空的"


def test_what_is_told_in_a_row_is_told_part_by_part() -> None:
    told = "the file is unreadable: 附件 1.doc: it asks for a password; 表.xls: the spreadsheet is damaged; 3 more files"
    assert worded(told, "zh") == "文件读不出来：附件 1.doc：需要密码；表.xls：电子表格损坏；另有 3 个文件"


def test_a_letter_to_the_operator_is_in_his_language() -> None:
    standing = Standing(12, NOW, False, "blocked", said("the site answers {status}", status=412))
    signs = (
        Sign("blocked", "http://e.org/1", manners.held(standing)),
        Sign("unreachable", "http://e.org/2", "no answer in time"),
        Sign("unreadable", "http://e.org/3", "no text found; give `document: content` in the source file"),
    )
    usual = {"listings_read": 1, "entries": 20, "dated": 20, "documents": 10}
    well = Look(NOW, usual)
    last = Look(NOW, usual | {"entries": 9, "dated": 2}, signs)
    judged = judge([well, well, well, last])
    assert judged is not None
    changed = [Condition("mengyuan", judged.state, NOW, judged.reasons)]
    chinese = health.letter(changed, Operator("o@example.org", "zh", "Asia/Shanghai"))
    english = health.letter(changed, Operator("o@example.org", "en", "Asia/Shanghai"))
    assert chinese.subject == "要点 来源状态：mengyuan 部分异常"
    assert english.subject == "Yaodian source: mengyuan degraded"
    for told in ("列表每页有 9 行，平时 20 行", "网站多次拒绝或出错", "网站返回 412", "自 2026-03-02 16:00"):
        assert told in chinese.text
    assert not ENGLISH.search(COMMANDS.sub("", chinese.text))
    assert "a page of the list has 9 lines, usually 20" in english.text
    assert not re.search(r"[\u4e00-\u9fff]", english.text)
