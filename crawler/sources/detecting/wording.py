"""Selectors that a person would write: the shortest that finds a block's lines and nothing else, by id and class
where the page has them, by structure where it has none. Tried on the page itself; the first that is exact is taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from lxml import etree
from parsel import Selector

from crawler import selectors

Element = etree._Element

# Names made by a builder or a counter mean nothing tomorrow.
_MADE = re.compile(
    r"\d{4,}|[0-9a-f]{8,}|^\d|^(?:active|on|cur|current|first|last|odd|even|hover|selected|clearfix|clear-fix|clear|cf|fl|fr|left|right|lf|rig|wow|animated)$|^(?:col|row|mt|mb|pt|pb|w|h|p|m)-?\w{0,3}\d|[^\w-]",
    re.I,
)
_GENERIC = re.compile(
    r"^(?:clearfix|clear-fix|clear|cf|fl|fr|lf|rig|left|right|container|wrap|wrapper|box|main|content|w\d+)$",
    re.I,
)
MOST_TRIED = 300
MOST_MATCHED = 4000


def item(root: Element, wanted: Sequence[Element], is_line: Callable[[Element], bool]) -> tuple[str, float]:
    """A selector for the lines, and how exact it is (1.0: it finds these and no other line)."""
    best, exact = "", -1.0
    goal = set(wanted)
    tried: set[str] = set()
    for candidate in _candidates(root, wanted, is_line):
        if candidate in tried:
            continue
        tried.add(candidate)
        matched = select(root, candidate)[:MOST_MATCHED]
        found = [e for e in matched if e in goal or is_line(e)]
        right = sum(e in goal for e in found)
        score = 2 * right / (len(found) + len(goal))
        if len(matched) > 1.3 * len(goal) + 1:
            score -= 0.001  # boxes within the lines, too
        if score > exact:
            best, exact = candidate, score
        if exact == 1.0 or len(tried) > MOST_TRIED:
            break
    return best, exact


def select(root: Element, selector: str) -> list[Element]:
    return [
        s.root
        for s in selectors.select(Selector(root=root, type="html"), selector)
        if not isinstance(s.root, str)
    ]


def named(element: Element, *, also_generic: bool = False) -> list[str]:
    """The element by its id, by its classes: "#list", "ul.news"; what says most first."""
    tag = str(element.tag)
    found = []
    name = (element.get("id") or "").strip()
    if name and not _MADE.search(name):
        found.append(f"#{name}")
    classes = [c for c in (element.get("class") or "").split() if not _MADE.search(c)]
    classes.sort(key=lambda c: bool(_GENERIC.match(c)))
    found += [f"{tag}.{c}" for c in classes if also_generic or not _GENERIC.match(c)]
    return found


def common_classes(elements: Sequence[Element]) -> list[str]:
    """Classes that all have, in the order in which the first has them."""
    sets = [set((e.get("class") or "").split()) for e in elements]
    shared = set.intersection(*sets) if sets else set()
    return [c for c in (elements[0].get("class") or "").split() if c in shared and not _MADE.search(c)]


def _candidates(
    root: Element, wanted: Sequence[Element], is_line: Callable[[Element], bool]
) -> Iterator[str]:
    tag = str(wanted[0].tag)
    parents = [p for p in dict.fromkeys(e.getparent() for e in wanted) if p is not None]
    own = [f"{tag}.{c}" for c in common_classes(wanted)]
    shared = _shared_names(parents)
    boxes = _boxes(wanted)
    names = [name for box in boxes for name in named(box, also_generic=True)]
    ends = [*_ends(tag, parents), *own]
    # ul.list li; then ul.list > li, which nested lines don't fit
    for parent in shared:
        yield from (f"{parent} {tag}", *(f"{parent} {one}" for one in own), f"{parent} > {tag}")
    yield from own
    yield from (f"{name} {end}" for name in names for end in ends)
    tests = list(_tests(wanted, parents, is_line))
    yield from (_xpath(name, tag, test) for name in (*shared, *names) for test in tests)
    yield from (f"{pair} {end}" for pair in _pairs(boxes) for end in ends)
    yield from (f"//{tag}[{test}]" for test in tests)
    paths = list(_paths(parents))
    yield from (f"{path} > {one}" for path in paths for one in (tag, *own))
    yield from (_xpath(path, tag, test) for path in paths for test in tests)


def _pairs(boxes: Sequence[Element]) -> Iterator[str]:
    """Two boxes around the lines, the outer first."""
    for index, inner in enumerate(boxes):
        for outer in boxes[index + 1 :]:
            for first in named(outer, also_generic=True)[:2]:
                yield from (f"{first} {second}" for second in named(inner, also_generic=True)[:2])


def _ends(tag: str, parents: Sequence[Element]) -> list[str]:
    parent = str(parents[0].tag)
    return [tag, f"{parent} {tag}", f"{parent} > {tag}"] if parent not in ("body", "html") else [tag]


def _shared_names(parents: Sequence[Element]) -> list[str]:
    """How all the lines' parents may be called, if there is a way."""
    if len(parents) == 1:
        return named(parents[0])
    return [f"{parents[0].tag}.{c}" for c in common_classes(parents)]


def _boxes(wanted: Sequence[Element]) -> list[Element]:
    """The elements around all the lines, the closest first, up to eight."""
    around = [set(e.iterancestors()) for e in (wanted[0], wanted[-1])]
    shared = around[0] & around[1]
    return [e for e in wanted[0].iterancestors() if e in shared][:8]


def _xpath(container: str, tag: str, test: str) -> str:
    """The lines directly within a container that pass a test."""
    return f"{_as_xpath(container)}/{tag}[{test}]"


@lru_cache(maxsize=512)
def _as_xpath(css: str) -> str:
    """A selector of our own making as an XPath that reads well."""
    steps = []
    for step in css.split(" > "):
        match = re.fullmatch(r"(?:(\w+))?(?:#([\w-]+))?(?:\.([\w-]+))?(?::nth-of-type\((\d+)\))?", step)
        if match is None:
            return "/" + selectors._TRANSLATOR.css_to_xpath(css, prefix="/descendant-or-self::")[1:]
        tag, name, cls, number = match.groups()
        text = tag or "*"
        text += f'[@id="{name}"]' if name else ""
        text += f'[has-class("{cls}")]' if cls else ""
        steps.append(text + (f"[{number}]" if number else ""))
    return "//" + "/".join(steps)


def _tests(
    wanted: Sequence[Element], parents: Sequence[Element], is_line: Callable[[Element], bool]
) -> Iterator[str]:
    """What these lines have, and others beside them lack: XPath predicates."""
    goal = set(wanted)
    beside = (e for parent in parents for e in islice(parent, MOST_MATCHED))
    others = [e for e in beside if e.tag == wanted[0].tag and e not in goal and is_line(e)]
    tags = _shared_parts(wanted)
    rows = [t for t in tags if t not in ("br", "img")]
    if len(rows) > 1:
        yield " and ".join(rows[:3])
    yield from rows
    for name in ("class", "id", "style", "height", "align"):
        if all(e.get(name) is not None for e in wanted) and any(e.get(name) is None for e in others):
            yield f"@{name}"
        if all(e.get(name) is None for e in wanted) and any(e.get(name) is not None for e in others):
            yield f"not(@{name})"
    counts = {sum(1 for _ in e.iterchildren(etree.Element)) for e in wanted}
    if len(counts) == 1:
        yield f"count(*)={counts.pop()}"
    yield "position()>1"
    yield "position()<last()"
    yield "position()>1 and position()<last()"
    if wanted[0].tag != "a":
        yield ".//a"


def _shared_parts(wanted: Sequence[Element]) -> list[str]:
    """Children that all lines have, with one step below: "td/a", "span"."""
    shared: list[str] | None = None
    for e in wanted:
        here = []
        for child in e.iterchildren(etree.Element):
            inner = [f"{child.tag}/{grand.tag}" for grand in child.iterchildren(etree.Element)][:3]
            here += inner or [str(child.tag)]
        shared = list(dict.fromkeys(here)) if shared is None else [part for part in shared if part in here]
    return (shared or [])[:4]


def _paths(parents: Sequence[Element]) -> Iterator[str]:
    """The way to the lines' parent counted from the nearest box with a name, else from the body."""
    if len({str(parent.tag) for parent in parents}) != 1:
        return
    target = parents[0]
    steps: list[str] = []
    element: Element | None = target
    while element is not None and element.tag not in ("body", "html"):
        if element is not target:
            for name in named(element, also_generic=True)[:2]:
                yield " > ".join([name, *steps])
        loose = len(parents) > 1 and not steps
        steps.insert(0, str(element.tag) if loose else _counted(element))
        element = element.getparent()
    yield " > ".join(["body", *steps])


def _counted(element: Element) -> str:
    before = sum(1 for e in element.itersiblings(str(element.tag), preceding=True))
    behind = next(element.itersiblings(str(element.tag)), None)
    alone = before == 0 and behind is None
    return str(element.tag) if alone else f"{element.tag}:nth-of-type({before + 1})"
