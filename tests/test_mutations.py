"""No false alarm and nothing missed: labelled pairs of pages, and the short form of `bench.mutations`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter
from pathlib import Path

import pytest

from bench.mutation_cases import cases
from bench.mutation_edits import EDITS
from bench.mutation_noise import NOISES
from bench.mutation_words import Expected
from bench.mutations import run
from crawler.extraction import read
from store.diff import diff
from store.flow import Capture, Difference, ItemChange, Page
from store.normal import content_hash
from store.patches import apply, delta

pytestmark = pytest.mark.one_database

CHANGES = Path(__file__).parent / "examples" / "changes"


def page(path: Path) -> Page:
    headers = (("Content-Type", "text/html"),)
    at = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)
    return read(Capture("http://www.example.gov.cn/jyj/1.html", 200, headers, path.read_bytes(), at))


def marked(item: ItemChange) -> list[list[str]]:
    if item.op != "edited":
        return [[], []]
    sides = ((item.old or "", item.old_spans), (item.new or "", item.new_spans))
    return [[text[span.start : span.end] for span in spans] for text, spans in sides]


def said(found: Difference) -> dict[str, object]:
    """A difference in the form of expected.json."""
    return {
        "title": any(change.field == "title" for change in found.metadata),
        "items": [
            {"op": i.op, "old_path": i.old_path, "new_path": i.new_path, "marked": marked(i)}
            for i in found.items
        ],
        "attachments": [[change.op, change.name] for change in found.attachments],
    }


@pytest.mark.parametrize("folder", sorted(CHANGES.glob("*/*")), ids=lambda folder: folder.name)
def test_examples(folder: Path) -> None:
    """What the folder's name says: noise makes no version, an edit makes one and is told as expected.json has it."""
    before, after = page(folder / "before.html"), page(folder / "after.html")
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
    found = diff(before, after)
    assert said(found) == expected
    assert (content_hash(before) != content_hash(after)) == (folder.parent.name == "edit")
    assert apply(delta(before, after), before) == after


def test_every_kind_of_noise_and_of_edit() -> None:
    results = run(cases(seed=1, size=1))
    wrong = [
        (result.case.kind, result.case.name, result.verdict) for result in results if result.verdict.fault
    ]
    assert wrong == []
    kinds = Counter(result.case.kind for result in results)
    assert {f"noise: {name}" for name in NOISES} <= set(kinds)
    assert {f"{form}: {name}" for form in ("edit", "edit under noise") for name in EDITS} <= set(kinds)


def test_the_suite_sees_what_is_wrong() -> None:
    """A judge that lets everything pass proves nothing."""
    edits = [case for case in cases(2, 1) if case.kind.startswith("edit:") and not case.expected.is_none]
    silent = [dataclasses.replace(case, expected=Expected()) for case in edits]
    assert {result.verdict.fault for result in run(silent)} == {"false alarm"}
    unedited = [dataclasses.replace(case, after=case.before) for case in edits]
    assert {result.verdict.fault for result in run(unedited)} == {"missed"}
    others = [
        dataclasses.replace(case, expected=other.expected, loose=False)
        for case, other in zip(edits, [*edits[1:], edits[0]], strict=True)
    ]
    assert None not in {result.verdict.fault for result in run(others)}
