"""What counts as the same text, and what makes a version."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.flow import Attachment, Metadata, Node, Page
from store.normal import attachment_key, content_hash, normalise, normalise_with_map, number

SAME = [
    ("“十四五”时期，教育总支出增长８５％；", '"十四五"时期,教育总支出增长85%;'),
    ("四个意识", "四个\n　　意\u00a0识"),
    ("义务教育", "\ufeff义务\u200b教育\u00ad"),
    ("“双减”", "「双减」"),
    ("'四个意识“", "“四个意识”"),
    ("2021—2025年", "2021-2025年"),
    ("2021——2025年", "2021～2025年"),
    ("2021－2025年", "2021–2025年"),
    ("铸魂·育人", "铸魂•育人"),
    ("铸魂・育人", "铸魂･育人"),
    ("等等……", "等等..."),
    ("等等…", "等等．．．"),
    ("（一）推进", "(一)推进"),
    ("教政法〔2016〕6号", "教政法[2016]6号"),
    ("教政法﹝2016﹞6号", "教政法【2016】6号"),
    ("二〇二二年", "二○二二年"),
    ("1:5", "1∶5"),
    ("㎡", "m²"),
    ("Ⅲ类", "III类"),
    ("⼀年级", "一年级"),
    ("《〈民法典〉宣传》", "《<民法典>宣传》"),
    ("达到\ue5e5\ue5e585%", "达到85%"),
    ("葛\U000e0100", "葛"),
]

DIFFERENT = [
    ("增长5%", "增长8%"),
    ("10²", "102"),
    ("25①", "251"),
    ("½", "12"),
    ("一二", "一、二"),
    ("职教、高教", "职教，高教"),
    ("完成。", "完成"),
    ("-5%", "5%"),
    ("一", "—"),
    ("计划", "計劃"),
    ("A类", "a类"),
    ("3.5", "35"),
    ("*市", "市"),
    ("某某学校", "某学校"),
    ("1.5亿", "1..5亿"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_typing_is_no_difference(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_words_digits_and_marks_are(one: str, other: str) -> None:
    assert normalise(one) != normalise(other)


@given(st.text())
def test_idempotent(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x9FFF) | st.sampled_from("……——...··· \n“”")))
def test_the_map_tells_where_each_character_comes_from(text: str) -> None:
    normal, sources = normalise_with_map(text)
    assert normal == normalise(text)
    assert len(sources) == len(normal)
    assert sources == sorted(sources)
    for char, source in zip(normal, sources, strict=True):
        assert char in normalise(text[source]) or char in "-…"


LETTERS = st.characters(categories=["Lo", "Lu", "Ll", "Nd"], min_codepoint=0x20, max_codepoint=0x9FFF)


@given(st.text(LETTERS), st.text(LETTERS))
def test_no_letter_and_no_digit_is_lost(one: str, other: str) -> None:
    """What NFKC (UAX #15) tells apart stays apart; fillers are letters to Unicode and blanks to a reader."""
    plain = [re.sub("[\u115f\u1160\\s]", "", unicodedata.normalize("NFKC", text)) for text in (one, other)]
    assert (normalise(one) == normalise(other)) == (plain[0] == plain[1])


@pytest.mark.parametrize(
    ("label", "counts"),
    [
        ("一、", "一"),
        ("1.", "1"),
        ("1．", "1"),
        ("1、", "1"),
        ("⒈", "1"),
        ("１ ．", "1"),
        ("（一）", "(一)"),
        ("(一)", "(一)"),
        ("（一)、", "(一)"),
        ("㈠", "(一)"),
        ("（1）", "(1)"),
        ("①", "①"),
        ("第一，", "第一"),
        ("、", "、"),
        (None, None),
    ],
)
def test_a_label_is_what_it_counts(label: str | None, counts: str | None) -> None:
    assert number(label) == counts


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://jyt.example.gov.cn/a/b/W020250729615142156867.xls", "W020250729615142156867.xls"),
        ("http://other.example/W020250729615142156867.xls?v=2", "W020250729615142156867.xls"),
        ("https://a.example/%E9%99%84%E4%BB%B6.docx", "附件.docx"),
        ("https://a.example/download.jsp?owner=1&wbfileid=8A2F", "download.jsp?owner=1&wbfileid=8A2F"),
        ("https://a.example/files/4711", "4711?"),
    ],
)
def test_a_file_is_known_by_its_name_not_its_place(url: str, file: str) -> None:
    assert attachment_key(Attachment(url, "附件： 1")) == ("附件:1", file)


OUTLINE = (
    Node("一、", 1, "总体要求", "总体要求", (Node(None, 2, None, "坚持立德树人。推进公平。"),)),
    Node("二、", 1, "重点任务", "重点任务", (Node("1.", 2, "控辍保学", "控辍保学。巩固率达到95%。"),)),
)
PAGE = Page(
    url="https://a.example/1.html",
    title="某市2022年教育工作要点",
    text="",
    metadata=Metadata(published_at=dt.date(2022, 3, 1), source_label="市教育局"),
    outline=OUTLINE,
    attachments=(
        Attachment("https://a.example/1.docx", "附件1"),
        Attachment("https://a.example/2.docx", "附件2"),
    ),
)


def _with(**changed: object) -> str:
    return content_hash(dataclasses.replace(PAGE, **changed))


def test_what_makes_no_version() -> None:
    same = content_hash(PAGE)
    assert len(same) == 64
    assert _with(url="https://b.example/2.html", confidence=0.5) == same
    assert _with(metadata=Metadata(published_at=dt.date(2023, 1, 1), source_label="网站")) == same
    assert _with(title="某市 ２０２２年教育工作要点") == same
    assert _with(attachments=PAGE.attachments[::-1]) == same
    assert (
        _with(attachments=tuple(Attachment(a.url.replace("a.ex", "b.ex"), a.name) for a in PAGE.attachments))
        == same
    )
    first = dataclasses.replace(
        OUTLINE[0],
        label="一 、",
        children=(Node(None, 2, None, "坚持立德"), Node(None, 2, None, "树人。 推进公平。")),
    )
    assert _with(outline=(first, OUTLINE[1])) == same


def test_what_makes_one() -> None:
    item = OUTLINE[1].children[0]
    for outline in [
        (OUTLINE[0],),
        OUTLINE[::-1],
        (OUTLINE[0], dataclasses.replace(OUTLINE[1], label="三、")),
        (OUTLINE[0], dataclasses.replace(OUTLINE[1], children=(dataclasses.replace(item, label="（1）"),))),
        (
            OUTLINE[0],
            dataclasses.replace(
                OUTLINE[1], children=(dataclasses.replace(item, text=item.text.replace("95", "96")),)
            ),
        ),
    ]:
        assert _with(outline=outline) != content_hash(PAGE)
    assert _with(title="某市2023年教育工作要点") != content_hash(PAGE)
    assert _with(attachments=PAGE.attachments[:1]) != content_hash(PAGE)
    assert _with(
        attachments=(Attachment("https://a.example/3.docx", "附件1"), PAGE.attachments[1])
    ) != content_hash(PAGE)


def test_a_page_without_outline_is_its_text() -> None:
    assert _with(outline=(), text="甲。\n乙。") == _with(outline=(), text="甲。 乙。")
    assert _with(outline=(), text="甲。\n乙。") != _with(outline=(), text="甲。\n丙。")


def test_a_number_is_not_the_text_before_it() -> None:
    def hashed(*nodes: Node) -> str:
        return _with(outline=nodes)

    assert hashed(Node("1.", 1, None, "5亿元")) != hashed(Node(None, 1, None, "1.5亿元"))
    assert hashed(Node("1.", 1, None, "甲"), Node("2.", 1, None, "乙")) != hashed(
        Node("1.", 1, None, "甲2.乙")
    )
