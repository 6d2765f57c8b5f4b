"""Word (.docx, ECMA-376 part 1, 17): paragraphs and tables in the order of the body, automatic numbers written out.

Read from the XML itself: python-docx leaves out what stands in content controls, insertions and text boxes, and numbers
that Word counts by itself, which for a plan are the labels of its items.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Collection, Iterator

from lxml import etree

from crawler.attachments._numbers import Numbers
from crawler.attachments._package import local, opened, unpacked, xml
from store.errors import Unreadable
from store.flow import Reading
from store.said import said

MAIN = "word/document.xml"
# What was deleted is no text, nor is what a program that knows no text boxes would show instead of one.
_UNSEEN = frozenset(["del", "moveFrom", "Fallback", "pPr", "rPr", "instrText", "delText"])
_BREAKS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_HOLDERS = frozenset(
    ["sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag", "AlternateContent", "Choice"]
)


def fits(head: bytes, names: Collection[str]) -> bool:
    return any(name.startswith("word/") for name in names)


def read(body: bytes) -> Reading:
    with opened(body) as archive:
        main = _main_part(archive)
        document = xml(unpacked(archive, main))
        numbers = Numbers(_beside(archive, main, "numbering.xml"), _beside(archive, main, "styles.xml"))
    found = next((part for part in document if local(part) == "body"), None)
    if found is None:
        raise Unreadable(said("the Word file has no body"))
    lines = [text for line in _blocks(found, numbers) if (text := line.strip())]
    if not lines:
        return Reading("scanned", detail=said("it has no text"))
    return Reading("read", "\n".join(lines))


def _main_part(archive: zipfile.ZipFile) -> str:
    """Where the package's relations say that the document is; most say word/document.xml."""
    if MAIN in archive.namelist():
        return MAIN
    for relation in xml(unpacked(archive, "_rels/.rels")):
        if (relation.get("Type") or "").endswith("/officeDocument"):
            return (relation.get("Target") or MAIN).lstrip("/")
    return MAIN


def _beside(archive: zipfile.ZipFile, main: str, name: str) -> etree._Element | None:
    place = posixpath.join(posixpath.dirname(main), name)
    return xml(unpacked(archive, place)) if place in archive.namelist() else None


def _blocks(parent: etree._Element, numbers: Numbers) -> Iterator[str]:
    """The lines of a body, a cell or a text box. As deep as the XML, whose depth the parser bounds."""
    for element in parent:
        name = local(element)
        if name == "p":
            yield from _paragraph(element, numbers)
        elif name == "tbl":
            yield from _rows(element, numbers)
        elif name in _HOLDERS:
            yield from _blocks(element, numbers)


def _rows(table: etree._Element, numbers: Numbers) -> Iterator[str]:
    for row in table:
        if local(row) == "tr":
            cells = [cell for cell in row.iterchildren() if local(cell) in ("tc", "sdt")]
            yield "\t".join(" ".join(_cell(cell, numbers)) for cell in cells)
        elif local(row) in _HOLDERS:
            yield from _rows(row, numbers)


def _cell(cell: etree._Element, numbers: Numbers) -> list[str]:
    inner = (
        [part for part in cell.iter(etree.Element) if local(part) == "tc"] if local(cell) == "sdt" else [cell]
    )
    return [text for part in inner for line in _blocks(part, numbers) if (text := " ".join(line.split()))]


def _paragraph(paragraph: etree._Element, numbers: Numbers) -> Iterator[str]:
    """The paragraph's line (more with breaks in it), then those of the text boxes that hang on it."""
    pieces: list[str] = []
    boxes: list[etree._Element] = []
    stack = list(reversed(paragraph))
    while stack:
        element = stack.pop()
        name = local(element)
        if name == "t":
            pieces.append(element.text or "")
        elif name in _BREAKS:
            pieces.append(_BREAKS[name])
        elif name == "txbxContent":
            boxes.append(element)
        elif name not in _UNSEEN:
            stack.extend(reversed(element))
    text = "".join(pieces)
    # a paragraph without words is not counted by readers, though Word may count it
    label = numbers.label(paragraph) if text.strip() else ""
    yield from (label + text.strip()).split("\n")
    for box in boxes:
        yield from _blocks(box, numbers)
