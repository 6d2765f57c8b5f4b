"""A digest as a mail: subject, HTML and plain text of equal worth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import css_inline
import jinja2

from notify.digests import Issue

OPS = {"added": "新增", "removed": "删去", "edited": "修改", "moved": "移动", "renumbered": "序号"}
FIELDS = {
    "title": "标题",
    "cover": "印发通知",
    "publisher": "发布机构",
    "document_number": "文号",
    "index_number": "索引号",
    "issued_on": "成文日期",
    "published_at": "发布日期",
    "source_label": "来源",
    "kind": "类型",
    "period": "年度",
    "region": "地区",
    "addressees": "主送机关",
}
COUNTS = {"new": "新发布", "changed": "修改", "withdrawn": "撤下", "restored": "恢复", "reprints": "新转载"}


@cache
def environment() -> jinja2.Environment:
    """Templates from the wheel, or beside the code in a checkout; everything is escaped but in .txt."""
    bundled = Path(__file__).parent / "_templates"
    folder = bundled if bundled.is_dir() else Path(__file__).parent.parent / "templates" / "mail"
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=jinja2.select_autoescape(
            disabled_extensions=("txt",), default=True, default_for_string=True
        ),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"OPS": OPS, "FIELDS": FIELDS}
    return environment


def opening(issue: Issue) -> str:
    """The sentence that stands first: true, and enough for who has twenty seconds."""
    counted = "、".join(f"{COUNTS[key]} {n} 份" for key, n in issue.counts.items() if n)
    highlight = f"，其中{issue.highlight}" if issue.highlight else ""
    return f"本期{counted}{highlight}。"


def html(issue: Issue, timezone: str) -> str:
    raw = environment().get_template("digest.html").render(_context(issue, timezone))
    return css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=True).inline(raw)


def text(issue: Issue, timezone: str) -> str:
    return environment().get_template("digest.txt").render(_context(issue, timezone))


def subject(issue: Issue, timezone: str) -> str:
    day = issue.made_at.astimezone(ZoneInfo(timezone)).date().isoformat()
    counted = "、".join(f"{COUNTS[key]} {n}" for key, n in issue.counts.items() if n)
    return f"教育要点摘要 {day}：{counted}"


def _context(issue: Issue, timezone: str) -> Mapping[str, object]:
    day: dt.date = issue.made_at.astimezone(ZoneInfo(timezone)).date()
    return {"issue": issue, "day": day, "opening": opening(issue)}
