"""The way through one listing in one crawl: which page comes next, and when it is enough. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from store.flow import Filling, Listing

KNOWN_ENOUGH = 5
"""Known documents in a row after which the rest of a listing that was once read to its end is known, too. One alone may
be pinned to the top."""
MOST_FOUND = 20_000
"""New documents that one crawl takes from one listing; what has more is no list of work plans."""


class Step(NamedTuple):
    url: str
    number: int


@dataclass(slots=True)
class Walk:
    """From page to page of the listing that begins at `start`, `most` pages at most. With `filling`, how far an
    earlier back-fill came, it goes on to the end of the list: from where that one was cut, or only as far as what is
    not known."""

    start: str
    most: int
    filling: Filling | None = None
    is_cut: bool = False
    _pages: int = 0
    _found: int = 0
    _known: int = 0
    _following: str | None = None
    _brings_nothing: bool = False
    _has_jumped: bool = False
    _seen: set[int] = field(default_factory=set)

    def stood(self, following: str | None) -> None:
        """The page is as it was when it was read last (304)."""
        self._known += KNOWN_ENOUGH
        self._following, self._brings_nothing = following, True

    def read(self, listing: Listing, matched: int, found: int) -> None:
        """A page, with how many of its entries match, and how many of these were not known."""
        names = hash(tuple(entry.url for entry in listing.entries))
        # Many systems show their last page, or the first, for every number that is too high.
        self._following = None if names in self._seen else listing.next
        self._seen.add(names)
        self._known = 0 if found else self._known + matched
        self._found += found
        self._brings_nothing = not found

    def ended(self) -> None:
        """There is no such page: the list ended with the one before."""
        self._following, self._brings_nothing = None, True

    def step(self, number: int) -> Step | None:
        """The page to ask for after page `number`, which was read just now."""
        self._pages += 1
        if self._following is None:
            self._came_to(None)
            return None
        following = Step(self._following, number + 1)
        if self.filling is None:
            return following if number < self.most else None
        if self.filling.is_done:
            if self._known >= KNOWN_ENOUGH:
                return None
        else:
            following = self._resumed(following, self.filling)
            self._came_to(following)
        self.is_cut = self._pages >= self.most or self._found >= MOST_FOUND
        return None if self.is_cut else following

    def _resumed(self, following: Step, filling: Filling) -> Step:
        """Past what is new on the first pages, on to the page that the earlier back-fill was to read next."""
        if self._has_jumped or filling.url is None:
            return following
        if self._brings_nothing or following.number >= filling.number:
            self._has_jumped = True
            return max(following, Step(filling.url, filling.number), key=lambda step: step.number)
        return following

    def _came_to(self, step: Step | None) -> None:
        if self.filling is None:
            return
        if step is None:
            self.filling = Filling(None, 0, is_done=True)
        elif step.number >= self.filling.number:
            self.filling = Filling(step.url, step.number)
