"""What a digest or a feed says of one change: harmless text, in bounds, without the whole page. Pure but for `Pages`' names.

A piece of news is small, so that those of a week can be kept while ten thousand digests are made of them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from notify import plain
from notify.folding import Marks, folded, marks
from store.flow import Difference, ItemChange, Page, walk
from store.marks import pieces

# What is kept at most; a mail that has no room for it shows less (`shortened`).
MOST_ITEMS = 12
MOST_HEADINGS = 12
MOST_FIELDS = 12
MOST_CHARACTERS = 700
LONGEST_VALUE = 200

_UNITS = "元个所名人次场间年月日天周座里份项条支套台节课家亩米岁"
_FIGURE = re.compile(rf"\d+(?:[.,]\d+)*(?:\s?(?P<unit>[%％‰]|[万亿]*[{_UNITS}]))")
_LAST_LABEL = re.compile(r"(?:^|/)[（(]?(\d{1,3}|[一二三四五六七八九十百]{1,5})[)）.．、]?$")


@dataclass(frozen=True, slots=True)
class Happening:
    """One change as it is stored, with all that is needed to tell of it. `page` is that of the version it led to, or
    of the one it ended; `errors` what a reprint has otherwise than its original, None where nothing was compared."""

    id: int
    type: str
    detected_at: dt.datetime
    document: str
    plan: str | None
    plan_title: str | None
    region: str
    kind: str | None
    publisher: str | None
    title: str
    url: str
    source: str
    is_official: bool
    is_reprint: bool
    similarity: float | None
    listed_on: dt.date | None
    from_version: int | None
    to_version: int | None
    page: Page | None
    difference: Difference
    errors: tuple[ItemChange, ...] | None = None


@dataclass(frozen=True, slots=True)
class ItemNews:
    """One changed item as an editor would mark it; `path` is the reader's place, "" where only we have a name for it."""

    op: str
    path: str
    old_path: str
    heading: str
    marks: Marks


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that was changed, and the item in which it stands."""

    where: str
    heading: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class News:
    """What is said of one change. Texts are harmless and in bounds, `url` is None where it may not be a link."""

    id: int
    type: str
    detected_at: dt.datetime
    document: str
    plan: str | None
    plan_title: str
    region: str
    kind: str
    publisher: str
    title: str
    url: str | None
    source: str
    is_official: bool
    is_reprint: bool
    similarity: float | None
    document_number: str
    published: str
    from_version: int | None
    to_version: int | None
    headings: tuple[str, ...] = ()
    more_headings: int = 0
    items: tuple[ItemNews, ...] = ()
    more_items: int = 0
    renumbered: int = 0
    fields: tuple[tuple[str, str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    errors: tuple[ItemNews, ...] | None = None
    more_errors: int = 0
    figure: Figure | None = None

    @property
    def version(self) -> int | None:
        """The number of the version it led to, or of the one that it ended."""
        return self.to_version or self.from_version


def news(of: Happening) -> News:
    """Of a new document its headings, of a changed one its items, of a reprint what it got wrong."""
    metadata = of.page.metadata if of.page else None
    headings = _headings(of.page) if of.page and of.type == "new" and not of.is_reprint else []
    items = [item for item in of.difference.items if item.op != "renumbered"]
    title = plain.line(of.title) or "—"
    return News(
        id=of.id,
        type=of.type,
        detected_at=of.detected_at,
        document=of.document,
        plan=of.plan,
        plan_title=plain.line(of.plan_title or "") or title,
        region=of.region,
        kind=plain.line(of.kind or "", 40),
        publisher=plain.line((metadata and metadata.publisher) or of.publisher or "", 60),
        title=title,
        url=plain.address(of.url),
        source=plain.line(of.source, 60),
        is_official=of.is_official,
        is_reprint=of.is_reprint,
        similarity=of.similarity if of.is_reprint else None,
        document_number=plain.line((metadata and metadata.document_number) or "", 60),
        published=_day(of),
        from_version=of.from_version,
        to_version=of.to_version,
        headings=tuple(headings[:MOST_HEADINGS]),
        more_headings=max(0, len(headings) - MOST_HEADINGS),
        items=_told(items),
        more_items=max(0, len(items) - MOST_ITEMS),
        renumbered=len(of.difference.items) - len(items),
        fields=tuple((f.field, _shown(f.old), _shown(f.new)) for f in of.difference.metadata[:MOST_FIELDS]),
        files=tuple((f.op, plain.line(f.name, 100)) for f in of.difference.attachments[:MOST_FIELDS]),
        errors=None if of.errors is None else _told(of.errors),
        more_errors=max(0, len(of.errors or ()) - MOST_ITEMS),
        figure=_first_figure(items),
    )


def shortened(told: News, *, headings: int, items: int, characters: int) -> News:
    """The same with less of it; what is left out is counted."""

    def fewer(these: Sequence[ItemNews]) -> tuple[ItemNews, ...]:
        return tuple(replace(item, marks=folded(item.marks, characters)) for item in these[:items])

    return replace(
        told,
        headings=told.headings[:headings],
        more_headings=told.more_headings + max(0, len(told.headings) - headings),
        items=fewer(told.items),
        more_items=told.more_items + max(0, len(told.items) - items),
        errors=None if told.errors is None else fewer(told.errors),
        more_errors=told.more_errors + max(0, len(told.errors or ()) - items),
        fields=tuple(
            (name, plain.cut(old, characters), plain.cut(new, characters))
            for name, old, new in told.fields[:items]
        ),
        files=told.files[:items],
    )


def _told(items: Sequence[ItemChange]) -> tuple[ItemNews, ...]:
    return tuple(
        ItemNews(
            op=item.op,
            path=_place(item.new_path or item.old_path),
            old_path=_place(item.old_path),
            heading=plain.line(item.heading or "", 60),
            marks=marks(pieces(item), MOST_CHARACTERS),
        )
        for item in items[:MOST_ITEMS]
    )


def _place(path: str | None) -> str:
    """A path without the places that only we count ("¶3" is the third paragraph without a number)."""
    labels = [label for label in (path or "").split("/") if label and not label.startswith("¶")]
    return plain.line("/".join(labels), 60)


def _shown(value: Any) -> str:
    """A field's value as a reader wants it: a period is its years, a moment its day."""
    if isinstance(value, dict):
        return "–".join(dict.fromkeys(str(year) for year in value.values()))
    text = "" if value is None else str(value)
    return plain.line(text[:10] if re.match(r"\d{4}-\d\d-\d\dT", text) else text, LONGEST_VALUE)


def _day(of: Happening) -> str:
    moment = of.page.metadata.published_at if of.page else None
    return (moment.isoformat()[:10] if moment else "") or (of.listed_on.isoformat() if of.listed_on else "")


def _headings(page: Page) -> list[str]:
    """The outermost headings: what a reader wants to know of a new plan first."""
    top = min((node.level for _, node in walk(page.outline) if node.label), default=0)
    return [
        # “一、总体要求”, but “第一章 总则”
        plain.line(node.label + (" " if node.label[-1].isalnum() else "") + node.heading, 60)
        for _, node in walk(page.outline)
        if node.label and node.level == top and node.heading
    ]


def _first_figure(items: Sequence[ItemChange]) -> Figure | None:
    """The first number, of one unit, that became another one."""
    for item in items:
        if item.op != "edited":
            continue
        old = _figure(item.old, item.old_spans[0].start if item.old_spans else None)
        new = _figure(item.new, item.new_spans[0].start if item.new_spans else None)
        if old and new and old[0] != new[0] and old["unit"] == new["unit"]:
            path = _place(item.new_path or item.old_path)
            label = _LAST_LABEL.search(path)
            return Figure(
                label[1] if label else path,
                plain.line(item.heading or "", 30),
                plain.line(old[0]),
                plain.line(new[0]),
            )
    return None


def _figure(text: str | None, at: int | None) -> re.Match[str] | None:
    """The number, with its unit, in which a place of the text lies."""
    if not text or at is None:
        return None
    # A number is short: what lies far from the place need not be read, however long the text is.
    for match in _FIGURE.finditer(text, max(0, at - 40), at + 80):
        if match.start() <= at < match.end():
            return match
    return None
