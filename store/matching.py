"""Which line of an old outline is which line of a new one: by content first, then place and number, then likeness.
Whole lines only; their characters are the matter of `store.spans`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Hashable, Iterable, Iterator, Sequence
from typing import TypeVar

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from store.reading import ROOT, Reading

_Key = TypeVar("_Key", bound=Hashable)

# Two unrelated items of five real plans reach 34 (fuzz.ratio), so 60 is no accident, and neither is 40 for two lines
# that also stand in the same place or bear the same number.
ALIKE = 60.0
ALIKE_IN_PLACE = 40.0
# A heading such as 发展基础 → 发展环境 has few characters to be alike in; its place has to speak for it.
ALIKE_IN_PLACE_SHORT = 25.0
SHORT = 16
# Below this length equal words are no sign of being the same line ("责任单位：办公室" ends a dozen items).
TELLING = 12

# Bounds for inputs that no plan comes near; two different plans of 14 000 characters are at a sixth of them.
MAX_SIBLING_CELLS = 50_000_000  # 6 MB of bits; beyond, siblings are matched in order
MAX_STEPS = 20_000_000  # some 0.5 s; beyond, a line is compared with those at about its position
STEPS_A_PAIR = 8
MAX_RIVALS = 20
MAX_COMPARED = 5_000  # characters of a line
ROUNDS = 4


class Pairs:
    """Which old line is which new one, one to one, both ways. The two documents themselves belong together."""

    def __init__(self) -> None:
        self.new_of: dict[int, int] = {ROOT: ROOT}
        self.old_of: dict[int, int] = {ROOT: ROOT}

    def __len__(self) -> int:
        return len(self.new_of)

    def add(self, old: int, new: int) -> None:
        self.new_of[old] = new
        self.old_of[new] = old

    def free(self, old: int, new: int) -> bool:
        return old not in self.new_of and new not in self.old_of


def match(old: Reading, new: Reading) -> Pairs:
    """Pairs of equal lines, and of headings and items that are one another's successors.

    In this order: equal text at the same place, equal text elsewhere, however it is wrapped, headings by what stands under them, then
    likeness, in which place and number decide between rivals. A number alone proves nothing: one inserted item
    renumbers all that follow. Paragraphs that differ stay unmatched, they may have been merged or split.
    """
    pairs = Pairs()
    _match_in_place(old, new, pairs)
    _match_unique(_once(old), _once(new), pairs)
    _match_unique(_units_once(old, pairs.new_of), _units_once(new, pairs.old_of), pairs)
    for _ in range(ROUNDS):
        known = len(pairs)
        _match_families(old, new, pairs)
        _match_in_place(old, new, pairs)
        lefts = [i for i, line in enumerate(old.lines) if line.heads and i not in pairs.new_of]
        rights = [j for j, line in enumerate(new.lines) if line.heads and j not in pairs.old_of]
        match_alike(old, new, pairs, lefts, rights)
        if len(pairs) == known:
            break
    return pairs


def rising(sequence: Sequence[int], kept_rather: Container[int] = ()) -> set[int]:
    """A longest subsequence of distinct numbers that only rises: what has kept its order when the rest has moved.
    Of several equally long ones, one with most of `kept_rather`."""
    order = {value: place for place, value in enumerate(sorted(sequence), start=1)}
    # A tree of prefix maxima (Fenwick): the best chain that ends at or below a value, as (length, rather, value).
    best: list[tuple[int, int, int]] = [(0, 0, ROOT)] * (len(order) + 1)
    before: dict[int, int] = {}
    for value in sequence:
        longest, at = best[0], order[value] - 1
        while at:
            longest, at = max(longest, best[at]), at & (at - 1)
        before[value] = longest[2]
        chain = (longest[0] + 1, longest[1] + (value in kept_rather), value)
        at = order[value]
        while at < len(best):
            best[at], at = max(best[at], chain), at + (at & -at)
    kept: set[int] = set()
    longest, at = best[0], len(order)
    while at:
        longest, at = max(longest, best[at]), at & (at - 1)
    last = longest[2]
    while longest[0] and len(kept) < longest[0]:
        kept.add(last)
        last = before[last]
    return kept


def _match_in_place(old: Reading, new: Reading, pairs: Pairs) -> None:
    """Equal text under the same parent, in the same order (a longest common subsequence, so the one paragraph of
    several identical ones that was removed is found by its neighbours). From the outermost in."""
    for parent in range(ROOT, len(old.lines)):
        if parent not in pairs.new_of:
            continue
        lefts = [i for i in old.children.get(parent, ()) if i not in pairs.new_of]
        rights = [j for j in new.children.get(pairs.new_of[parent], ()) if j not in pairs.old_of]
        if lefts and rights:
            for i, j in _common([old.lines[i].text for i in lefts], [new.lines[j].text for j in rights]):
                pairs.add(lefts[i], rights[j])


def _common(left: list[str], right: list[str]) -> Iterator[tuple[int, int]]:
    """Positions of a longest common subsequence."""
    if len(left) * len(right) > MAX_SIBLING_CELLS:
        yield from _equal_in_order(left, right)
        return
    for block in Indel.editops(left, right).as_matching_blocks():
        for k in range(block.size):
            yield block.a + k, block.b + k


def _equal_in_order(left: list[str], right: list[str]) -> Iterator[tuple[int, int]]:
    """The first of a text with the first of the same, the second with the second; in whatever order they stand."""
    places: dict[str, list[int]] = defaultdict(list)
    for j in reversed(range(len(right))):
        places[right[j]].append(j)
    for i, text in enumerate(left):
        if places[text]:
            yield i, places[text].pop()


def _match_unique(lefts: dict[str, int], rights: dict[str, int], pairs: Pairs) -> None:
    """Text that each version has once, wherever it stands now."""
    for text, i in lefts.items():
        j = rights.get(text)
        if j is not None and pairs.free(i, j):
            pairs.add(i, j)


def _once(reading: Reading) -> dict[str, int]:
    """Lines by their text; short paragraphs excepted (see TELLING)."""
    counts = Counter(line.text for line in reading.lines)
    return {
        line.text: index
        for index, line in enumerate(reading.lines)
        if line.text and counts[line.text] == 1 and (line.heads or len(line.text) >= TELLING)
    }


def _units_once(reading: Reading, matched: dict[int, int]) -> dict[str, int]:
    """Unmatched items by their text and that of the paragraphs up to the next one: wrapped anew, it is the same."""
    left = [i for i, line in enumerate(reading.lines) if line.number is not None and i not in matched]
    texts = {i: _unit(reading, i) for i in left}
    counts = Counter(texts.values())
    return {text: i for i, text in texts.items() if counts[text] == 1 and len(text) >= TELLING}


def _match_families(old: Reading, new: Reading, pairs: Pairs) -> None:
    """A section whose heading was rewritten is known by its children: half of them (by length, of the larger
    family) found again under one new heading. Innermost first."""
    for i in reversed(range(len(old.lines))):
        if i in pairs.new_of or i not in old.children:
            continue
        votes: Counter[int] = Counter()
        for child in old.children[i]:
            if (found := pairs.new_of.get(child)) is not None:
                parent = new.lines[found].parent
                if parent not in pairs.old_of:
                    votes[parent] += _weight(old, (child,))
        if votes:
            j, weight = votes.most_common(1)[0]
            if 2 * weight >= max(_weight(old, old.children[i]), _weight(new, new.children[j])):
                pairs.add(i, j)


def _weight(reading: Reading, indices: Iterable[int]) -> int:
    return sum(len(reading.lines[i].text) + 1 for i in indices)


def match_alike(old: Reading, new: Reading, pairs: Pairs, lefts: list[int], rights: list[int]) -> None:
    """Pairs unmatched lines that read alike, the most alike first; the same parent is worth 20 points and the
    same number 10, so that of two likely successors the one in place wins."""
    if not lefts or not rights:
        return
    ratios = _ratios(old, new, lefts, rights)
    near = set(_near(old, new, pairs, lefts, rights))
    for i, j in near:
        ratios[i, j] = max(ratios.get((i, j), 0.0), _ratio(old, new, i, j))
    ranked = []
    for (i, j), ratio in ratios.items():
        left, right = old.lines[i], new.lines[j]
        in_place = pairs.new_of.get(left.parent) == right.parent
        longest = max(len(left.text), len(right.text))
        enough = ALIKE
        if (i, j) in near:
            enough = ALIKE_IN_PLACE_SHORT if longest <= SHORT else ALIKE_IN_PLACE
        if ratio >= enough and (in_place or longest >= TELLING):
            ranked.append((-(ratio + 20 * in_place + 10 * (left.number == right.number)), i, j))
    for _, i, j in sorted(ranked):
        if pairs.free(i, j):
            pairs.add(i, j)


def _ratio(old: Reading, new: Reading, i: int, j: int) -> float:
    """Likeness of two lines, 0–100; or of their units, should the end of the one be a paragraph of the other."""
    own = fuzz.ratio(_own(old, i), _own(new, j))
    return max(own, fuzz.ratio(_unit(old, i), _unit(new, j)))


def _own(reading: Reading, index: int) -> str:
    return reading.lines[index].text[:MAX_COMPARED]


def _unit(reading: Reading, index: int) -> str:
    """A heading or item with the paragraphs up to the next one."""
    indices = reading.units.get(index, (index,))
    return "".join(reading.lines[i].text for i in indices[:MAX_COMPARED])[:MAX_COMPARED]


def _ratios(old: Reading, new: Reading, lefts: list[int], rights: list[int]) -> dict[tuple[int, int], float]:
    """Likeness of the pairs that reach ALIKE; beyond MAX_STEPS only of those at about the same position."""
    own = [_own(old, i) for i in lefts], [_own(new, j) for j in rights]
    units = [_unit(old, i) for i in lefts], [_unit(new, j) for j in rights]
    found: dict[tuple[int, int], float] = {}
    for left_texts, right_texts in (own, units) if units != own else (own,):
        steps = sum(map(len, left_texts)) * sum(map(len, right_texts)) // 64
        steps += len(lefts) * len(rights) * STEPS_A_PAIR
        width = max(8, len(rights) * MAX_STEPS // steps)
        for k, text in enumerate(left_texts):
            centre = k * len(rights) // len(lefts)
            first = max(0, min(centre - width // 2, len(rights) - width))
            rivals = right_texts[first : first + width]
            for _, ratio, at in process.extract(
                text, rivals, scorer=fuzz.ratio, score_cutoff=ALIKE, limit=MAX_RIVALS
            ):
                key = lefts[k], rights[first + at]
                found[key] = max(found.get(key, 0.0), ratio)
    return found


def _near(
    old: Reading, new: Reading, pairs: Pairs, lefts: list[int], rights: list[int]
) -> Iterator[tuple[int, int]]:
    """Pairs under the same parent that bear the same number, or that follow the same sibling."""
    number_of_old = _grouped(lefts, [(old.lines[i].parent, old.lines[i].number) for i in lefts])
    number_of_new = _grouped(rights, [(new.lines[j].parent, new.lines[j].number) for j in rights])
    for (parent, count), group in number_of_old.items():
        if parent in pairs.new_of:
            yield from zip(group, number_of_new.get((pairs.new_of[parent], count), ()), strict=False)
    after_of_old = _grouped(lefts, _predecessors(old, lefts, pairs.new_of))
    after_of_new = _grouped(rights, _predecessors(new, rights, pairs.old_of))
    for (parent, before), group in after_of_old.items():
        if parent in pairs.new_of:
            slot = pairs.new_of[parent], pairs.new_of[before]
            yield from zip(group, after_of_new.get(slot, ()), strict=False)


def _grouped(indices: list[int], keys: list[_Key]) -> dict[_Key, list[int]]:
    groups: dict[_Key, list[int]] = defaultdict(list)
    for index, key in zip(indices, keys, strict=True):
        groups[key].append(index)
    return groups


def _predecessors(reading: Reading, indices: list[int], matched: dict[int, int]) -> list[tuple[int, int]]:
    """For each line its parent and the last matched sibling before it, ROOT where there is none."""
    before: dict[int, int] = {}
    for siblings in reading.children.values():
        last = ROOT
        for index in siblings:
            before[index] = last
            if index in matched:
                last = index
    return [(reading.lines[index].parent, before[index]) for index in indices]
