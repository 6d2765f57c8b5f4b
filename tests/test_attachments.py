"""Files of every format are read alike; broken, locked and hostile ones are told as such, in bounded time."""

from __future__ import annotations

import io
import os
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest
import samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crawler import apart, attachments
from store.flow import Reading

LINES = {
    "pdf": list(samples.PLAN),
    "docx": [samples.PLAN[0], *samples.ROWS, *samples.PLAN[1:]],
    "doc": ["Yunxi 2026", *samples.PLAN],
    "ofd": list(samples.PLAN),
    "xlsx": ["分工", *samples.ROWS],
    "xls": ["分工", *samples.ROWS],
    "zip": ["要点.docx", *samples.PLAN, "分工.xlsx", "分工", *samples.ROWS],
}


@pytest.mark.parametrize("kind", sorted(LINES))
def test_each_format_is_read_paragraph_by_paragraph(kind: str) -> None:
    assert attachments.read(samples.every()[kind]) == Reading("read", "\n".join(LINES[kind]))


@pytest.mark.parametrize("kind", sorted(LINES))
def test_a_process_apart_reads_the_same(kind: str) -> None:
    body = samples.every()[kind]
    assert apart.read(body) == attachments.read(body)


def test_numbers_that_word_counts_are_written_out() -> None:
    assert attachments.read(samples.numbered_word()).text.split("\n") == [
        "一、总体要求",
        "二、重点任务",
        "（一）扩大资源",
        "1.新增学位",
        "2.改建园舍",
        "（二）建强队伍",
        "1.师德建设",
        "培训36场",
        "文本框中的话",
    ]


def test_a_names_in_an_archive_are_read_as_chinese_systems_write_them() -> None:
    body = samples.zipped({"xxxx.docx": samples.word(["甲" * 30])}).replace(b"xxxx", "要点".encode("gbk"))
    assert attachments.read(body).text.split("\n")[0] == "要点.docx"


def test_running_headers_and_page_numbers_are_no_text() -> None:
    read = attachments.read(samples.pdf(header="云溪教育"))
    assert read.text.split("\n") == ["云溪教育", *samples.PLAN]


def cut(body: bytes, share: float = 0.6) -> bytes:
    return body[: int(len(body) * share)]


TOLD = {
    "scanned pdf": (samples.scanned_pdf(), "scanned"),
    "pdf behind a password": (samples.pdf(password="secret"), "encrypted"),
    "docx behind a password": (samples.ole({"EncryptedPackage": b"x", "EncryptionInfo": b"y"}), "encrypted"),
    "doc behind a password": (samples.old_word(flags=0x0300), "encrypted"),
    "doc of Word 95": (samples.old_word(version=0x0068), "unreadable"),
    "ofd of pictures": (samples.ofd([""]), "scanned"),
    "empty": (b"", "unreadable"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), "unreadable"),
    "cut docx": (cut(samples.word()), "unreadable"),
    "cut doc": (cut(samples.old_word(), 0.3), "unreadable"),
    "cut pdf": (samples.pdf()[:200], "unreadable"),
    "cut xlsx": (cut(samples.sheet()), "unreadable"),
    "too many bytes": (b"%PDF-" + bytes(attachments.MOST_BYTES), "too large"),
    "doc whose directory leads in circles": (
        samples.old_word().replace(struct.pack("<II", 0xFFFFFFFF, 2), struct.pack("<II", 0xFFFFFFFF, 1)),
        "unreadable",
    ),
    "empty archive": (samples.zipped({"a/": b""}), "unreadable"),
}


@pytest.mark.parametrize("name", sorted(TOLD))
def test_what_has_no_text_says_why(name: str) -> None:
    body, state = TOLD[name]
    reading = attachments.read(body)
    assert (reading.state, reading.text) == (state, "")
    assert reading.detail


def test_an_archive_names_what_it_could_not_read() -> None:
    inner = samples.zipped({"x.docx": samples.word()})
    body = samples.zipped(
        {"a.docx": samples.word(["正文" * 20]), "b.zip": inner, "c.pdf": samples.scanned_pdf()}
    )
    reading = attachments.read(body)
    assert reading.text == "a.docx\n" + "正文" * 20
    assert reading.detail == "b.zip: an archive within the archive; c.pdf: its pages have no text layer"


def bomb(name: str, size: int, member: bytes = b" ") -> bytes:
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(name, "w") as file,
    ):
        for _ in range(size >> 20):
            file.write(member * ((1 << 20) // len(member)))
    return packed.getvalue()


def laughing_word() -> bytes:
    entities = '<!ENTITY a0 "哈哈哈哈哈哈哈哈哈哈">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    body = f"<w:document {space}><w:body><w:p><w:r><w:t>&a11;</w:t></w:r></w:p></w:body></w:document>"
    return samples.zipped({"word/document.xml": f"<!DOCTYPE w:document [{entities}]>{body}"})


def wide_sheet() -> bytes:
    """One cell in the last corner: read as a rectangle it would be 17 thousand million cells."""
    with zipfile.ZipFile(io.BytesIO(samples.sheet([["甲"]]))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    row = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    members[name] = members[name].replace(b"</sheetData>", row)
    return samples.zipped(members)


def looping_pdf() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 1000000>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF\n"
    )


HOSTILE = {
    "archive of a gigabyte": lambda: bomb("a.txt", 1 << 30),
    "word file of a gigabyte": lambda: bomb("word/document.xml", 1 << 30),
    "many members": lambda: samples.zipped({f"{n}.txt": b"" for n in range(6000)}),
    "deep xml": lambda: bomb("word/document.xml", 20 << 20, b"<a>"),
    "entities": laughing_word,
    "a corner cell": wide_sheet,
    "pages in a circle": looping_pdf,
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_a_hostile_file_costs_a_bounded_time(name: str) -> None:
    body = HOSTILE[name]()
    began = time.monotonic()
    reading = apart.read(body)
    assert not reading.text
    assert reading.detail
    assert time.monotonic() - began < apart.CPU_S + 10


def test_a_reader_that_does_not_end_is_ended() -> None:
    assert apart.read(samples.word(), wall_s=0.001) == Reading(
        "unreadable", detail="reading it took more than 0.001 seconds"
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(sorted(LINES)),
    at=st.floats(0, 1),
    noise=st.binary(max_size=24),
    tail=st.booleans(),
)
def test_a_damaged_file_is_told_never_raised(kind: str, at: float, noise: bytes, tail: bool) -> None:
    whole = samples.every()[kind]
    place = int(len(whole) * at)
    damaged = whole[:place] + noise + (whole[place + len(noise) :] if tail else b"")
    assert attachments.read(damaged).state in ("read", "unreadable", "encrypted", "scanned", "too large")


@given(st.sampled_from([b"%PDF-1.7\n", attachments.OLE, attachments.ZIP, b""]), st.binary(max_size=2000))
def test_random_bytes_are_told_never_raised(head: bytes, rest: bytes) -> None:
    assert attachments.read(head + rest).state in ("unreadable", "scanned")


def test_antiword_reads_what_we_cannot_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "antiword"
    script.write_text("#!/bin/sh\ncat >/dev/null\necho '  一、老文件  '\n", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert apart.read(samples.old_word(version=0x0068)) == Reading("read", "一、老文件")
