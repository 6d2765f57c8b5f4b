"""How much of the index to go through at a time, newest rows first. Pure.

FTS5 gives rows in their order as they are asked for. PostgreSQL's GIN names all rows that have the words at once, in no
order, and each is then read and tested for its phrases; its planner takes the characters of a phrase for independent and
expects a hundredth of what there is. So the newest rows are gone through by their numbers first, and how many of these
have the words tells which way is less work for the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FIRST = 20_000
"""Rows; some 15 ms."""
# Microseconds to test a row in its order, and to read and test one that GIN names (PostgreSQL 15, 1.5 million rows).
IN_ORDER_US, NAMED_US = 0.65, 2.3
ROOM = 1.5


Way = Literal["as they come", "in order", "by index"]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows before a number, from `floor` on (without a floor all of them), and how they are gone through: as the
    database gives them, tested one by one in their order, or those that the index names."""

    before: int | None
    floor: int | None = None
    way: Way = "as they come"


def window(newest: int, before: int, hits: int, wanted: int) -> Window:
    """The rows to go through next, when those from `newest` down to `before` had so many hits and as many more are
    `wanted`."""
    looked = newest + 1 - before
    if not looked:
        return _down(before, FIRST)
    density = hits / looked
    if density * before * NAMED_US <= wanted * IN_ORDER_US / max(density, 1e-9):
        return Window(before, way="by index")
    return _down(before, max(FIRST, round(ROOM * wanted / density)))


def _down(before: int, rows: int) -> Window:
    return Window(before, before - rows if before > rows else None, "in order")
