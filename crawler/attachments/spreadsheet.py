"""Spreadsheets, old and new (xls, et, xlsx): a sheet's name, then its rows with tabs between the cells."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Collection

import python_calamine as calamine

from crawler.attachments._package import opened
from store.errors import Unreadable
from store.flow import Reading
from store.said import said

MOST_SHEETS = 100
MOST_ROWS = 20_000
MOST_CELLS = 500_000


def fits(head: bytes, names: Collection[str]) -> bool:
    return "xl/workbook.xml" in names or "Workbook" in names or "Book" in names


def read(body: bytes) -> Reading:
    if body[:2] == b"PK":
        opened(body).close()  # its bounds
    lines: list[str] = []
    cells = 0
    try:
        workbook = calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        for name in workbook.sheet_names[:MOST_SHEETS]:
            sheet = workbook.get_sheet_by_name(name)
            if cells + sheet.total_width * min(sheet.total_height, MOST_ROWS) > MOST_CELLS:
                return Reading("too large", detail=said("more than {most} cells", most=MOST_CELLS))
            rows = sheet.to_python(nrows=MOST_ROWS)
            cells += sheet.total_width * len(rows)
            told = [line for row in rows if (line := "\t".join(map(_cell, row)).rstrip("\t")).strip()]
            lines += [name, *told] if told else []
    except calamine.PasswordError:
        return Reading("encrypted", detail=said("it asks for a password"))
    except calamine.CalamineError as error:
        raise Unreadable(said("the spreadsheet is damaged")) from error
    except BaseException as error:
        # The library is Rust, and where it panics over a damaged file that is no Exception, of a class without a module.
        if type(error).__name__ != "PanicException":
            raise
        raise Unreadable(said("the spreadsheet is damaged")) from error
    return Reading("read", "\n".join(lines))


def _cell(value: object) -> str:
    """As a reader sees it: 3 for 3.0, a day without its midnight, one line."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return value.date().isoformat()
    return " ".join(str(value).split())
