"""What is to be run, apart from how: the seam between what is due and who does it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from store.agenda import Due

# A child costs a second of CPU to start, whatever it does then.
BATCH = 25


@dataclass(frozen=True, slots=True)
class Limits:
    """What a piece of work may take: seconds from start to end, and bytes of resident memory."""

    wall_s: float
    memory: int


@dataclass(frozen=True, slots=True)
class Work:
    """A command of `yaodian` to be run. `kind` says which sort it is, `sources` whom a crawl is for, `given` is what
    it reads from its standard input."""

    kind: str
    words: tuple[str, ...]
    limits: Limits
    sources: tuple[str, ...] = ()
    given: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a piece of work ended. `status` is its exit status, negative for a signal; `ended` are the sources whose
    crawl came to its end, `busy` those that another process was at; `stopped` says that it was we who ended it,
    `excused` that something failed that is no source's doing: the database, the disk."""

    work: Work
    status: int
    ended: frozenset[str]
    stopped: bool
    why: str = ""
    busy: frozenset[str] = frozenset()
    excused: bool = False


Tell = Callable[[Work, dict[str, Any]], None]
"""Hears of each event that a piece of work tells while it runs."""


class Runner(Protocol):
    """Runs work: in children of this process (`scheduler.children`), or elsewhere."""

    @property
    def free(self) -> int:
        """How many further pieces of work could begin at this moment."""

    async def run(self, work: Work) -> Ending:
        """Do it, and wait until it has ended."""

    async def stop(self) -> None:
        """End all that runs, in order if it ends in time."""


def batches(due: Iterable[Due], most: int, size: int = BATCH) -> list[tuple[str, ...]]:
    """What is due as at most so many crawls: a host is whole in one of them, so that nobody else asks it meanwhile,
    and what crashed before runs alone, so that it takes no other with it. Hosts share one of `size` sources."""
    hosts: dict[str, list[Due]] = defaultdict(list)
    for one in due:
        hosts[one.host].append(one)
    alone, shared = [], []
    for group in hosts.values():
        crashed = next((one for one in group if one.crashes), None)
        if crashed is not None:
            alone.append((crashed.id,))
        else:
            shared.append(tuple(one.id for one in group[:BATCH]))
    # Hosts wait for each other in a batch far less than a batch waits for its start.
    packed: list[list[str]] = []
    for ids in shared:
        if packed and len(packed[-1]) + len(ids) <= size:
            packed[-1] += ids
        else:
            packed.append(list(ids))
    # What is well goes first: it is what waits longest of all, and most of it.
    return [*map(tuple, packed), *alone][:most]
