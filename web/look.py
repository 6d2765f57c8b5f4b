"""How a page is made of a template: the environment, and what every template can say."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2
from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import URL

import notify.words
import web.words
from notify import language as languages
from notify.filters import Filter
from notify.links import Pages
from notify.wording import worded
from store import models as rows
from store import regions
from store.flow import Metadata
from store.marks import Piece
from web.narrow import TYPES
from web.sheet import anchor
from web.terms import terms_of
from web.wishes import door

HERE = Path(__file__).parent
COOKIE = "language"
A_YEAR_S = 365 * 24 * 3600
TABLES: Mapping[str, Mapping[Any, str]] = {
    "navigation": web.words.NAVIGATION,
    "desk": web.words.DESK,
    "ORIGINS": web.words.ORIGINS,
    "STATES": web.words.STATES,
    "CONDITIONS": notify.words.CONDITIONS,
    "SIGNS": notify.words.SIGNS,
    "RUNS": web.words.RUNS,
    "DELIVERIES": web.words.DELIVERIES,
    "SUBSCRIPTIONS": web.words.SUBSCRIPTIONS,
    "PROBLEMS": web.words.PROBLEMS,
    "TYPES": {key: notify.words.TYPES[key] for key in TYPES},
    "NEWS": notify.words.TYPES,
    "OPS": notify.words.OPS,
    "FIELDS": notify.words.FIELDS,
}
LANGUAGES = {"zh": "中文", "en": "English"}


@cache
def environment(language: str) -> jinja2.Environment:
    """The templates in a language, from the wheel or beside the code in a checkout."""
    bundled = HERE / "_templates"
    folder = bundled if bundled.is_dir() else HERE.parent / "templates" / "web"
    made = languages.environment([folder], language)
    made.filters |= {
        "region": lambda code: notify.words.region(code, language),
        "local": local,
        "period": period,
        "fields": fields,
        "said": said,
        "around": around,
        "worded": lambda sentence: worded(sentence, language),
        "anchor": anchor,
        "kind": lambda name: notify.words.named(notify.words.KINDS, name, language),
        "counted": lambda counts: notify.words.counted(counts, language),
        "scope": lambda subscription: notify.words.described(
            Filter.model_validate(subscription.filter), language
        ),
    }
    made.globals |= {
        "door": door,
        "feed": Pages().feed,
        "static": static,
        "PROVINCES": regions.provinces(),
        "languages": LANGUAGES,
    }
    say = languages.speech(language).gettext
    for name, table in TABLES.items():
        made.globals[name] = {key: say(label) for key, label in table.items()}
    return made


def language_of(request: Request) -> str:
    """The reader's language: what he chose, else the first of his browser's that there is."""
    for wish in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if wish in languages.languages():
            return wish
    accepted = [part.split(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    return languages.chosen(accepted)


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

    language = language_of(request)
    context = {"request": request, "path": request.url.path, "day": day, "moment": moment}
    html = environment(language).get_template(template).render(context | given)
    answer = HTMLResponse(html, status, {"Vary": "Accept-Language, Cookie"} | (headers or {}))
    if request.query_params.get("lang") == language:
        answer.set_cookie(COOKIE, language, max_age=A_YEAR_S, httponly=True, samesite="lax")
    return answer
