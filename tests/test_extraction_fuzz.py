"""Whatever is done to a page, reading it gives a Page, Blocked or Unreadable; python -m bench.fuzz_extraction does more."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.fuzz_extraction import EXAMPLES, LONGEST_S, corpus, fuzz, mutate, outcome

PAGES = corpus(EXAMPLES)


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0, max_value=2**63))
def test_a_damaged_page_is_read_or_refused(seed: int) -> None:
    assert outcome(mutate(PAGES, random.Random(seed))) in ("page", "blocked", "unreadable")


def test_every_mutation_is_counted() -> None:
    tally = fuzz(50, 3, PAGES)
    assert tally.failures == []
    assert sum(tally.counts.values()) == 50
    assert 0 < tally.slowest_s < LONGEST_S


def test_a_title_that_is_never_closed_takes_no_time() -> None:
    body = "<title>" + "某市教育局、" * 20_000 + "<p>一、总体要求</p>"
    assert fuzz(1, 1, [body.encode()]).failures == []


def test_a_long_number_takes_no_time() -> None:
    body = "<p>" + "页" + "1" * 400 + "x</p><p>" + "1" * 50 + "页x</p><p>一、总体要求</p>"
    tally = fuzz(1, 1, [body.encode()])
    assert tally.failures == []
    assert outcome(body.encode()) == "page"
