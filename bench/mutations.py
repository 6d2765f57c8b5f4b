"""False alarms and missed changes over some thousand pairs of pages, by kind of noise and of edit.

python -m bench.mutations [--seed N] [--size N] [--kind WORDS] [--verbose]
Exit status 1 if anything was told that did not happen, or not told that did.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.mutation_cases import Case, cases
from bench.mutation_words import Told
from crawler.extraction import read
from demo.numbering import label_of, read_lines
from store.diff import diff
from store.flow import Capture, Difference, ItemChange, Page, Span, walk
from store.normal import content_hash, normalise, number

Fault = Literal["false alarm", "missed", "wrong item", "wrong span", "wrong field"]
FAULTS: tuple[Fault, ...] = ("false alarm", "missed", "wrong item", "wrong span", "wrong field")


@dataclass(frozen=True, slots=True)
class Verdict:
    fault: Fault | None
    detail: str = ""


def judge(case: Case, before: Page, after: Page) -> Verdict:
    """What hash and difference of two pages say, held against what was done."""
    is_version = content_hash(before) != content_hash(after)
    found = diff(before, after)
    told = [item for item in found.items if item.op != "renumbered"]
    title = any(change.field == "title" for change in found.metadata)
    if is_version != bool(found.items or found.attachments or title):
        return Verdict("wrong item", f"the hashes differ: {is_version}, but the difference is {found}")
    expected = case.expected
    if expected.is_none:
        return Verdict("false alarm", _plainly(found)) if is_version else Verdict(None)
    if not is_version:
        return Verdict("missed", str(expected))
    if title != expected.title:
        return Verdict("false alarm" if title else "missed", "title")
    files = sorted((change.op, normalise(change.name)) for change in found.attachments)
    if files != sorted(expected.attachments):
        return Verdict("wrong item", f"attachments: {found.attachments}")
    if expected.whole:
        return _judge_whole(case, told)
    verdicts = [_judge_items(case, way, told, before, after) for way in expected.ways]
    best = next((verdict for verdict in verdicts if verdict.fault is None), verdicts[0])
    if best.fault or (best := _judge_numbers(case, found.items)).fault:
        return best
    fields = [change for change in found.metadata if change.field != "title"]
    return Verdict("wrong field", f"{fields}") if fields and not case.fields_may_differ else best


def _plainly(found: Difference) -> str:
    lines = [f"{i.op} {i.old_path} {i.new_path}: {i.old!r} → {i.new!r}" for i in found.items]
    return "; ".join([*lines, *map(str, found.metadata), *map(str, found.attachments)])


def _judge_items(
    case: Case, way: Sequence[Told], found: Sequence[ItemChange], before: Page, after: Page
) -> Verdict:
    left = list(found)
    for told in way:
        same = [item for item in left if _is_told(told, item, loose=case.loose)]
        if not same:
            named = "; ".join(f"{i.op} {i.old_path} {i.new_path}: {i.old!r} → {i.new!r}" for i in found)
            return Verdict("wrong item" if found else "missed", f"{told} is not among: {named}")
        same = same if case.loose else same[:1]
        for item in same:
            left.remove(item)
            if not case.loose and not _in_place(case, told, item, before, after):
                return Verdict("wrong item", f"{told} is told at {item.old_path} {item.new_path}")
        if fault := _wrong_marks(told, same, loose=case.loose):
            return Verdict("wrong span", fault)
    if left:
        named = "; ".join(f"{i.op} {i.old_path} {i.new_path}: {i.old!r} → {i.new!r}" for i in left)
        return Verdict("false alarm", f"beside {way}: {named}")
    return Verdict(None)


def _words(line: str | None) -> str | None:
    return None if line is None else normalise(line[len(label_of(line)[0]) :])


def _is_told(told: Told, item: ItemChange, *, loose: bool) -> bool:
    if loose and (told.op, item.op) == ("edited", "added"):
        # a sentence that came stands in a paragraph of its own
        return len(normalise(item.new or "")) <= told.come and normalise(item.new or "") in normalise(
            told.new or ""
        )
    if loose and (told.op, item.op) == ("added", "edited"):
        # a paragraph that came goes on in the line of the one before it
        return normalise(told.new or "") in normalise(item.new or "")
    if item.op != told.op:
        return False
    for line, text in ((told.old, item.old), (told.new, item.new)):
        words, said = _words(line), None if text is None else normalise(text)
        if words is None or said is None:
            if (words is None) != (said is None):
                return False
        elif words != said and not (loose and (said in normalise(line or "") or words in said)):
            return False
    return True


def _in_place(case: Case, told: Told, item: ItemChange, before: Page, after: Page) -> bool:
    sides = (
        (told.old, item.old_path, case.lines[0], before),
        (told.new, item.new_path, case.lines[1], after),
    )
    for line, path, lines, page in sides:
        if line is None:
            continue
        own = [other.path for other in read_lines(lines) if other.printed == line and other.level]
        if own:
            right = [_counts(known) == _counts(path or "") for known in own]
        else:
            words = normalise(line)
            right = [known == path for known, node in walk(page.outline) if normalise(node.text) == words]
        if not any(right):
            return False
    return True


def _counts(path: str) -> list[str | None]:
    return [number(label) for label in path.split("/")]


def _wrong_marks(told: Told, items: Iterable[ItemChange], *, loose: bool) -> str | None:
    """What is not marked must be the same on both sides (if both are cut the same way), and no more be marked than
    was edited."""
    gone = come = 0
    if told.op == "added":
        told = replace(told, come=len(told.new or ""))
    for item in items:
        kept_old, kept_new = (
            _unmarked(item.old or "", item.old_spans),
            _unmarked(item.new or "", item.new_spans),
        )
        if not loose and item.op not in ("added", "removed") and kept_old != kept_new:
            return f"{item.old_path}: what is not marked differs: {kept_old!r} and {kept_new!r}"
        gone += sum(len(normalise((item.old or "")[s.start : s.end])) for s in item.old_spans)
        come += sum(len(normalise((item.new or "")[s.start : s.end])) for s in item.new_spans)
    if gone > told.gone or come > told.come:
        return f"{gone} and {come} characters are marked, {told.gone} and {told.come} were edited: {told}"
    return None


def _unmarked(text: str, spans: Sequence[Span]) -> str:
    kept, at = [], 0
    for span in spans:
        kept.append(text[at : span.start])
        at = span.end
    return normalise("".join([*kept, text[at:]]))


def _judge_whole(case: Case, told: Sequence[ItemChange]) -> Verdict:
    for lines, other, texts in (
        (*case.lines, {normalise(i.old) for i in told if i.old}),
        (*case.lines[::-1], {normalise(i.new) for i in told if i.new}),
    ):
        said = "".join(texts)
        for line in set(lines) - set(other):
            if (_words(line) or "") not in said and not case.loose:
                return Verdict("missed", line)
    return Verdict(None)


def _judge_numbers(case: Case, found: Sequence[ItemChange]) -> Verdict:
    """Renumbered are the lines with another number and the same words, all of them, unless they are named as moved."""
    if case.loose or not any(case.lines):
        return Verdict(None)
    numbers = [
        {_words(line.printed): number(line.label) for line in read_lines(lines) if line.level}
        for lines in case.lines
    ]
    named = {normalise(text) for i in found if i.op != "renumbered" for text in (i.old, i.new) if text}
    expected = {
        text
        for text, count in numbers[0].items()
        if text not in named and numbers[1].get(text, count) != count
    }
    told = {normalise(item.new or "") for item in found if item.op == "renumbered"}
    if told != expected:
        return Verdict("wrong item", f"renumbered: {sorted(map(str, told ^ expected))}")
    return Verdict(None)


@dataclass(frozen=True, slots=True)
class Result:
    case: Case
    verdict: Verdict


def run(wanted: Iterable[Case]) -> list[Result]:
    pages: dict[Capture, Page] = {}
    results = []
    for case in wanted:
        if case.before not in pages:
            pages[case.before] = read(case.before)
        results.append(Result(case, judge(case, pages[case.before], read(case.after))))
    return results


def table(results: Sequence[Result]) -> str:
    by_kind: dict[str, Counter[Fault | None]] = defaultdict(Counter)
    for result in results:
        by_kind[result.case.kind][result.verdict.fault] += 1
        by_kind["all"][result.verdict.fault] += 1
    head = f"{'kind':<52}{'cases':>7}" + "".join(f"{fault:>13}" for fault in FAULTS)
    lines = [head]
    for kind, counts in by_kind.items():
        if kind != "all":
            lines.append(_row(kind, counts))
    return "\n".join([*lines, _row("all", by_kind["all"])])


def _row(kind: str, counts: Counter[Fault | None]) -> str:
    wide = sum(ord(char) > 0x2E7F for char in kind)
    return f"{kind:<{52 - wide}}{counts.total():>7}" + "".join(f"{counts[fault]:>13}" for fault in FAULTS)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--size", type=int, default=20, help="cases of each kind; 1 is the short form")
    parser.add_argument("--kind", default="", help="only kinds whose name has these words")
    parser.add_argument("--verbose", action="store_true", help="name each case that failed")
    options = parser.parse_args()
    start = time.process_time()
    results = run(case for case in cases(options.seed, options.size) if options.kind in case.kind)
    print(table(results))
    print(f"{time.process_time() - start:.0f} CPU s")
    wrong = [result for result in results if result.verdict.fault]
    for result in wrong if options.verbose else wrong[:10]:
        print(
            f"{result.verdict.fault}: {result.case.kind}: {result.case.name}\n    {result.verdict.detail[:600]}"
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
