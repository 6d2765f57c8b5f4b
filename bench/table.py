"""The one table: what was measured beside a rival on the same work, as lines that a person reads and `python -m bench` gathers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

HEADER = (
    "| work | unit | yaodian | beside | its figure | ours ÷ its |",
    "|---|---|---:|---|---:|---:|",
)
_ROW = re.compile(r"\|(?:[^|]+\|){6}\s*")


def beside(work: str, unit: str, ours: float, theirs: Mapping[str, float]) -> None:
    """Print a row for each rival: figures in `unit`, of which less is better."""
    for rival, figure in theirs.items():
        print(f"| {work} | {unit} | {ours:.3g} | {rival} | {figure:.3g} | {ours / figure:.3g} |", flush=True)


def gathered(lines: Iterable[str]) -> list[str]:
    """The rows among what benches have printed."""
    return [line.rstrip() for line in lines if _ROW.fullmatch(line)]
