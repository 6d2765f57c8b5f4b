"""What happens on the sample web and when, read from timeline.yaml, and the text of a plan on a day.

An event is data: it says what is done to a plan and, with the paths, what a monitor must see of it. The paths
are checked against the text when an event is applied, so that a wrong line in the file can't become a truth.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

from demo.numbering import Line, is_continuous, label_of, read_lines, recount
from demo.plans import Plan, as_date
from store.errors import OperatorError

Op = Literal["publish", "reprint", "edit", "add", "remove", "move", "retitle", "withdraw"]
EDITS: frozenset[Op] = frozenset({"edit", "add", "remove", "move"})


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that is done to one plan.

    publish, reprint: `site`, `id` (its page's number there), `date` of a reprint, `copied_on` the day whose
    text the reprint carries, `attachment` the name of a file beside the page.
    edit: `old` words become `new` words in the item at `old_path`. add: `new` item after the line with the
    words `after`. remove: the line with the words `old`. move: the line with the words `old` comes after the
    line with the words `after`. retitle: `old` and `new` title. Words must occur in exactly one line.
    """

    op: Op
    plan: str
    site: str = ""
    id: int = 0
    date: dt.date | None = None
    copied_on: int = 1
    attachment: str = ""
    heading: str | None = None
    old: str = ""
    new: str = ""
    after: str = ""
    old_path: str | None = None
    new_path: str | None = None


@dataclass(frozen=True, slots=True)
class Day:
    number: int
    date: dt.date
    note: str
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    days: Mapping[int, Day]

    def until(self, day: int) -> Iterator[tuple[int, Event]]:
        """Every event up to and with a day, in order, with the day it happens on."""
        for number in sorted(self.days):
            if number <= day:
                for event in self.days[number].events:
                    yield number, event


def load_timeline(path: Path) -> Timeline:
    """Read timeline.yaml: a mapping of day numbers to {date, note, events}."""
    loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(loaded, dict) or not loaded:
        raise OperatorError(f"{path}: days: write a mapping of day numbers to their date and events")
    return Timeline({int(number): _read_day(path, int(number), raw) for number, raw in loaded.items()})


def plan_on(plan: Plan, day: int, timeline: Timeline) -> Plan:
    """The plan as its publisher shows it on a day: edited, renumbered and retitled."""
    for _, event in timeline.until(day):
        if event.plan == plan.slug and event.op in EDITS:
            plan = replace(plan, body=apply(plan.body, event))
        elif event.plan == plan.slug and event.op == "retitle":
            plan = replace(plan, title=_retitled(plan.title, event))
    return plan


def text_on(plan: Plan, day: int, timeline: Timeline) -> tuple[str, ...]:
    """The paragraphs of the plan's body on a day."""
    return plan_on(plan, day, timeline).body


def apply(body: Sequence[str], event: Event) -> tuple[str, ...]:
    """The body after one edit; followers of a line that came, went or moved are counted anew."""
    if event.op == "edit":
        return _edited(body, event)
    path = event.new_path if event.op == "add" else event.old_path
    _, level = label_of((path or "").rpartition("/")[2])
    changed = list(body)
    line = (event.new_path or "").rpartition("/")[2] + event.new
    if event.op != "add":
        found = _line_with(body, event.old, event)
        _expect(found.path == event.old_path, event, f"old_path: the words stand in {found.path}")
        changed.remove(found.printed)
        line = found.printed
    if event.op != "remove":
        changed.insert(changed.index(_line_with(changed, event.after, event).printed) + 1, line)
    recounted = recount(changed, level, continuous=is_continuous(body, level))
    if event.op != "remove":
        arrived = _line_with(recounted, read_lines([line])[0].text, event)
        _expect(arrived.path == event.new_path, event, f"new_path: the item comes to stand in {arrived.path}")
    return recounted


def _edited(body: Sequence[str], event: Event) -> tuple[str, ...]:
    found = _line_with(body, event.old, event)
    _expect(found.path == event.old_path, event, f"old_path: the words stand in {found.path}")
    _expect(found.printed.count(event.old) == 1, event, "old: the words occur twice in the item")
    return tuple(line.replace(event.old, event.new) if line == found.printed else line for line in body)


def _line_with(body: Sequence[str], words: str, event: Event) -> Line:
    found = [line for line in read_lines(body) if words and words in line.printed]
    _expect(len(found) == 1, event, f"{len(found)} lines have the words {words!r}; name words of exactly one")
    return found[0]


def _retitled(title: str, event: Event) -> str:
    _expect(title == event.old, event, f"old: the title is {title}")
    return event.new


def _expect(holds: bool, event: Event, remedy: str) -> None:
    if not holds:
        raise OperatorError(f"timeline.yaml: {event.op} {event.plan}: {remedy}")


def _read_day(path: Path, number: int, raw: Mapping[str, Any]) -> Day:
    try:
        events = tuple(_read_event(item) for item in raw.get("events") or ())
        return Day(number, as_date(raw["date"]), str(raw.get("note", "")), events)
    except (KeyError, TypeError, ValueError) as error:
        raise OperatorError(f"{path}: day {number}: {error}") from error


def _read_event(raw: Mapping[str, Any]) -> Event:
    if raw["op"] not in get_args(Op):
        raise ValueError(f"op: {raw['op']} is none of {', '.join(get_args(Op))}")
    known: dict[str, Any] = dict(raw)
    if "date" in known:
        known["date"] = as_date(known["date"])
    return Event(**known)
