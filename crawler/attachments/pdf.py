"""PDF: the text layer, page by page; a document without one is scanned."""

from __future__ import annotations

import re
from collections.abc import Collection

import pypdfium2
from pypdfium2 import raw

from crawler.attachments._paragraphs import Line, paragraphs
from store.errors import Unreadable
from store.flow import Reading
from store.said import said

MOST_PAGES = 500
FEWEST_CHARACTERS = 8
"""Visible characters a page below which the text layer is a stamp or a page number, and the page a picture."""
_UNKNOWN = re.compile(r"[\x00-\x08\x0e-\x1f\ufffd\ufffe\uffff\ue000-\uf8ff]")


def fits(head: bytes, names: Collection[str]) -> bool:
    # ISO 32000 wants it at the very beginning; readers accept it within the first 1024 bytes, and files rely on that.
    return b"%PDF-" in head


def read(body: bytes) -> Reading:
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            return Reading("encrypted", detail=said("it asks for a password"))
        raise Unreadable(said("the PDF is damaged or cut short")) from error
    try:
        count = min(len(document), MOST_PAGES)
        pages = [_lines(document, number) for number in range(count)]
        is_cut = len(document) > MOST_PAGES
        more = said("only its first {most} pages are read", most=MOST_PAGES) if is_cut else None
    except pypdfium2.PdfiumError as error:
        raise Unreadable(said("a page of the PDF is damaged")) from error
    finally:
        document.close()
    text = "".join(line.text for page in pages for line in page)
    visible = len(re.sub(r"\s", "", text))
    if visible < FEWEST_CHARACTERS * max(1, count):
        return Reading("scanned", detail=said("its pages have no text layer"))
    if len(_UNKNOWN.findall(text)) * 3 > visible:
        return Reading("scanned", detail=said("its fonts don't say which characters they show"))
    return Reading("read", "\n".join(paragraphs(pages)), more)


def _lines(document: pypdfium2.PdfDocument, number: int) -> list[Line]:
    page = document[number]
    textpage = page.get_textpage()
    try:
        text = textpage.get_text_range()
        found = []
        for match in re.finditer(r"[^\r\n]+", text):
            printed = match[0].strip()
            if printed:
                first = match.start() + len(match[0]) - len(match[0].lstrip())
                last = match.start() + len(match[0].rstrip()) - 1
                box, end = textpage.get_charbox(first, loose=True), textpage.get_charbox(last, loose=True)
                found.append(Line(printed, box[0], end[2], max(abs(box[3] - box[1]), 1.0)))
        return found
    finally:
        textpage.close()
        page.close()
