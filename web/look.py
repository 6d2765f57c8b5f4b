"""How a page is made of a template: the environment, and what every template can say."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import URL

from notify.words import FIELDS, OPS
from store import models as rows
from store import regions
from store.flow import Metadata
from store.marks import Piece
from web.terms import terms_of

HERE = Path(__file__).parent
NAVIGATION = (
    ("/", "最新"),
    ("/plans", "计划"),
    ("/regions", "地区"),
    ("/publishers", "机关"),
    ("/sources", "来源"),
    ("/calendar", "日历"),
)
ORIGINS = {
    "source": "来源文件指定",
    "meta": "网页头部",
    "box": "信息公开表",
    "info": "标题下方",
    "cover": "文件首尾",
    "text": "正文",
    "title": "标题",
    "url": "网址",
}
STATES = {
    "read": "已读取",
    "scanned": "扫描件",
    "encrypted": "有密码",
    "unreadable": "无法读取",
    "too large": "过大",
    "missing": "已失效",
}
DESK = (("/operator", "概况"), ("/operator/plans", "合并与拆分"))
TYPES = {"new": "新发布", "changed": "修改", "withdrawn": "撤下", "restored": "恢复"}


@cache
def environment() -> jinja2.Environment:
    """Templates from the wheel, or beside the code in a checkout; everything is escaped."""
    bundled = HERE / "_templates"
    folder = bundled if bundled.is_dir() else HERE.parent / "templates" / "web"
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "region": regions.full_name,
        "local": local,
        "period": period,
        "fields": fields,
        "said": said,
        "around": around,
    }
    made.globals |= {
        "static": static,
        "navigation": NAVIGATION,
        "desk": DESK,
        "TYPES": TYPES,
        "OPS": OPS,
        "FIELDS": FIELDS,
        "ORIGINS": ORIGINS,
        "STATES": STATES,
        "PROVINCES": regions.provinces(),
    }
    return made


@cache
def static(name: str) -> str:
    """The address of a static file; a changed file has another, so that browsers may keep it."""
    digest = hashlib.sha256((HERE / "static" / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?{digest}"


def local(url: URL) -> str:
    """An address without scheme and host, which a proxy in front may have otherwise."""
    return f"{url.path}?{url.query}" if url.query else url.path


def period(plan: rows.Plan) -> str:
    return "–".join(dict.fromkeys(str(year) for year in (plan.period_start, plan.period_end) if year))


def fields(metadata: Metadata) -> Iterator[tuple[str, str]]:
    """What the page says of itself, in reading order, without what it is silent about."""
    for name, value in asdict(metadata).items():
        if value is not None:
            yield name, regions.full_name(value) if name == "region" else said(value)


def said(value: object) -> str:
    """A field's value as a reader wants it: a period is its years."""
    if isinstance(value, dict):
        return "–".join(dict.fromkeys(str(year) for year in value.values()))
    return "" if value is None else str(value)


def around(marked: Sequence[Piece], length: int) -> list[Piece]:
    """A marked text with what stays cut to some characters around what differs."""
    found = []
    for at, piece in enumerate(marked):
        text = piece.text
        if piece.op == "same" and len(text) > length:
            # Alone it is an item that moved whole: its beginning tells which.
            before = "" if at == 0 < len(marked) - 1 else text[: length // 2]
            after = "" if at == len(marked) - 1 else text[-(length // 2) :]
            text = f"{before}…{after}"
        elif len(text) > 4 * length:
            text = text[: 4 * length] + "…"
        found.append(Piece(piece.op, text))
    return found


def page(
    request: Request, template: str, *, status: int = 200, headers: dict[str, str] | None = None, **given: Any
) -> Response:
    """The template as an answer; `request` and the filters `day` and `moment` in the reader's zone are there too."""
    zone = ZoneInfo(terms_of(request).timezone)

    def day(at: dt.datetime) -> str:
        return at.astimezone(zone).date().isoformat()

    def moment(at: dt.datetime) -> str:
        return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"

    context = {"request": request, "path": request.url.path, "day": day, "moment": moment}
    html = environment().get_template(template).render(context | given)
    return HTMLResponse(html, status, headers)
