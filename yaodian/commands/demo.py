"""`yaodian demo`: what the product is for, in a minute."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table
from rich.text import Text

from notify.words import FIELDS, OPS
from yaodian.commands import app
from yaodian.output import console

if TYPE_CHECKING:
    from demo.tour import Day

DEFAULT = Path("demo-data")
TYPES = {"new": "新发布", "changed": "修改", "withdrawn": "撤下", "restored": "恢复"}


@app.command()
def demo(context: typer.Context) -> None:
    """Four days of publishing and editing on sample sites, crawled into ./demo-data, and the digest they make."""
    from demo.tour import tour

    out = console()
    out.print("要点 Yaodian 演示：本机三个示例站点，四天的发布与修改（文字均为编写）\n")
    written = tour(context.find_root().obj or DEFAULT, lambda day: out.print(_table(day)))
    out.print(f"每周摘要邮件  {written.mail}\n用浏览器打开  {written.html}\n")
    out.print("接下来可以试试：")
    for command in (
        "plans",
        "export changes --format jsonl",
        "export items --format csv",
        "sources show demo-longyuan",
    ):
        out.print(f"  {_program()} --data {written.data} {command}", markup=False)
    out.print(f"  {_program()} init    建立自己的数据目录")


def _program() -> str:
    """How the reader can call the program: by its name when that is on the path, else as it was called."""
    return "yaodian" if shutil.which("yaodian") else os.path.relpath(sys.argv[0])


def _table(day: Day) -> Table | Text:
    title = f"第 {day.number} 天  {day.date}  {day.note}"
    if not day.changes:
        return Text(f"{title}\n  没有变化\n")
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for heading in ("", "来源", "标题", "条目"):
        table.add_column(heading, overflow="fold")
    for change in day.changes:
        kind = (
            "新转载"
            if change["type"] == "new" and change["role"] == "reprint"
            else TYPES[str(change["type"])]
        )
        table.add_row(kind, str(change["source_name"]), str(change["title"]), Text("\n".join(_said(change))))
    table.add_row("")
    return table


def _said(change: dict[str, Any]) -> list[str]:
    lines = [f"{FIELDS.get(f['field'], f['field'])}：{f['old']} → {f['new']}" for f in change["metadata"]]
    renumbered = 0
    for item in change["items"]:
        if item["op"] == "renumbered":
            renumbered += 1
            continue
        path = item["new_path"] if item["old_path"] in (None, item["new_path"]) else item["old_path"]
        path += f" → {item['new_path']}" if item["op"] == "moved" else ""
        lines.append(f"{OPS[item['op']]} {path} {item['heading'] or ''}{_figures(item)}")
    if renumbered:
        lines.append(f"其余 {renumbered} 条仅序号顺延")
    return lines


def _figures(item: dict[str, Any]) -> str:
    """For a small edit, the characters around what differs."""
    if item["op"] != "edited" or len(item["old_spans"]) != 1 or len(item["new_spans"]) != 1:
        return ""
    return f"：{_around(item['old'], item['old_spans'][0])} → {_around(item['new'], item['new_spans'][0])}"


def _around(text: str, span: dict[str, int]) -> str:
    return f"…{text[max(0, span['start'] - 6) : span['end'] + 4]}…"
