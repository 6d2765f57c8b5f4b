"""What a monitor must report of a day on the sample web: the timeline's events seen from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from demo.numbering import Line, read_lines
from demo.plans import Plan
from demo.timeline import EDITS, Event, Timeline, text_on
from store.flow import FieldChange, ItemChange, ItemOp

_ITEM_OPS: Mapping[str, ItemOp] = {"edit": "edited", "add": "added", "remove": "removed", "move": "moved"}


@dataclass(frozen=True, slots=True)
class Expected:
    """One change that a monitor must report.

    `title` is the plan's own, `heading` what the page prints above the text (关于印发…的通知 on an official
    site); both are the ones of the day, or of the day before for what was withdrawn. `items` have the
    item's text without its label in `old` and `new`. `renumbered` are the items that only got another number:
    a monitor may report them as such and must not call them edited, added or removed.
    """

    type: Literal["new", "changed", "withdrawn"]
    site: str
    plan: str
    title: str
    heading: str
    url: str
    items: tuple[ItemChange, ...] = ()
    renumbered: tuple[ItemChange, ...] = ()
    metadata: tuple[FieldChange, ...] = ()
    is_reprint: bool = False


def changes_of(
    plan: Plan, day: int, timeline: Timeline
) -> tuple[tuple[ItemChange, ...], tuple[ItemChange, ...], tuple[FieldChange, ...]]:
    """What happens to a plan on a day: items changed, items renumbered, fields changed."""
    events = [event for event in timeline.days[day].events if event.plan == plan.slug]
    before = read_lines(text_on(plan, day - 1, timeline))
    after = read_lines(text_on(plan, day, timeline))
    items = tuple(_item(event, before, after) for event in events if event.op in EDITS)
    fields = tuple(FieldChange("title", event.old, event.new) for event in events if event.op == "retitle")
    return items, tuple(_renumbered(before, after, items)), fields


def _item(event: Event, before: Sequence[Line], after: Sequence[Line]) -> ItemChange:
    return ItemChange(
        op=_ITEM_OPS[event.op],
        old_path=event.old_path,
        new_path=event.new_path,
        heading=event.heading,
        old=_text_at(before, event.old_path),
        new=_text_at(after, event.new_path),
    )


def _renumbered(
    before: Sequence[Line], after: Sequence[Line], items: Sequence[ItemChange]
) -> Iterator[ItemChange]:
    """Items whose text stays and whose path does not, without those that an event names."""
    named = {text for item in items for text in (item.old, item.new)}
    paths = {line.text: line.path for line in before if line.level}
    for line in after:
        old_path = paths.get(line.text)
        if line.level and old_path and old_path != line.path and line.text not in named:
            yield ItemChange("renumbered", old_path, line.path, line.heading, line.text, line.text)


def _text_at(lines: Sequence[Line], path: str | None) -> str | None:
    return next((line.text for line in lines if path and line.path == path), None)
