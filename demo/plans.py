"""The texts of the sample web as they lie in files: plans, and the short articles beside them in the lists.

A file is a YAML front matter between two lines of ---, then one paragraph a line; its name is the slug.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from store.errors import OperatorError


@dataclass(frozen=True, slots=True)
class Plan:
    """A work plan with what its cover says. `number` is the 文号, `index` the 索引号, `items` how many
    numbered items the body has, `body` one paragraph a string with its number as printed."""

    slug: str
    title: str
    publisher: str
    number: str | None
    index: str | None
    kind: str
    period: tuple[int, int]
    issued: dt.date
    published: dt.date
    addressees: str | None
    notice: str | None
    items: int
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """A short page that is not a plan: an explanation, a tender, a report. `site` is where it stands."""

    slug: str
    site: str
    id: int
    title: str
    source: str
    published: dt.date
    body: tuple[str, ...]


def load_plans(folder: Path) -> dict[str, Plan]:
    """Every plan of a folder by its slug."""
    return {path.stem: read_plan(path) for path in sorted(folder.glob("*.txt"))}


def load_articles(folder: Path) -> dict[str, Article]:
    """Every article of a folder by its slug."""
    return {path.stem: read_article(path) for path in sorted(folder.glob("*.txt"))}


def read_plan(path: Path) -> Plan:
    front, body = _split(path)
    try:
        start, end = front["period"]
        return Plan(
            slug=path.stem,
            title=str(front["title"]),
            publisher=str(front["publisher"]),
            number=_text(front.get("number")),
            index=_text(front.get("index")),
            kind=str(front["kind"]),
            period=(int(start), int(end)),
            issued=as_date(front["issued"]),
            published=as_date(front["published"]),
            addressees=_text(front.get("addressees")),
            notice=_text(front.get("notice")),
            items=int(front["items"]),
            body=body,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OperatorError(f"{path}: front matter: {error!r}; compare it with its neighbours") from error


def read_article(path: Path) -> Article:
    front, body = _split(path)
    try:
        return Article(
            slug=path.stem,
            site=str(front["site"]),
            id=int(front["id"]),
            title=str(front["title"]),
            source=str(front["source"]),
            published=as_date(front["published"]),
            body=body,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise OperatorError(f"{path}: front matter: {error!r}; compare it with its neighbours") from error


def as_date(value: object) -> dt.date:
    """A YAML date, or the text of one."""
    if isinstance(value, dt.datetime):
        return value.date()
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(str(value))


def _split(path: Path) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    text = path.read_text(encoding="utf-8")
    _, front, body = [*text.split("---\n", 2), "", ""][:3]
    loaded = yaml.safe_load(front)
    if not isinstance(loaded, dict):
        raise OperatorError(f"{path}: front matter: begin the file with --- and a YAML mapping")
    return loaded, tuple(line.strip() for line in body.splitlines() if line.strip())


def _text(value: object) -> str | None:
    return str(value) if value else None
