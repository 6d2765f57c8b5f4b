"""Where every character of a new outline comes from: the one fact from which both what is told of a change
(`store.diff`) and the patch that makes the new version of the old one (`store.patches`) follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from store.matching import Pairs, match, match_alike, rising
from store.reading import ROOT, Reading
from store.spans import Run, trusted, weave


@dataclass(frozen=True, slots=True)
class Alignment:
    """`origins` has for each new line the old line that it continues, None for a new one; `runs` the characters
    that are the same, in normal text. A line may lack an origin and still have runs: it was split off, and an old
    one without successor may have been merged."""

    old: Reading
    new: Reading
    origins: tuple[int | None, ...]
    runs: tuple[Run, ...]

    def successors(self) -> dict[int, int]:
        return {i: j for j, i in enumerate(self.origins) if i is not None}


def align(old: Reading, new: Reading) -> Alignment:
    """Lines that are equal or that stand for one another, then their characters: unit by unit (a numbered line
    and the paragraphs after it, however they are wrapped), then what is left under one parent, then what is left
    anywhere and reads alike."""
    pairs = match(old, new)
    weaving = _Weaving(old, new, pairs)
    weaving.weave_equal()
    for i, j in sorted(pairs.new_of.items()):
        weaving.weave_unit(old.units.get(i, []), new.units.get(j, []))
    for i, j in sorted(pairs.new_of.items()):
        weaving.weave_rest(old.children.get(i, []), new.children.get(j, []))
    match_alike(old, new, pairs, weaving.rest_of_old(), weaving.rest_of_new())
    weaving.weave_pairs()
    origins = tuple(pairs.old_of.get(j) for j in range(len(new.lines)))
    runs = sorted(weaving.runs, key=lambda run: (run.new, run.new_at))
    return Alignment(old, new, origins, tuple(runs))


class _Weaving:
    """The runs found so far, and the pairs of paragraphs that they show."""

    def __init__(self, old: Reading, new: Reading, pairs: Pairs) -> None:
        self.old, self.new, self.pairs = old, new, pairs
        self.runs: list[Run] = []
        self.woven_old: set[int] = set()
        self.woven_new: set[int] = set()

    def weave_equal(self) -> None:
        for i, j in self.pairs.new_of.items():
            if i != ROOT and (text := self.old.lines[i].text) and text == self.new.lines[j].text:
                self._keep([Run(i, 0, j, 0, len(text))])

    def weave_unit(self, olds: list[int], news: list[int]) -> None:
        """The unequal lines of two units, between the equal ones that kept their order."""
        if not self._unwoven_old(olds) or not self._unwoven_new(news):
            return
        places = {j: at for at, j in enumerate(news)}
        equal = [i for i in olds if self.pairs.new_of.get(i) in places and i in self.woven_old]
        fixed = rising([places[self.pairs.new_of[i]] for i in equal])
        stops = [(i, self.pairs.new_of[i]) for i in equal if places[self.pairs.new_of[i]] in fixed]
        at_old = at_new = 0
        for i, j in [*stops, (None, None)]:
            end_old = olds.index(i, at_old) if i is not None else len(olds)
            end_new = places[j] if j is not None else len(news)
            self._weave(olds[at_old:end_old], news[at_new:end_new])
            at_old, at_new = end_old + 1, end_new + 1

    def weave_rest(self, olds: list[int], news: list[int]) -> None:
        """The paragraphs under one parent that found nothing in their unit: a closing paragraph is read in the
        unit of the last item, which may be another one now."""
        rest_old, rest_new = set(self._unwoven_old(olds)), set(self._unwoven_new(news))
        self._weave(
            [i for i in olds if i in rest_old and not self.old.lines[i].heads],
            [j for j in news if j in rest_new and not self.new.lines[j].heads],
        )

    def weave_pairs(self) -> None:
        for i, j in self.pairs.new_of.items():
            if i != ROOT and i not in self.woven_old and j not in self.woven_new:
                self._keep(weave([(i, self.old.lines[i].text)], [(j, self.new.lines[j].text)]))

    def rest_of_old(self) -> list[int]:
        return [i for i in self._unwoven_old(range(len(self.old.lines))) if i not in self.pairs.new_of]

    def rest_of_new(self) -> list[int]:
        return [j for j in self._unwoven_new(range(len(self.new.lines))) if j not in self.pairs.old_of]

    def _unwoven_old(self, indices: Iterable[int]) -> list[int]:
        return [i for i in indices if i not in self.woven_old and self.old.lines[i].text]

    def _unwoven_new(self, indices: Iterable[int]) -> list[int]:
        return [j for j in indices if j not in self.woven_new and self.new.lines[j].text]

    def _weave(self, olds: list[int], news: list[int]) -> None:
        """Lines that are the same characters in other lines, of those whose successor is not known to be elsewhere;
        paragraphs without a successor get the one that has most of their characters."""
        here_old, here_new = {None, *olds}, {None, *news}
        olds = [i for i in self._unwoven_old(olds) if self.pairs.new_of.get(i) in here_new]
        news = [j for j in self._unwoven_new(news) if self.pairs.old_of.get(j) in here_old]
        if not olds or not news:
            return
        left = [(i, self.old.lines[i].text) for i in olds]
        right = [(j, self.new.lines[j].text) for j in news]
        runs = trusted(weave(left, right), left, right, self.pairs.new_of)
        self._keep(runs)
        shared: dict[tuple[int, int], int] = defaultdict(int)
        for run in runs:
            shared[run.old, run.new] += run.size
        for i, j in sorted(shared, key=lambda pair: (-shared[pair], pair)):
            if self.pairs.free(i, j):
                self.pairs.add(i, j)

    def _keep(self, runs: list[Run]) -> None:
        self.runs += runs
        self.woven_old.update(run.old for run in runs)
        self.woven_new.update(run.new for run in runs)
