"""OFD (GB/T 33190): pages of text objects, ordered as they are printed; a document of pictures alone is scanned."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Collection, Iterator

from lxml import etree

from crawler.attachments._package import local, opened, unpacked, xml
from crawler.attachments._paragraphs import Line, paragraphs
from store.errors import Unreadable
from store.flow import Reading
from store.said import said

MOST_PAGES = 500


def fits(head: bytes, names: Collection[str]) -> bool:
    return "OFD.xml" in names


def read(body: bytes) -> Reading:
    with opened(body) as archive:
        pages = []
        for place in _page_places(archive):
            pages.append(_lines(xml(unpacked(archive, place))))
            if len(pages) == MOST_PAGES:
                break
    if not any(pages):
        return Reading("scanned", detail=said("its pages have no text"))
    return Reading("read", "\n".join(paragraphs(pages)))


def _page_places(archive: zipfile.ZipFile) -> Iterator[str]:
    """The members that hold the pages, document by document."""
    for root in _named(xml(unpacked(archive, "OFD.xml")), "DocRoot"):
        document = _place("", root.text)
        for page in _named(xml(unpacked(archive, document)), "Page"):
            if page.get("BaseLoc"):
                yield _place(posixpath.dirname(document), page.get("BaseLoc"))


def _place(folder: str, location: str | None) -> str:
    """A location in the package: from its root with a leading slash, else from the folder."""
    return posixpath.normpath(posixpath.join("/" + folder, (location or "").strip())).lstrip("/")


def _named(tree: etree._Element, name: str) -> Iterator[etree._Element]:
    return (element for element in tree.iter(etree.Element) if local(element) == name)


def _lines(content: etree._Element) -> list[Line]:
    """Text objects by their boundary's top, then left; those at about the same height are one line."""
    placed = []
    for text in _named(content, "TextObject"):
        said = "".join(code.text or "" for code in _named(text, "TextCode"))
        left, top, width, height = _box(text)
        if said.strip():
            placed.append((top, left, width, height, said))
    placed.sort()
    rows: list[list[tuple[float, float, float, float, str]]] = []
    for piece in placed:
        if rows and piece[0] - rows[-1][0][0] < 0.5 * min(piece[3], rows[-1][0][3]):
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return [_line(sorted(row, key=lambda piece: piece[1])) for row in rows]


def _line(row: list[tuple[float, float, float, float, str]]) -> Line:
    text, end = "", row[0][1]
    em = min(max(row[0][3], 0.1), max(row[0][2] / max(1, len(row[0][4])), 0.1))
    for _, left, width, _, words in row:
        text += ("\t" if text and left - end > 2 * em else "") + words
        end = left + width
    # the unit of OFD is the millimetre; what follows rounds to two units
    return Line(text.strip(), row[0][1] * 3, end * 3, em * 3)


def _box(text: etree._Element) -> tuple[float, float, float, float]:
    try:
        left, top, width, height = (float(value) for value in (text.get("Boundary") or "").split())
    except ValueError as error:
        raise Unreadable(said("a text of the OFD stands nowhere")) from error
    return left, top, width, height
