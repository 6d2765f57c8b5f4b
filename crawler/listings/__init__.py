"""Listings: one module a type, with `check(rules)` and `read(capture, rules, number)`. A new type is a new file here."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from store.flow import Capture, Listing

if TYPE_CHECKING:
    from crawler.sources.schema import ListingRules


class Reader(Protocol):
    """What a listing module gives."""

    def check(self, rules: ListingRules) -> None:
        """Raise ValueError, with the remedy, when the rules don't suit this type."""

    def read(self, capture: Capture, rules: ListingRules, number: int, charset: str | None) -> Listing:
        """The entries of one page, pure; `number` is its place in the listing, from 1, `charset` overrides."""


def types() -> list[str]:
    """Modules whose name begins with _ are what the types share."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))


def reader(kind: str) -> Reader:
    return cast(Reader, import_module(f"{__name__}.{kind}"))
