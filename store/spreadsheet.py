"""Lists as CSV that a spreadsheet may open: what pages say is neither a formula nor a command to a terminal there. Pure."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
)  # what a terminal would obey
# A spreadsheet runs a cell that begins with one of these as a formula; East Asian versions take the full-width forms too,
# and some ignore what is invisible before it (OWASP, CSV Injection).
_FORMULA = frozenset("=+-@\u2212")
_SEPARATORS = ("\t", "\r", "\n")
_INVISIBLE = re.compile(r"[\s\u00ad\u180e\u200b-\u200f\u2060-\u2064\u3164\ufe00-\ufe0f\ufeff]*")


def lines(items: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> Iterator[str]:
    """A line of headings, then one for each item; `columns` maps keys to headings. Lists and objects are JSON."""
    yield _line(columns)
    for item in items:
        yield _line(_cell(item.get(key)) for key in columns)


def plain(value: Any) -> str:
    """A value as a person reads it, in one line of harmless characters."""
    if value is None:
        return ""
    if isinstance(value, str):
        return _CONTROL.sub("", value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping) and set(value) == {"start", "end"}:
        return str(value["start"]) if value["start"] == value["end"] else f"{value['start']}–{value['end']}"
    if isinstance(value, Sequence):
        return ", ".join(plain(part) for part in value)
    return str(value)


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else plain(value)
    return "'" + text if _may_be_run(text) else text


def _may_be_run(text: str) -> bool:
    first = text[_INVISIBLE.match(text).end() :][:1]  # type: ignore[union-attr]
    return text.startswith(_SEPARATORS) or unicodedata.normalize("NFKC", first)[:1] in _FORMULA
