"""What became of each item of a document between two versions: pure, without database or network.
What counts as equal is said in `store.normal`, which line is which in `store.matching`."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from typing import NamedTuple

from store.alignment import Alignment, align
from store.flow import (
    Attachment,
    AttachmentChange,
    Difference,
    FieldChange,
    ItemChange,
    ItemOp,
    Metadata,
    Node,
    Page,
    Period,
)
from store.matching import rising
from store.normal import attachment_content, attachment_key, normalise, outline_of, wording
from store.reading import ROOT, Reading, read
from store.spans import Run, gaps, printed, tidy

Intervals = list[tuple[int, int]]


def diff(old: Page, new: Page) -> Difference:
    """All that differs between two versions. Empty items, title and attachments go with an equal content hash;
    metadata may differ all the same."""
    return Difference(
        items=diff_outlines(outline_of(old), outline_of(new)),
        metadata=_diff_fields(old, new),
        attachments=_diff_attachments(old.attachments, new.attachments),
    )


def fills(old: Page, new: Page) -> bool:
    """Whether all that differs is that attachments could be read now whose content was not known before: a version
    worth keeping, and nothing that anybody did to the document."""
    known = {attachment_key(attachment) for attachment in old.attachments if attachment.digest}
    learned = {a.url for a in new.attachments if a.url and a.digest and attachment_key(a) not in known}
    if not learned:
        return False
    difference = diff(old, _without(new, learned))
    gained = all(field.old is None for field in difference.metadata)
    return gained and not difference.items and not difference.attachments


def _without(page: Page, urls: set[str]) -> Page:
    """The page as it reads while these attachments are not known."""
    attachments = tuple(
        Attachment(a.url, a.name, a.media_type) if a.url in urls else a for a in page.attachments
    )
    page = replace(page, attachments=attachments)
    if page.cover is None or page.text_from not in urls:
        return page
    return replace(page, text=page.cover, outline=(), text_from=None, cover=None)


def diff_outlines(old: tuple[Node, ...], new: tuple[Node, ...]) -> tuple[ItemChange, ...]:
    """Every node that changed, once, in the order of the new version, a removed one where it stood.

    added, removed   a line without counterpart, each line of a section by itself
    edited           other words, possibly at another place too (then the paths differ)
    moved            the same words under another parent, or elsewhere among its siblings; of siblings that
                     changed places as few are named as explain the new order
    renumbered       the same words at the same place with another number, mostly because something was inserted
                     or removed above. Nothing was said anew: for a reader of digests these are one line, "后续
                     12 条序号顺延". They are named all the same, since who cites 第12条 needs to know
    nothing          only the path's outer labels differ, the paragraph is wrapped, merged or split differently,
                     or only typing differs (`store.normal`)

    `old` and `new` are the node's whole text, in every op but added and removed both. A paragraph that was merged
    into another and edited is named with that other's text. Of added and removed lines nothing is marked, all
    of them differs.
    """
    before, after = read(old), read(new)
    if _wording(before) == _wording(after):
        return ()
    return _changes(align(before, after))


def _wording(reading: Reading) -> str:
    return wording((line.number, line.text) for line in reading.lines)


def _changes(alignment: Alignment) -> tuple[ItemChange, ...]:
    old, new, successors = alignment.old, alignment.new, alignment.successors()
    marks = _marks(alignment)
    found: list[tuple[tuple[int, int, int], ItemChange]] = []
    touched_old, touched_new = {run.old for run in alignment.runs}, {run.new for run in alignment.runs}
    survivors = sorted(successors)
    for i, line in enumerate(old.lines):
        if i not in successors and i not in touched_old and (line.heads or line.text):
            at = bisect_right(survivors, i)
            after = successors[survivors[at - 1]] if at else ROOT
            change = ItemChange("removed", line.path, None, line.node.heading, line.node.text, None)
            found.append(((after, 1, i), change))
    moved = _moved(alignment)
    for j, line in enumerate(new.lines):
        origin = alignment.origins[j]
        if origin is not None:
            op: ItemOp | None = "moved" if j in moved else None
            if op is None and old.lines[origin].number != line.number:
                op = "renumbered"
            if op and (origin, j) not in marks:
                found.append(((j, 0, origin), _paired(op, old, new, origin, j, ([], []))))
        elif j not in touched_new and (line.heads or line.text):
            change = ItemChange("added", None, line.path, line.node.heading, None, line.node.text)
            found.append(((j, 0, ROOT), change))
    for (i, j), intervals in marks.items():
        found.append(((j, 0, i), _paired("edited", old, new, i, j, intervals)))
    return tuple(change for _, change in sorted(found, key=lambda placed: placed[0]))


def _paired(
    op: ItemOp, old: Reading, new: Reading, i: int, j: int, marks: tuple[Intervals, Intervals]
) -> ItemChange:
    left, right = old.lines[i], new.lines[j]
    return ItemChange(
        op,
        left.path,
        right.path,
        right.node.heading or left.node.heading,
        left.node.text,
        right.node.text,
        printed(left.node.text, marks[0]),
        printed(right.node.text, marks[1]),
    )


def _marks(alignment: Alignment) -> dict[tuple[int, int], tuple[Intervals, Intervals]]:
    """For each old line and the new line that it continues in: the intervals of both normal texts that differ.
    Where nothing differs there is no entry."""
    old, new = ([line.text for line in side.lines] for side in (alignment.old, alignment.new))
    between: dict[tuple[int, int], list[Run]] = defaultdict(list)
    for run in alignment.runs:
        between[run.old, run.new].append(run)
    of_old: dict[int, list[_Stretch]] = {i: [] for i in alignment.successors()}
    of_new: dict[int, list[_Stretch]] = {j: [] for j, i in enumerate(alignment.origins) if i is not None}
    for (i, j), runs in between.items():
        for run in tidy(runs, old[i], new[j]):
            end_old, end_new = run.old_at + run.size, run.new_at + run.size
            left = _Stretch(run.old_at, end_old, j, run.new_at > 0, end_new < len(new[j]))
            right = _Stretch(run.new_at, end_new, i, run.old_at > 0, end_old < len(old[i]))
            of_old.setdefault(i, []).append(left)
            of_new.setdefault(j, []).append(right)
    successors = alignment.successors()
    marks: dict[tuple[int, int], tuple[Intervals, Intervals]] = defaultdict(lambda: ([], []))
    for i, stretches in of_old.items():
        for j, gap in _gaps(len(old[i]), stretches, successors.get(i)):
            marks[i, j][0].append(gap)
    for j, stretches in of_new.items():
        for i, gap in _gaps(len(new[j]), stretches, alignment.origins[j]):
            marks[i, j][1].append(gap)
    return dict(marks)


class _Stretch(NamedTuple):
    """Characters [start, end) of a line that are those of line `other` of the other version, and whether that
    line has more before and after them."""

    start: int
    end: int
    other: int
    has_more_before: bool
    has_more_after: bool


def _gaps(size: int, stretches: list[_Stretch], partner: int | None) -> Iterator[tuple[int, tuple[int, int]]]:
    """What lies between the stretches, each with the line of the other version that it differs from: that of the
    stretch before or after, and of these the one with something there that differs, too."""
    stretches = sorted(stretches)
    for gap in gaps(size, [(stretch.start, stretch.end) for stretch in stretches]):
        at = bisect_left(stretches, gap[1], key=lambda stretch: stretch.start)
        before, after = stretches[at - 1] if at else None, stretches[at] if at < len(stretches) else None
        if before and (before.has_more_after or not (after and after.has_more_before)):
            yield before.other, gap
        elif after:
            yield after.other, gap
        elif partner is not None:
            yield partner, gap


def _moved(alignment: Alignment) -> set[int]:
    """The new lines whose origin had another parent, or whose order among the siblings that stayed together
    changed. For a paragraph it is enough to follow the same item or heading as before: whether it hangs on it
    or stands beside it is layout."""
    old, new = alignment.old, alignment.new
    successors = {ROOT: ROOT, **alignment.successors()}
    moved: set[int] = set()
    siblings: dict[int, list[int]] = defaultdict(list)
    for j, line in enumerate(new.lines):
        origin = alignment.origins[j]
        if origin is None:
            continue
        before = old.lines[origin]
        if successors.get(before.parent) == line.parent:
            siblings[line.parent].append(origin)
        elif line.heads or before.heads or successors.get(before.head) != line.head:
            moved.add(j)
    for origins in siblings.values():
        # of two that changed places around a third, the third has its number still
        same = {i for i in origins if old.lines[i].number == new.lines[successors[i]].number}
        kept = rising(origins, same)
        moved.update(successors[origin] for origin in origins if origin not in kept)
    return moved


def _diff_fields(old: Page, new: Page) -> tuple[FieldChange, ...]:
    """Title, cover and metadata by the names of the page's JSON, in its order."""
    found = []
    if normalise(old.title or "") != normalise(new.title or ""):
        found.append(FieldChange("title", old.title, new.title))
    if None not in (old.cover, new.cover) and normalise(old.cover or "") != normalise(new.cover or ""):
        found.append(FieldChange("cover", old.cover, new.cover))
    for field in fields(Metadata):
        left, right = getattr(old.metadata, field.name), getattr(new.metadata, field.name)
        if _comparable(left) != _comparable(right):
            found.append(FieldChange(field.name, _json(left), _json(right)))
    return tuple(found)


def _comparable(value: object) -> object:
    """A text by its normal form; a time by its day, since publishing again stamps the hour anew, and templates
    come to print it or cease to."""
    if isinstance(value, str):
        return normalise(value) or None
    return value.date() if isinstance(value, dt.datetime) else value


def _json(value: object) -> object:
    if isinstance(value, Period):
        return {"start": value.start, "end": value.end}
    return value.isoformat() if isinstance(value, dt.date) else value


def _diff_attachments(old: Iterable[Attachment], new: Iterable[Attachment]) -> tuple[AttachmentChange, ...]:
    """Files that came, went, or were replaced: other content under the same address, or, where the content is not
    known, another file under the same name (also: the same file under another name). In the order of the new page,
    then what is gone."""
    before = {attachment_key(attachment): attachment for attachment in old}
    after = {attachment_key(attachment): attachment for attachment in new}
    gone = [key for key in before if key not in after]
    found: dict[tuple[str, str], AttachmentChange | None] = {
        key: AttachmentChange("edited", attachment.name) if _differ(before[key], attachment) else None
        for key, attachment in after.items()
        if key in before
    }
    for part in (0, 1):  # the name, then the file
        for key in after:
            # one new file replaces one old file, though a page may call all of its links 下载
            replaced = next((g for g in gone if g[part] == key[part]), None)
            if key not in found and replaced:
                gone.remove(replaced)
                same = part == 0 and _differ(before[replaced], after[key]) is False
                found[key] = None if same else AttachmentChange("edited", after[key].name)
    changes = (found.get(key, AttachmentChange("added", after[key].name)) for key in after)
    return (
        *(change for change in changes if change is not None),
        *(AttachmentChange("removed", before[key].name) for key in gone),
    )


def _differ(old: Attachment, new: Attachment) -> bool | None:
    """Whether the contents differ; None where one of them is not known."""
    if not old.digest or not new.digest:
        return None
    return old.digest != new.digest and attachment_content(old) != attachment_content(new)
