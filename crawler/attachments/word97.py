"""Word 97–2003 (.doc) and WPS Writer (.wps): an OLE file whose text lies in pieces ([MS-DOC] 2.4.1).

Automatic numbers and the marks between table rows live in the formatting, which is not read: an item's number is there
when its author typed it, and a row ends where a cell mark follows another.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Collection, Iterator

import olefile

from crawler.attachments._package import BROKEN
from store.errors import Unreadable
from store.flow import Reading
from store.said import said

WORD_97 = 0x00C1
IS_ENCRYPTED, TABLE_IN_1 = 0x0100, 0x0200
TEXT_LENGTH, CLX = 0x004C, 0x01A2
_FIELD = re.compile(r"\x13[^\x13\x14\x15]*(?:\x14([^\x13\x14\x15]*))?\x15")
"""An instruction and its result; the result is what is printed."""
FIELDS_DEEP = 5
_MARKS = re.compile(r"[\x00-\x06\x08\x0e-\x1f\ufffc]")


def fits(head: bytes, names: Collection[str]) -> bool:
    return "WordDocument" in names


def read(body: bytes) -> Reading:
    try:
        with olefile.OleFileIO(io.BytesIO(body)) as container:
            main = container.openstream("WordDocument").read()
            version, flags = struct.unpack_from("<2xH6xH", main)
            if flags & IS_ENCRYPTED:
                return Reading("encrypted", detail=said("it asks for a password"))
            if version < WORD_97:
                raise Unreadable(said("written by a Word before 97"))
            table = container.openstream("1Table" if flags & TABLE_IN_1 else "0Table").read()
        text = "".join(_pieces(main, table))
    except BROKEN as error:
        raise Unreadable(said("the Word file is damaged")) from error
    lines = "\n".join(_lines(text))
    return Reading("read", lines) if lines else Reading("scanned", detail=said("it has no text"))


def _pieces(main: bytes, table: bytes) -> Iterator[str]:
    """The main text's pieces; what follows in the same count (notes, headers, text boxes) is left."""
    (length,) = struct.unpack_from("<i", main, TEXT_LENGTH)
    for start, end, place in _piece_table(main, table):
        size = min(end, length) - start
        if size <= 0:
            continue
        offset = place & 0x3FFFFFFF
        if place & 0x40000000:
            yield main[offset // 2 : offset // 2 + size].decode("cp1252", "replace")
        else:
            yield main[offset : offset + 2 * size].decode("utf-16-le", "replace")


def _piece_table(main: bytes, table: bytes) -> list[tuple[int, int, int]]:
    """(first character, character after the last, place in the main stream) of each piece."""
    at, size = struct.unpack_from("<II", main, CLX)
    clx = table[at : at + size]
    position = 0
    while position < len(clx) and clx[position] == 1:  # Prc: formatting
        position += 3 + struct.unpack_from("<H", clx, position + 1)[0]
    if position >= len(clx) or clx[position] != 2:
        raise Unreadable(said("the Word file has no piece table"))
    (length,) = struct.unpack_from("<I", clx, position + 1)
    pieces = clx[position + 5 : position + 5 + length]
    count = (len(pieces) - 4) // 12
    starts = struct.unpack_from(f"<{count + 1}I", pieces)
    places = (struct.unpack_from("<I", pieces, 4 * (count + 1) + 8 * i + 2)[0] for i in range(count))
    found = list(zip(starts, starts[1:], places, strict=False))
    # each character lies in one piece, so that hostile pieces can't tell the same text a million times
    if any(start >= end for start, end, _ in found) or (found and starts[-1] > len(main)):
        raise Unreadable(said("the Word file's pieces overlap"))
    return found


def _lines(text: str) -> Iterator[str]:
    for _ in range(FIELDS_DEEP):  # the innermost first
        text = _FIELD.sub(lambda field: field[1] or "", text)
    text = _MARKS.sub("", text.replace("\x07\x07", "\r").replace("\x07", "\t"))
    for line in re.split(r"[\r\n\x0b\x0c]", text):
        said = line.strip(" \u3000\xa0\t")
        if said:
            yield said
