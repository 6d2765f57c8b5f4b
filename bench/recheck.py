"""How late a change is seen, by rule of rechecking, at the same number of requests. `python -m bench.recheck [documents]`

Five worlds, since nobody knows the true one; in each the documents are published, edited and looked at for two years.
Every rule has one scale, which is set by bisection so that all spend the same number of requests; then only the mean
delay from a change to the look that sees it differs. The last line of each world is the least that fixed intervals
chosen with knowledge of each document's true number of changes would give (the square-root rule with an oracle).
"""

from __future__ import annotations

import bisect
import datetime as dt
import math
import random
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from store import rechecks
from store.rechecks import Past

DAYS = 730.0
LOOKS = 70  # a document, in two years
SHORTEST, LONGEST = 2 / 24, 60.0
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

World = Callable[[random.Random], list[float]]


@dataclass(slots=True)
class Seen:
    """What a rule may know when it decides: days since publication, and what the looks so far have told."""

    now: float
    looks: int = 0
    changes: int = 0
    changed_at: float | None = None
    interval: float = 1.0
    has_just_changed: bool = False


Rule = Callable[[Seen, float], float]
"""The days until the next look, given what was seen and the scale."""


# ── worlds: the days on which a document changes ──


def settling(chance: random.Random, c: float = 0.25) -> list[float]:
    """Hazard c / (quiet + 1 day), with a factor of its own for each document: corrections soon, and soon again."""
    factor = chance.gammavariate(0.6, 1 / 0.6)
    return list(_renewals(chance, lambda u: math.exp(min(-math.log(u) / (c * factor + 1e-9), 50)) - 1))


def steady(chance: random.Random) -> list[float]:
    """A constant rate each, from one change in ten years to one in five days (log-uniform)."""
    rate = math.exp(chance.uniform(math.log(1 / 3650), math.log(1 / 5)))
    return list(_renewals(chance, lambda u: -math.log(u) / rate))


def errata(chance: random.Random) -> list[float]:
    """A third of the documents is mended one to three times within days; then one change in two years."""
    early = [chance.expovariate(1 / 4) for _ in range(chance.choice((0, 0, 1, 2, 3)))]
    return sorted([*early, *_renewals(chance, lambda u: -math.log(u) * 730)])


def yearly(chance: random.Random) -> list[float]:
    """Quiet, then a day of revision with several edits, about once a year."""
    days: list[float] = []
    for start in _renewals(chance, lambda u: -math.log(u) * 365):
        days += [start + chance.expovariate(1.0) for _ in range(chance.randint(1, 4))]
    return sorted(day for day in days if day < DAYS)


def mixed(chance: random.Random) -> list[float]:
    return chance.choice((settling, steady, errata, yearly))(chance)


WORLDS: tuple[World, ...] = (settling, steady, errata, yearly, mixed)


def _renewals(chance: random.Random, gap: Callable[[float], float]) -> Iterator[float]:
    day = 0.0
    while (day := day + max(gap(1 - chance.random()), 1e-3)) < DAYS:
        yield day


# ── rules ──


def fixed(seen: Seen, scale: float) -> float:
    return scale


def share_of_quiet(seen: Seen, scale: float) -> float:
    """An interval in proportion to the quiet time."""
    return scale * (seen.now - (seen.changed_at or 0.0) + 0.5)


def nutch(seen: Seen, scale: float) -> float:
    """Apache Nutch's AdaptiveFetchSchedule: a fifth shorter after a change, two fifths longer after none."""
    seen.interval *= 0.8 if seen.has_just_changed else 1.4
    seen.interval = min(max(seen.interval, SHORTEST), scale)
    return seen.interval


def poisson(seen: Seen, scale: float) -> float:
    """Cho and Garcia-Molina's estimator of a constant rate, and the square root of that."""
    mean_interval = seen.now / seen.looks if seen.looks else 1.0
    unchanged = seen.looks - seen.changes
    rate = -math.log((unchanged + 0.5) / (seen.looks + 0.5 + 1e-9)) / mean_interval if seen.looks else 0.1
    return scale / math.sqrt(max(rate, 1e-4))


def ours(seen: Seen, scale: float) -> float:
    """`store.rechecks`, its pace scaled."""
    now = START + dt.timedelta(days=seen.now)
    changed_at = None if seen.changed_at is None else START + dt.timedelta(days=seen.changed_at)
    wait = rechecks.next_check(now, Past(START, START, changed_at, seen.changes)) - now
    return wait / dt.timedelta(days=1) * scale


RULES: dict[str, Rule] = {
    "fixed interval": fixed,
    "share of quiet time": share_of_quiet,
    "Nutch adaptive": nutch,
    "Poisson, square root": poisson,
    "store.rechecks": ours,
}


# ── the simulation ──


def look(changes: list[float], rule: Rule, scale: float) -> tuple[int, float]:
    """Looks that were made at one document, and the sum of its changes' delays in days."""
    seen = Seen(0.0)
    delays, told = 0.0, 0
    while True:
        wait = min(max(rule(seen, scale), SHORTEST), LONGEST)
        seen.now += wait
        if seen.now >= DAYS:
            return seen.looks, delays + sum(DAYS - day for day in changes[told:])
        seen.looks += 1
        upto = bisect.bisect_right(changes, seen.now)
        seen.has_just_changed = upto > told
        if upto > told:
            delays += sum(seen.now - day for day in changes[told:upto])
            told, seen.changed_at = upto, seen.now
            seen.changes += 1


def measure(documents: list[list[float]], rule: Rule, looks: float) -> tuple[float, float]:
    """Looks a document, and mean delay in hours, at the scale that spends `looks`."""
    low, high = 0.02, 300.0
    for _ in range(16):
        scale = math.sqrt(low * high)
        spent = sum(look(changes, rule, scale)[0] for changes in documents) / len(documents)
        low, high = (scale, high) if spent > looks else (low, scale)
    found = [look(changes, rule, high) for changes in documents]
    changed = sum(map(len, documents))
    return sum(n for n, _ in found) / len(documents), 24 * sum(delay for _, delay in found) / changed


def oracle(documents: list[list[float]], looks: float) -> float:
    """Mean delay in hours of fixed intervals that know each document's number of changes."""
    roots = [math.sqrt(len(changes)) for changes in documents]
    spend = looks * len(documents) / sum(roots)
    changed = sum(map(len, documents))
    delays = sum(
        len(changes) * DAYS / (2 * spend * root)
        for changes, root in zip(documents, roots, strict=True)
        if root
    )
    return 24 * delays / changed


def table(size: int, worlds: tuple[World, ...] = WORLDS, looks: float = LOOKS) -> dict[str, dict[str, float]]:
    """Mean delay in hours by world and rule."""
    found: dict[str, dict[str, float]] = {}
    for world in worlds:
        chance = random.Random(f"{world.__name__} 20261125")
        documents = [world(chance) for _ in range(size)]
        found[world.__name__] = {name: measure(documents, rule, looks)[1] for name, rule in RULES.items()}
        found[world.__name__]["(oracle, fixed)"] = oracle(documents, looks)
    return found


def main() -> int:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    found = table(size)
    print(
        f"mean hours from a change to the look that sees it; {size} documents, {LOOKS} looks each in two years"
    )
    print(f"{'':22}" + "".join(f"{world:>10}" for world in found))
    for rule in next(iter(found.values())):
        print(f"{rule:22}" + "".join(f"{by_rule[rule]:10.1f}" for by_rule in found.values()))
    ratios = {
        world: by_rule["fixed interval"] / by_rule["store.rechecks"] for world, by_rule in found.items()
    }
    print(f"{'fixed ÷ ours':22}" + "".join(f"{ratio:10.2f}" for ratio in ratios.values()))
    return 0 if ratios["mixed"] > 1 else 1


if __name__ == "__main__":
    sys.exit(main())
