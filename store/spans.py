"""Which characters of new texts are those of old ones, and which differ, told in the texts as printed.
Knows lines and characters, nothing of outlines."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz.distance import Indel, Levenshtein

from store.flow import Span
from store.normal import normalise_with_map

Indexed = Sequence[tuple[int, str]]  # lines by index, with their normal texts

# After 。！？； (two of which are ASCII in normal text); without one of them the rest is one sentence.
_SENTENCE = re.compile(r"[^。!?;]*[。!?;]|[^。!?;]+")
_FIGURE = re.compile(r"[\d.,%]*")  # Unicode's digits: 10% and ４
_DIGIT = re.compile(r"\d")
_STOP = "。!?;,、:"

# Characters² that are compared one by one (some 10 ms, 6 MB); more than that in one piece, between two equal
# sentences, is another text.
MAX_CELLS = 25_000_000
# Kept characters between two changes that only break the marking up: "加强教育督导" → "完善教育评估".
SPECK = 2
# A line's share of characters that must be found again for it to be that line and not one beside it.
OWN = 0.5
# Characters in a row that are more than coincidence.
SOLID = 4


@dataclass(frozen=True, slots=True)
class Run:
    """`size` normal characters of new line `new`, from `new_at` on, are those of old line `old` from `old_at` on."""

    old: int
    old_at: int
    new: int
    new_at: int
    size: int


def weave(old: Indexed, new: Indexed) -> list[Run]:
    """The characters that consecutive old and new lines share, in order, as if each side were one text: where a
    paragraph ends does not matter. Sentence by sentence first, then character by character in those that differ.
    """
    left, right = "".join(text for _, text in old), "".join(text for _, text in new)
    borders_left, borders_right = _borders(old), _borders(new)
    runs = []
    for a, b, size in _shared(left, right):
        while size:
            i, start_i, end_i = borders_left[_line_at(borders_left, a)]
            j, start_j, end_j = borders_right[_line_at(borders_right, b)]
            step = min(size, end_i - a, end_j - b)
            runs.append(Run(i, a - start_i, j, b - start_j, step))
            a, b, size = a + step, b + step, size - step
    return runs


def _borders(lines: Indexed) -> list[tuple[int, int, int]]:
    """(index, start, end) of each line that has characters, in the text that they make together."""
    borders = []
    start = 0
    for index, text in lines:
        if text:
            borders.append((index, start, start + len(text)))
        start += len(text)
    return borders


def _line_at(borders: list[tuple[int, int, int]], position: int) -> int:
    low, high = 0, len(borders) - 1
    while low < high:
        middle = (low + high) // 2
        if borders[middle][2] <= position:
            low = middle + 1
        else:
            high = middle
    return low


def _shared(left: str, right: str) -> Iterator[tuple[int, int, int]]:
    """(start left, start right, length) of what two texts have in common, in order."""
    if left == right:
        yield 0, 0, len(left)
        return
    sentences = _SENTENCE.findall(left), _SENTENCE.findall(right)
    starts = _starts(sentences[0]), _starts(sentences[1])
    if len(sentences[0]) * len(sentences[1]) > MAX_CELLS:
        yield from _shared_characters(left, right)
        return
    done_left = done_right = 0
    for block in Indel.editops(*sentences).as_matching_blocks():
        a, b = starts[0][block.a], starts[1][block.b]
        for x, y, size in _shared_characters(left[done_left:a], right[done_right:b]):
            yield done_left + x, done_right + y, size
        done_left, done_right = starts[0][block.a + block.size], starts[1][block.b + block.size]
        if done_left > a:
            yield a, b, done_left - a


def _starts(sentences: list[str]) -> list[int]:
    starts = [0]
    for sentence in sentences:
        starts.append(starts[-1] + len(sentence))
    return starts


def _shared_characters(left: str, right: str) -> Iterator[tuple[int, int, int]]:
    """As `_shared`; of texts too large to compare, only the beginning and the end that are equal."""
    if not left or not right:
        return
    if len(left) * len(right) <= MAX_CELLS:
        for block in Levenshtein.editops(left, right).as_matching_blocks():
            if block.size:
                yield block.a, block.b, block.size
        return
    start = _common_prefix(left, right)
    end = _common_prefix(left[start:][::-1], right[start:][::-1])
    if start:
        yield 0, 0, start
    if end:
        yield len(left) - end, len(right) - end, end


def _common_prefix(left: str, right: str) -> int:
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if left.startswith(right[:middle]) else (low, middle - 1)
    return low


def trusted(runs: Iterable[Run], old: Indexed, new: Indexed, paired: dict[int, int]) -> list[Run]:
    """Without the coincidences: two lines belong together if paired (old → new), if they read alike, if half of
    the shorter one is found in the other in one piece or in large ones (merged, split, cut down, added to), if
    both are mostly found again (wrapped at another place), or if one goes on where a line that it belongs to ends
    (wrapped, with something new in it). Any five characters are found in a long text one by one.
    """
    runs = list(runs)
    sizes_old, sizes_new = ({i: len(text) for i, text in side} for side in (old, new))
    shared: dict[tuple[int, int], int] = defaultdict(int)
    solid: dict[tuple[int, int], int] = defaultdict(int)
    found_old: dict[int, int] = defaultdict(int)
    found_new: dict[int, int] = defaultdict(int)
    for run in runs:
        shared[run.old, run.new] += run.size
        if run.size >= min(SOLID, sizes_old[run.old], sizes_new[run.new]):
            solid[run.old, run.new] += run.size
        found_old[run.old] += run.size
        found_new[run.new] += run.size

    def belongs(i: int, j: int) -> bool:
        left, right = sizes_old[i], sizes_new[j]
        return (
            paired.get(i) == j
            or 2 * shared[i, j] >= OWN * (left + right)
            or solid[i, j] >= OWN * min(left, right)
            or (found_old[i] >= OWN * left and found_new[j] >= OWN * right)
        )

    kept = [belongs(run.old, run.new) for run in runs]
    borders = [k for k in range(1, len(runs)) if _goes_on(runs[k - 1], runs[k], sizes_old, sizes_new)]
    for k in borders:
        kept[k] |= kept[k - 1] and runs[k].size > SPECK
    for k in reversed(borders):
        kept[k - 1] |= kept[k] and runs[k - 1].size > SPECK
    found = [run for run, keep in zip(runs, kept, strict=True) if keep]
    return found if all(kept) else _reaching(found, dict(old), dict(new))


def _reaching(runs: list[Run], old: dict[int, str], new: dict[int, str]) -> list[Run]:
    """The runs as far as their lines go on alike: a full stop may have been taken for that of a paragraph which is
    gone, though the line before it ends with one, too."""
    free_old = {i: bytearray(b"\1" * len(text)) for i, text in old.items()}
    free_new = {j: bytearray(b"\1" * len(text)) for j, text in new.items()}
    for run in runs:
        free_old[run.old][run.old_at : run.old_at + run.size] = bytes(run.size)
        free_new[run.new][run.new_at : run.new_at + run.size] = bytes(run.size)
    found = []
    for run in runs:
        left, right, gone, come = old[run.old], new[run.new], free_old[run.old], free_new[run.new]
        a, b, end_a, end_b = run.old_at, run.new_at, run.old_at + run.size, run.new_at + run.size
        while a and b and gone[a - 1] and come[b - 1] and left[a - 1] == right[b - 1]:
            a, b = a - 1, b - 1
            gone[a] = come[b] = 0
        while (
            end_a < len(left)
            and end_b < len(right)
            and gone[end_a]
            and come[end_b]
            and left[end_a] == right[end_b]
        ):
            gone[end_a] = come[end_b] = 0
            end_a, end_b = end_a + 1, end_b + 1
        found.append(Run(run.old, a, run.new, b, end_a - a))
    return found


def _goes_on(run: Run, following: Run, sizes_old: dict[int, int], sizes_new: dict[int, int]) -> bool:
    """Whether two runs are one but for the end of a line on one side."""
    end_old, end_new = run.old_at + run.size, run.new_at + run.size
    if run.old == following.old:
        return end_old == following.old_at and end_new == sizes_new[run.new] and following.new_at == 0
    return (
        run.new == following.new
        and end_new == following.new_at
        and end_old == sizes_old[run.old]
        and following.old_at == 0
    )


def tidy(runs: Sequence[Run], old: str, new: str) -> list[Run]:
    """The runs of one old and one new line, in order, without specks between two changes; a figure's change stays
    as narrow as it is, and figures that are the same are never within one."""
    kept: list[Run] = []
    for run, following in zip(runs, [*runs[1:], None], strict=True):
        if kept and following:
            last = kept[-1]
            before = _between(last, run, old, new)
            after = _between(run, following, old, new)
            if _is_speck(old[run.old_at : run.old_at + run.size], before, after):
                continue
        kept.append(run)
    return _settled(kept, old, new)


def _between(left: Run, right: Run, old: str, new: str) -> tuple[str, str]:
    return old[left.old_at + left.size : right.old_at], new[left.new_at + left.size : right.new_at]


def _is_speck(text: str, before: tuple[str, str], after: tuple[str, str]) -> bool:
    if _DIGIT.search(text) or any(all(map(_FIGURE.fullmatch, change)) for change in (before, after)):
        return False
    return len(text) <= SPECK or len(text) < min(max(map(len, before)), max(map(len, after)))


def _settled(runs: list[Run], old: str, new: str) -> list[Run]:
    """Insertions and removals moved, where that says the same, to where a clause begins:
    "完善制度，加强体育，" reads better than "完善制[度，加强体育，完善制]度"."""
    for k in range(len(runs) - 1):
        left, right = runs[k], runs[k + 1]
        gone, come = _between(left, right, old, new)
        if bool(gone) == bool(come):
            continue
        text, start = (new, right.new_at) if come else (old, right.old_at)
        length = len(come or gone)
        first = start - length
        for shift in range(min(left.size, length)):
            if text[first - shift - 1] in _STOP:
                runs[k] = replace(left, size=left.size - shift)
                runs[k + 1] = Run(
                    right.old, right.old_at - shift, right.new, right.new_at - shift, right.size + shift
                )
                break
            if text[first - shift - 1] != text[start - shift - 1]:
                break
    return runs


def gaps(size: int, covered: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The intervals of [0, size) outside of the given ones (start, end), which rise and don't overlap."""
    found = []
    at = 0
    for start, end in covered:
        if start > at:
            found.append((at, start))
        at = end
    if at < size:
        found.append((at, size))
    return found


def printed(text: str, intervals: Sequence[tuple[int, int]]) -> tuple[Span, ...]:
    """Intervals of a text's normal characters as spans of the text itself. A blank at the edge of a change is not
    in its span; one between two changed characters is."""
    if not intervals:
        return ()
    normal, sources = normalise_with_map(text)
    spans: list[Span] = []
    for start, end in intervals:
        first, last = sources[start], sources[end - 1] + 1
        following = sources[end] if end < len(normal) else len(text)
        # …… is one normal character: what follows its first dot and isn't blank belongs to it
        while last < following and normalise_with_map(text[last])[0]:
            last += 1
        if spans and first <= spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(last, spans[-1].end))
        else:
            spans.append(Span(first, last))
    return tuple(spans)
