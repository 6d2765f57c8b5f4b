"""Lists as people and programs want them: a table, JSON, JSON lines, or CSV."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from store import spreadsheet

if TYPE_CHECKING:
    from rich.console import Console


class Format(StrEnum):
    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


def show(
    items: Iterable[Mapping[str, Any]], columns: Mapping[str, str], form: Format, out: TextIO | None = None
) -> None:
    """Write a list. `columns` maps keys to headings; JSON has all keys, table and CSV have these."""
    out = out or sys.stdout
    if form is Format.json:
        out.write(json.dumps(list(items), ensure_ascii=False, indent=2) + "\n")
    elif form is Format.jsonl:
        for item in items:
            out.write(json.dumps(item, ensure_ascii=False) + "\n")
    elif form is Format.csv:
        out.writelines(spreadsheet.lines(items, columns))
    else:
        _table(items, columns, out)


def one(item: Any, out: TextIO | None = None) -> None:
    (out or sys.stdout).write(json.dumps(item, ensure_ascii=False, indent=2) + "\n")


def console() -> Console:
    from rich.console import Console

    # In a pipe Rich would assume 80 columns and cut long titles; there lines may be as long as they are.
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, emoji=False)


def _table(items: Iterable[Mapping[str, Any]], columns: Mapping[str, str], out: TextIO) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for item in items:
        table.add_row(*(spreadsheet.plain(item.get(key)) for key in columns))
    target = console()
    target.file = out
    target.print(table, markup=False)
