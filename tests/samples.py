"""Files as offices publish them, made here: each maker takes paragraphs and gives a file's bytes."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence
from functools import cache

import docx
import openpyxl
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

TITLE = "云溪市教育局2026年工作要点"
SENTENCE = "各学校要把这项工作列入重要日程，明确一名负责同志具体抓，按季度报送进展情况，年底前完成自查。"
PLAN = (
    TITLE,
    "一、总体要求",
    f"坚持稳中求进，办好家门口的学校。{SENTENCE}{SENTENCE}",
    "二、重点任务",
    f"（一）扩大普惠资源。新增公办园学位1200个。{SENTENCE}{SENTENCE}",
    f"（二）建强教师队伍。组织教师培训36场。{SENTENCE}{SENTENCE}",
    "三、保障措施",
    f"1.加强统筹。{SENTENCE}{SENTENCE}",
)
TABLE = (("序号", "任务", "科室"), ("1", "扩大学位", "基教科"), ("2", "教师培训", "人事科"))
ROWS = tuple("\t".join(row) for row in TABLE)


def word(paragraphs: Sequence[str] = PLAN, table: Sequence[Sequence[str]] = ()) -> bytes:
    """A .docx with a table between the title and the rest."""
    document = docx.Document()
    for number, text in enumerate(paragraphs):
        document.add_paragraph(text)
        if number == 0 and table:
            made = document.add_table(len(table), len(table[0]))
            for row, cells in zip(made.rows, table, strict=True):
                for cell, said in zip(row.cells, cells, strict=True):
                    cell.text = said
    packed = io.BytesIO()
    document.save(packed)
    return packed.getvalue()


def numbered_word() -> bytes:
    """A .docx whose items Word numbers by itself, with a deletion, an insertion and a text box."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

    def item(text: str, level: int) -> str:
        number = f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="7"/></w:numPr></w:pPr>'
        return f"<w:p>{number}<w:r><w:t>{text}</w:t></w:r></w:p>"

    levels = "".join(
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for at, (form, text) in enumerate(
            [("chineseCounting", "%1、"), ("chineseCounting", "（%2）"), ("decimal", "%3.")]
        )
    )
    numbering = (
        f'<w:numbering {space}><w:abstractNum w:abstractNumId="3">{levels}</w:abstractNum>'
        '<w:num w:numId="7"><w:abstractNumId w:val="3"/></w:num></w:numbering>'
    )
    body = (
        item("总体要求", 0)
        + item("重点任务", 0)
        + item("扩大资源", 1)
        + item("新增学位", 2)
        + item("改建园舍", 2)
        + item("建强队伍", 1)
        + item("师德建设", 2)
        + "<w:p><w:r><w:t>培训</w:t></w:r><w:del><w:r><w:delText>30</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>36</w:t></w:r></w:ins><w:r><w:t>场</w:t></w:r></w:p>"
        "<w:p><w:r><w:txbxContent><w:p><w:r><w:t>文本框中的话</w:t></w:r></w:p></w:txbxContent></w:r></w:p>"
    )
    document = f"<w:document {space}><w:body>{body}</w:body></w:document>"
    return zipped({"word/document.xml": document.encode(), "word/numbering.xml": numbering.encode()})


def pdf(paragraphs: Sequence[str] = PLAN, *, password: str | None = None, header: str = "") -> bytes:
    """A PDF whose lines are broken as a printer breaks them, with page numbers; the first paragraph is centred."""
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(595, 842), encrypt=password, invariant=True)
    lines = [(250.0 - 8 * len(paragraphs[0]) / 2, paragraphs[0])]
    for text in paragraphs[1:]:
        indented = "\u3000\u3000" + text
        lines += [(80.0, indented[at : at + 27]) for at in range(0, len(indented), 27)]
    for page, start in enumerate(range(0, len(lines), 6), start=1):
        canvas.setFont("STSong-Light", 16)
        if header:
            canvas.drawString(400, 810, header)
        for row, (left, line) in enumerate(lines[start : start + 6]):
            blank = len(line) - len(line.lstrip("\u3000"))
            canvas.drawString(left + 16 * blank, 770 - 28 * row, line.lstrip("\u3000"))
        canvas.drawString(280, 40, f"— {page} —")
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def scanned_pdf(pages: int = 3) -> bytes:
    """Pages of nothing but drawing."""
    made = io.BytesIO()
    canvas = Canvas(made, invariant=True)
    for page in range(pages):
        canvas.rect(100 + page, 100, 300, 500, fill=1)
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def ofd(paragraphs: Sequence[str] = PLAN) -> bytes:
    """An OFD of one page; its text objects are stored from the bottom up, as some writers do."""
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    lines: list[tuple[float, str]] = []
    for text in paragraphs:
        whole = text if text == paragraphs[0] else "\u3000\u3000" + text
        lines += [
            (20 + 5 * (len(part) - len(part.lstrip("\u3000"))), part.lstrip("\u3000"))
            for part in _cut(whole, 30)
        ]
    objects = "".join(
        f'<ofd:TextObject Boundary="{left} {20 + 9 * row} {5 * len(text)} 5"><ofd:TextCode X="0" Y="4">{text}</ofd:TextCode>'
        "</ofd:TextObject>"
        for row, (left, text) in reversed(list(enumerate(lines)))
    )
    return zipped(
        {
            "OFD.xml": f"<ofd:OFD {space}><ofd:DocBody><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
            "Doc_0/Document.xml": f'<ofd:Document {space}><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/>'
            "</ofd:Pages></ofd:Document>",
            "Doc_0/Pages/Page_0/Content.xml": f"<ofd:Page {space}><ofd:Content><ofd:Layer>{objects}</ofd:Layer>"
            "</ofd:Content></ofd:Page>",
        }
    )


def sheet(rows: Sequence[Sequence[object]] = TABLE, name: str = "分工") -> bytes:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.title = name
    for row in rows:
        page.append(list(row))
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def old_sheet(rows: Sequence[Sequence[str]] = TABLE, name: str = "分工") -> bytes:
    """An .xls (BIFF8) of labels."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(said: str) -> bytes:
        return said.encode("utf-16-le")

    begin, end = record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0)), record(0x000A, b"")
    title = struct.pack("<IHBB", 0, 0, len(name), 1) + text(name)
    at = len(begin) + len(record(0x0085, title)) + len(end)
    bound = record(0x0085, struct.pack("<I", at) + title[4:])
    cells = b"".join(
        record(0x0204, struct.pack("<HHHHB", r, c, 0, len(said), 1) + text(said))
        for r, row in enumerate(rows)
        for c, said in enumerate(row)
    )
    page = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 0)) + cells + end
    return ole({"Workbook": begin + bound + end + page})


def old_word(paragraphs: Sequence[str] = PLAN, *, flags: int = 0x0200, version: int = 0x00C1) -> bytes:
    """A .doc (Word 97) of two pieces: the title in single bytes where that is possible, the rest in UTF-16."""
    latin = "Yunxi 2026\r"
    text = "".join(f"{line}\r" for line in paragraphs)
    start = 0x600
    main = bytearray(start)
    struct.pack_into("<HH", main, 0, 0xA5EC, version)
    struct.pack_into("<H", main, 0x0A, flags)
    struct.pack_into("<i", main, 0x4C, len(latin) + len(text))
    main += latin.encode("cp1252")
    pieces = struct.pack("<III", 0, len(latin), len(latin) + len(text))
    pieces += struct.pack("<HIH", 0, 0x40000000 | start * 2, 0)
    pieces += struct.pack("<HIH", 0, len(main), 0)
    main += text.encode("utf-16-le")
    clx = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    struct.pack_into("<II", main, 0x1A2, 0, len(clx))
    return ole({"WordDocument": bytes(main), "1Table": clx})


def ole(streams: Mapping[str, bytes]) -> bytes:
    """An OLE compound file ([MS-CFB] version 3); streams are padded over the size of the mini stream."""
    free, end, fat_mark = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    bodies = {
        name: body.ljust(4096, b"\0")
        for name, body in sorted(streams.items(), key=lambda s: (len(s[0]), s[0]))
    }
    folders = 1 + len(bodies) // 4
    fat = [fat_mark, *range(2, 1 + folders), end]
    entries = [_entry("Root Entry", 5, 1 if bodies else free, free, end, 0)]
    content = b""
    for number, (name, body) in enumerate(bodies.items(), start=1):
        first = len(fat)
        sectors = -(-len(body) // 512)
        fat += [*range(first + 1, first + sectors), end]
        content += body.ljust(sectors * 512, b"\0")
        entries.append(_entry(name, 2, free, number + 1 if number < len(bodies) else free, first, len(body)))
    assert len(fat) <= 128, "this writer has one sector of FAT"
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += (
        struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0) + b"\xff" * 432
    )
    table = struct.pack("<128I", *fat, *[free] * (128 - len(fat)))
    return header + table + b"".join(entries).ljust(folders * 512, b"\0") + content


def _entry(name: str, kind: int, child: int, right: int, first: int, size: int) -> bytes:
    raw = (name + "\0").encode("utf-16-le")
    return (
        raw.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(raw), kind, 1, 0xFFFFFFFF, right, child)
        + bytes(36)
        + struct.pack("<IQ", first, size)
    )


def zipped(members: Mapping[str, bytes | str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name), body, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _cut(text: str, width: int) -> list[str]:
    return [text[at : at + width] for at in range(0, len(text), width)]


@cache
def every() -> dict[str, bytes]:
    """One file of each format, by its usual suffix."""
    return {
        "pdf": pdf(),
        "docx": word(table=TABLE),
        "doc": old_word(),
        "ofd": ofd(),
        "xlsx": sheet(),
        "xls": old_sheet(),
        "zip": zipped({"要点.docx": word(), "分工.xlsx": sheet()}),
    }
