"""Which changes go into whose digest, and what a digest says of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, undefer

from notify.filters import Facts, Filter, matches, narrowed
from store import models as rows
from store import regions
from store.flow import AttachmentChange, ItemChange, Page, walk
from store.marks import Piece, pieces
from store.search import syntax
from store.shapes import difference_from_json, page_from_json

# The digest's own bounds: what does not fit is counted, and a line leads to the rest.
MOST_ITEMS = 12
MOST_HEADINGS = 12

_UNITS = "元个所名人次场间年月日天周座里份项条支套台节课家亩米岁"
_FIGURE = re.compile(rf"\d+(?:[.,]\d+)*(?:\s?[%％‰]|\s?[万亿]*[{_UNITS}])")


@dataclass(frozen=True, slots=True)
class ItemNews:
    """One changed item as an editor would mark it."""

    change: ItemChange
    path: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class News:
    """What a digest says of one change."""

    id: int
    type: str
    title: str
    url: str
    publisher: str | None
    kind: str | None
    document_number: str | None
    published: str | None
    source: str
    is_reprint: bool
    reprint_of: str | None
    similarity: float | None
    headings: tuple[str, ...]
    items: tuple[ItemNews, ...]
    more_items: int
    renumbered: int
    fields: tuple[tuple[str, str, str], ...]
    attachments: tuple[AttachmentChange, ...]


@dataclass(frozen=True, slots=True)
class RegionNews:
    region: str
    new: list[News] = field(default_factory=list)
    changed: list[News] = field(default_factory=list)
    withdrawn: list[News] = field(default_factory=list)
    restored: list[News] = field(default_factory=list)
    reprints: list[News] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Issue:
    """One digest, ready to be rendered."""

    made_at: dt.datetime
    counts: dict[str, int]
    highlight: str | None
    regions: tuple[RegionNews, ...]


def uncarried(subscription: rows.Subscription, wanted: Filter) -> Select[rows.Change]:
    """The changes since the subscription was confirmed that match and that no digest of it carries yet."""
    carried = exists().where(
        rows.DigestChange.subscription_id == subscription.id, rows.DigestChange.change_id == rows.Change.id
    )
    query = (
        select(rows.Change)
        .join(rows.Change.document)
        .join(rows.Document.source)
        .join(rows.Document.plan)
        .where(
            rows.Change.detected_at >= subscription.confirmed_at, ~carried, rows.Change.extraction.is_(False)
        )
        .order_by(rows.Change.detected_at, rows.Change.id)
        .options(undefer(rows.Change.difference))
    )
    return narrowed(query, wanted)


def matching(session: Session, subscription: rows.Subscription) -> list[rows.Change]:
    wanted = Filter.model_validate(subscription.filter)
    found = session.scalars(uncarried(subscription, wanted))
    return [change for change in found if matches(wanted, _facts(change))]


def _facts(change: rows.Change) -> Facts:
    plan, source = change.document.plan, change.document.source
    return Facts(
        type=change.type,
        region=plan.region if plan else None,
        kind=plan.kind if plan else None,
        publisher=plan.publisher if plan else None,
        source=source.id,
        is_official=source.kind == "official",
        texts=tuple(
            syntax.searchable(f"{version.title}\n{version.page['text']}")
            for version in (change.from_version, change.to_version)
            if version is not None
        ),
    )


def build(changes: Iterable[rows.Change], made_at: dt.datetime) -> Issue:
    """What the digest of some changes says, by region in the order of the codes."""
    by_region: dict[str, RegionNews] = {}
    counts = dict.fromkeys(("new", "changed", "withdrawn", "restored", "reprints"), 0)
    everything: list[News] = []
    for change in changes:
        news = _news(change)
        everything.append(news)
        code = (change.document.plan.region if change.document.plan else None) or ""
        group = by_region.setdefault(code, RegionNews(regions.full_name(code) if code else "地区未注明"))
        place = "reprints" if news.is_reprint and news.type == "new" else news.type
        getattr(group, place).append(news)
        counts[place] += 1
    return Issue(
        made_at, counts, _highlight(everything), tuple(by_region[code] for code in sorted(by_region))
    )


def _news(change: rows.Change) -> News:
    document, plan = change.document, change.document.plan
    version = change.to_version or change.from_version
    page = page_from_json(version.page) if version else None
    metadata = page.metadata if page else None
    difference = difference_from_json(change.difference)
    items = [item for item in difference.items if item.op != "renumbered"]
    is_reprint = document.role == "reprint"
    return News(
        id=change.id,
        type=change.type,
        title=version.title if version else document.listed_title,
        url=document.url,
        publisher=(metadata.publisher if metadata else None) or (plan.publisher if plan else None),
        kind=plan.kind if plan else None,
        document_number=metadata.document_number if metadata else None,
        published=_day(page) or (document.listed_on.isoformat() if document.listed_on else None),
        source=document.source.name,
        is_reprint=is_reprint,
        reprint_of=plan.title if plan and is_reprint else None,
        similarity=document.similarity if is_reprint else None,
        headings=_headings(page) if page and change.type == "new" else (),
        items=tuple(_item(item) for item in items[:MOST_ITEMS]),
        more_items=max(0, len(items) - MOST_ITEMS),
        renumbered=len(difference.items) - len(items),
        fields=tuple((f.field, _shown(f.old), _shown(f.new)) for f in difference.metadata),
        attachments=difference.attachments,
    )


def _shown(value: object) -> str:
    """A field's value as a reader wants it: a period is its years."""
    if isinstance(value, dict):
        return "–".join(dict.fromkeys(str(year) for year in value.values()))
    return "" if value is None else str(value)


def _day(page: Page | None) -> str | None:
    moment = page.metadata.published_at if page else None
    return moment.isoformat()[:10] if moment else None


def _headings(page: Page) -> tuple[str, ...]:
    """The outermost headings: what a reader wants to know of a new plan first."""
    top = min((node.level for _, node in walk(page.outline) if node.label), default=0)
    found = [
        # “一、总体要求”, but “第一章 总则”
        node.label + (" " if node.label[-1].isalnum() else "") + node.heading
        for _, node in walk(page.outline)
        if node.label and node.level == top and node.heading
    ]
    return tuple(found[:MOST_HEADINGS])


def _item(change: ItemChange) -> ItemNews:
    path = change.new_path or change.old_path or ""
    return ItemNews(change, path, pieces(change))


def _highlight(everything: list[News]) -> str | None:
    """The sentence that a reader with twenty seconds wants: the first figure that changed."""
    for news in everything:
        for item in news.items:
            old, new = _figure(item.change, old=True), _figure(item.change, old=False)
            if item.change.op == "edited" and old and new and old != new:
                # A paragraph's place ("¶3") is ours, not the reader's.
                where = "" if "¶" in item.path else item.path
                heading = f"“{item.change.heading}”" if item.change.heading else where
                return f"{news.publisher or news.title}{heading}由 {old} 调为 {new}"
    return None


def _figure(change: ItemChange, *, old: bool) -> str | None:
    """The number, with its unit, in which the first differing span lies."""
    text, spans = (change.old, change.old_spans) if old else (change.new, change.new_spans)
    if not text or not spans:
        return None
    for match in _FIGURE.finditer(text):
        if match.start() <= spans[0].start < match.end():
            return match[0]
    return None
