"""What differs beside the items: title, metadata, attachments, a cover."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from outlines import PLAN, plan, told

from store.diff import diff, fills
from store.flow import Attachment, AttachmentChange, FieldChange, Metadata, Page, Period
from store.normal import content_hash

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
