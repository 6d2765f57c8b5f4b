"""The difference of two plans of 40 KB: what is told, and in which time, beside what other diffs do with them.

python -m bench.diff [REPEATS]
Exit status 1 if anything but the edits that were made is told, or if the middle of the times is above 10 ms.
"""

from __future__ import annotations

import difflib
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import fast_diff_match_patch
from rapidfuzz.distance import Indel, Levenshtein

from bench.mutation_noise import disturbed
from bench.mutation_pages import Print, Sheet, sheets
from bench.table import beside
from crawler.extraction.outline import outline
from demo.numbering import is_continuous, recount
from store.diff import diff_outlines
from store.flow import ItemChange
from store.normal import normalise

GOAL_MS = 10.0
SIZE = 40_000  # bytes of UTF-8

# Words that stand alone in the items chosen, so that each is marked as it is written here.
EDITS = (
    ("所", "间"),
    ("个", "处"),
    ("不少于", "超过"),
    ("完善", "健全"),
    ("全市", "本县"),
    ("人", "位"),
    ("年", "载"),
    ("的", "之"),
    ("补助", "津贴"),
    ("教师", "校长"),
    ("提高", "增加"),
)

Told = tuple[str, str, str]  # op, and the words that go and come


def plans() -> tuple[Sheet, tuple[str, ...], list[Told]]:
    """A plan, its new body, and what was done to it: an item added, two edited in five places, one moved to another
    section. A third of the long paragraphs is wrapped anew, and the indents are others."""
    base = _long()
    items = [at for at, line in enumerate(base.body) if line[0].isdigit() and len(line) > 60]
    first, second, moved, goal, after = (items[len(items) * k // 6] for k in (1, 2, 3, 4, 5))
    body = list(base.body)
    done: list[Told] = []
    for at, wanted in ((first, 3), (second, 2)):
        usable = [pair for pair in EDITS if pair[0] in body[at].partition(".")[2]][:wanted]
        assert len(usable) == wanted, body[at]
        for old, new in usable:
            label, dot, text = body[at].partition(".")
            body[at] = label + dot + text.replace(old, new, 1)
            done.append(("edited", old, new))
    line, added = body[moved], "完善中小学午休条件。投入资金860万元，配备可躺式午休桌椅，惠及学生4.6万名。"
    body.insert(after + 1, "1." + added)
    body.insert(goal, line)
    del body[moved]
    done += [("moved", "", _lead(line.partition(".")[2])), ("added", "", _lead(added))]
    recounted = recount(body, 5, continuous=is_continuous(base.body, 5))
    kept = replace(base, body=recounted)
    noises = ("re-wrapped paragraphs", "indent by NBSP")
    noisy, _ = disturbed(kept, Print("trs"), noises, random.Random(3))
    return base, noisy.body, sorted(done)


def _long() -> Sheet:
    """One plan out of those of the sample web, each in a section or more of it."""
    body: list[str] = []
    for sheet in sheets():
        if sheet.name.startswith("seed") or any(line.startswith("第") for line in sheet.body):
            continue
        if is_continuous(sheet.body, 5) and len("".join([*body, *sheet.body]).encode()) <= SIZE:
            body += sheet.body
    made = recount(recount(body, 3, continuous=False), 5, continuous=True)
    return Sheet("long", "某市教育工作要点", "某市教育局", "", "", (), made)


def told(items: tuple[ItemChange, ...]) -> list[Told]:
    """What is named beside numbers that shifted: each marked place of an edited item, the lead of any other."""
    found: list[Told] = []
    for item in items:
        if item.op == "edited":
            pairs = zip(item.old_spans, item.new_spans, strict=True)
            old, new = item.old or "", item.new or ""
            found += [("edited", old[a.start : a.end], new[b.start : b.end]) for a, b in pairs]
        elif item.op != "renumbered":
            found.append((item.op, "", _lead(item.new or item.old or "")))
    return sorted(found)


def _lead(text: str) -> str:
    return normalise(text.partition("。")[0])


def p50_ms(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) * 1000)
    return statistics.median(times)


def main() -> int:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    base, changed, wanted = plans()
    old, new = "\n".join(base.body), "\n".join(changed)
    before, after = outline(old), outline(new)
    found = diff_outlines(before, after)
    exact = told(found) == wanted
    print(
        f"{len(old.encode()) / 1000:.1f} KB and {len(new.encode()) / 1000:.1f} KB, {len(base.body)} paragraphs"
    )
    if not exact:
        print(f"told: {told(found)}\ndone: {wanted}")
    print(
        f"told: {[op for op, *_ in told(found)]}, {len(found)} with numbers that shifted; exactly what was done: {exact}"
    )
    ours = p50_ms(lambda: diff_outlines(before, after), repeats)
    flat = normalise(old), normalise(new)
    few = max(1, repeats // 15)
    rivals: list[tuple[str, Callable[[], object], int]] = [
        ("difflib, characters", lambda: difflib.SequenceMatcher(None, old, new, False).get_opcodes(), few),
        ("difflib, lines", lambda: difflib.SequenceMatcher(None, old.split("\n"), new.split("\n")).get_opcodes(), repeats),
        ("rapidfuzz Indel, characters", lambda: Indel.opcodes(old, new), repeats),
        ("rapidfuzz Levenshtein, normal characters", lambda: Levenshtein.opcodes(*flat), repeats),
        ("fast-diff-match-patch, characters", lambda: fast_diff_match_patch.diff(old, new, cleanup="Semantic"), repeats),
    ]  # fmt: skip
    print(f"{'':<44}{'p50 ms':>10}{'of ours':>10}{'hunks':>8}")
    print(f"{'yaodian, items and characters':<44}{ours:>10.2f}{1:>10}{len(told(found)):>8}")
    theirs = {}
    for name, work, times in rivals:
        spent = theirs[name] = p50_ms(work, times)
        print(f"{name:<44}{spent:>10.2f}{spent / ours:>10.1f}{_hunks(work()):>8}")
    beside("a diff of 40 KB", "CPU ms", ours, theirs)
    return 0 if exact and ours <= GOAL_MS else 1


def _hunks(result: object) -> int:
    """How many pieces a diff says have changed."""
    assert hasattr(result, "__iter__")
    return sum(step[0] not in ("equal", "=") for step in result)


if __name__ == "__main__":
    sys.exit(main())
