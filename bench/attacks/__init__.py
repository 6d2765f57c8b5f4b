"""Attacks on the service, one module per class, found by scanning this folder; each reports what got through.

A new class is a new file with a docstring, `TITLE`, `BOTH_DATABASES` and `attempt`, as AttackClass describes them.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attack: what was tried, and what it achieved; `breach` is empty when the attack was blocked."""

    name: str
    breach: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a class of attacks runs: an initialised data directory of its own and its database.

    `is_short` asks for a sample that takes a few seconds; the bench runs all.
    """

    data: Path
    database_url: str
    is_short: bool = False


class AttackClass(Protocol):
    """What each module here provides."""

    __name__: str
    TITLE: str
    """The row's name in the table, in a few words."""
    BOTH_DATABASES: bool
    """True if the result could depend on the database."""

    def attempt(self, ground: Ground) -> Iterator[Attempt]:
        """Run every attack of the class and yield its outcome."""


@cache
def find_classes() -> dict[str, AttackClass]:
    """Return the attack classes by module name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name != "__main__")
    return {name: cast(AttackClass, import_module(f"{__name__}.{name}")) for name in names}
