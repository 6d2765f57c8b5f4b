"""Formatting of a crawl's problems as the lines that are shown of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class Problem:
    """What could not be had or read; `sign` is the kind of its health event, `says` the sentence of it."""

    sign: str
    url: str
    says: str


def tell_problems(source: str, problems: Iterable[Problem]) -> tuple[str, ...]:
    """Return a line for each problem. What is wrong with several attachments alike is one line with their number: they
    mostly lie on one host, and a crawl may meet hundreds."""
    alike: dict[tuple[str, str, str], list[Problem]] = {}
    for problem in problems:
        place = "" if problem.sign == ATTACHMENT else problem.url
        alike.setdefault((problem.sign, problem.says, place), []).append(problem)
    return tuple(_tell(source, same) for same in alike.values())


def _tell(source: str, same: list[Problem]) -> str:
    line = f"{source}: {same[0].url}: {same[0].sign}: {same[0].says}"
    is_counted = same[0].sign == ATTACHMENT and len(same) > 1
    return f"{line} (and {len(same) - 1} more attachments)" if is_counted else line
