"""Learning a source's template from its own pages: the path to the text, and what in the text is the site's.

Only independent documents count as evidence: captures of one address are one document, and so are documents that share
most of their wording (a plan and its notice, last week's plan and this week's)."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from lxml import etree

from crawler.extraction import dates
from crawler.extraction.furniture import EDGE, SLOT_SHARE, digest, is_documents
from crawler.extraction.lines import plain
from crawler.extraction.locate import weigh
from crawler.extraction.render import BLOCKS, Line
from crawler.extraction.template import Layout, Template
from crawler.extraction.tree import select

LEAST = 5
"""Documents without which nothing is learned."""
SECOND = 3
"""Documents that make a further layout."""
MOST = 3
AGREED = 0.85
"""How much of a text (F1 of its prose) a path must find on a page to count for it."""
COMMON = 0.8
"""Share of the documents on which a thing has to be so."""
SAME = 0.6
"""Share of wording that makes two documents one."""
WORDS = 12
"""Characters below which a text that repeats says nothing: “工作目标” stands over many a section."""
PLACES = 8
"""Places of one page that are looked at for a path."""
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_BOXES = (BLOCKS | {"ins", "aside"}) - {
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "body",
    "html",
    "tr",
    "td",
    "th",
    "li",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One page as the general way reads it: `kept` are the lines that it takes for the document's."""

    url: str
    root: etree._Element
    body: etree._Element
    lines: list[Line]
    main: etree._Element
    kept: list[Line]
    title: str | None
    published: dt.date | None


Document = list[Sample]
"""Captures of one address, or of several with the same text, in the order in which they were given."""


def learn(samples: Sequence[Sample]) -> Template | None:
    """The template of the pages' source; None where fewer than `LEAST` documents are there or none of their paths
    holds."""
    documents = _documents(samples)
    if len(documents) < LEAST:
        return None
    names = _names(documents)
    layouts: list[Layout] = []
    rest = documents
    while len(layouts) < MOST and len(rest) >= (SECOND if layouts else LEAST):
        path, fitting = _content(rest, names)
        # a path that only counts elements is believed when nearly all go by it: else it finds any odd page
        named = path is not None and ("#" in path or "." in path)
        if path is None or len(fitting) < (SECOND if named else max(LEAST, COMMON * len(documents))):
            break
        layouts.append(_layout(path, fitting, names))
        rest = [document for document in rest if document not in fitting]
    return Template(tuple(layouts), len(documents)) if layouts else None


def _documents(samples: Sequence[Sample]) -> list[Document]:
    """Independent documents; each with all of its captures."""
    by_url: dict[str, Document] = defaultdict(list)
    for sample in samples:
        by_url[sample.url].append(sample)
    found: list[tuple[Counter[str], Document]] = []
    for captures in by_url.values():
        wording = _wording(captures[-1])
        twin = next((document for other, document in found if _shared(wording, other) > SAME), None)
        if twin is None:
            found.append((wording, captures))
    return [document for _, document in found]


def _wording(sample: Sample) -> Counter[str]:
    return Counter({digest(line.text): len(line.text) for line in sample.kept if len(line.text) >= WORDS})


def _shared(one: Counter[str], other: Counter[str]) -> float:
    """Of the shorter's wording."""
    least = min(one.total(), other.total())
    return (one & other).total() / least if least else 0.0


# ── paths ──


def _names(documents: list[Document]) -> frozenset[str]:
    """Ids and classes that stand on several documents; those made for one page (post-1234) tell nothing."""
    seen: Counter[str] = Counter()
    for document in documents:
        own: set[str] = set()
        for element in document[-1].body.iter(etree.Element):
            own.update(element.get("class", "").split())
            own.add(element.get("id", ""))
        seen.update(own)
    return frozenset(name for name, count in seen.items() if count >= SECOND and _NAME.fullmatch(name))


def _step(element: etree._Element, names: frozenset[str]) -> str | None:
    """“div#zoom”, “div.article.big”; None for an element without a name."""
    tag = element.tag if _TAG.fullmatch(element.tag) else "*"
    identity = element.get("id", "")
    if identity in names:
        return f"{tag}#{identity}"
    classes = [name for name in element.get("class", "").split() if name in names][:2]
    return ".".join([tag, *classes]) if classes else None


def _counted(element: etree._Element) -> str:
    tag = element.tag if _TAG.fullmatch(element.tag) else "*"
    return f"{tag}:nth-of-type({1 + sum(1 for _ in element.itersiblings(tag=element.tag, preceding=True))})"


def _path(element: etree._Element, root: etree._Element, names: frozenset[str]) -> str | None:
    """The shortest chain of steps, from the inside out, that finds the element and no other."""
    steps: list[str] = []
    for node in (element, *element.iterancestors()):
        if node.tag in ("body", "html"):
            break
        step = _step(node, names)
        steps.insert(0, step or _counted(node))
        path = " > ".join(steps)
        if step and len(select(root, path)) == 1:
            return path
    path = " > ".join(["body", *steps])
    return path if steps and len(select(root, path)) == 1 else None


def _elected(
    documents: list[Document],
    names: frozenset[str],
    places: Callable[[Sample], Iterator[etree._Element]],
) -> list[str]:
    """The paths to some places of each document, those that most documents share first."""
    votes: Counter[str] = Counter()
    for document in documents:
        sample = document[-1]
        paths = [_path(place, sample.root, names) for place in islice(places(sample), PLACES)]
        votes.update(
            dict.fromkeys((path for path in paths if path), 1)
        )  # in order, so that equals stay in it
    return [path for path, _ in votes.most_common(8)]


def _content(documents: list[Document], names: frozenset[str]) -> tuple[str | None, list[Document]]:
    """The path on which most documents agree, and those documents."""

    def around(sample: Sample) -> Iterator[etree._Element]:
        yield sample.main
        for _, parent in zip(range(2), sample.main.iterancestors(), strict=False):
            if parent is not sample.body and parent.tag not in ("body", "html"):
                yield parent

    best: tuple[tuple[int, float], str | None, list[Document]] = ((0, 0.0), None, [])
    for path in _elected(documents, names, around):
        scores = [(document, _agreement(document[-1], path)) for document in documents]
        fitting = [document for document, score in scores if score >= AGREED]
        rank = (len(fitting), sum(score for _, score in scores))
        if rank > best[0]:
            best = (rank, path, fitting)
    return best[1], best[2]


def _agreement(sample: Sample, path: str) -> float:
    """F1 of the prose that the path finds, against what the general way kept."""
    found = select(sample.root, path)
    if len(found) != 1:
        return 0.0
    parts = set(found[0].iter(etree.Element))
    kept = {id(line) for line in sample.kept}
    inside = sum(_amount(line) for line in sample.lines if line.block in parts)
    both = sum(_amount(line) for line in sample.lines if line.block in parts and id(line) in kept)
    wanted = sum(_amount(line) for line in sample.kept)
    return 2 * both / (inside + wanted) if inside + wanted else 0.0


def _amount(line: Line) -> float:
    """Prose, and a little for every line: a text may be a list of files."""
    return weigh(line) + 1.0


# ── what a layout's pages share ──


def _layout(path: str, documents: list[Document], names: frozenset[str]) -> Layout:
    slots = _slots(path, documents, names)
    around = 0.0
    for document in documents:
        sample = document[-1]
        parts = _parts(sample, path)
        around = max(around, sum(weigh(line) for line in sample.lines if line.block not in parts))

    def heading(sample: Sample) -> Iterator[etree._Element]:
        wanted = plain(sample.title or "")
        yield from (line.block for line in sample.lines if wanted and plain(line.text) == wanted)

    def info(sample: Sample) -> Iterator[etree._Element]:
        kept = {id(line) for line in sample.kept}
        for line in sample.lines:
            if (
                sample.published
                and id(line) not in kept
                and dates.day(dates.find(line.text)) == sample.published
            ):
                yield line.block

    return Layout(
        content=path,
        around=round(around),
        pages=len(documents),
        title=_holding(documents, names, heading, _says_title),
        info=_holding(documents, names, info, _says_date),
        slots=tuple(f"{path} {slot}" for slot in slots),
        notices=_notices(documents, path, slots),
    )


def _parts(sample: Sample, path: str) -> set[etree._Element]:
    return {part for element in select(sample.root, path) for part in element.iter(etree.Element)}


def _holding(
    documents: list[Document],
    names: frozenset[str],
    places: Callable[[Sample], Iterator[etree._Element]],
    says: Callable[[Sample, str], bool],
) -> str | None:
    """The path that says the right thing on most documents."""
    for path in _elected(documents, names, places):
        right = 0
        for document in documents:
            found = select(document[-1].root, path)
            text = "".join(str(t) for t in found[0].itertext()) if len(found) == 1 else ""
            right += says(document[-1], text)
        if right >= COMMON * len(documents):
            return path
    return None


def _says_title(sample: Sample, text: str) -> bool:
    return bool(sample.title) and plain(text) == plain(sample.title or "")


def _says_date(sample: Sample, text: str) -> bool:
    return sample.published is not None and dates.day(dates.find(text)) == sample.published


# ── slots ──


def _slots(path: str, documents: list[Document], names: frozenset[str]) -> tuple[str, ...]:
    """Named elements in the content that the site fills: with a text that it shows on other documents, too, with one
    that changes from capture to capture while the document stays, or with links that lead away."""
    boxes = [[_boxes(sample, path, names) for sample in document] for document in documents]
    steps = Counter(step for captures in boxes for step in captures[-1])
    found = []
    for step, count in steps.items():
        if count < max(SECOND, len(documents) / 2):
            continue
        own = [captures[-1][step] for captures in boxes if step in captures[-1]]
        if any(_is_held(lines, captures[-1]) for captures in boxes if (lines := captures[-1].get(step))):
            continue
        if _repeats(own) or _turns(step, boxes) or _leads_away(own):
            found.append(step)
    return tuple(sorted(found))


Boxes = dict[str, list[Line]]
"""The kept lines under each step; those of the whole content stand under “”."""


def _boxes(sample: Sample, path: str, names: frozenset[str]) -> Boxes:
    content = next(iter(select(sample.root, path)), None)
    found: Boxes = defaultdict(list)
    if content is None:
        return {}
    within: dict[etree._Element, tuple[str, ...]] = {}
    for element in content.iter(etree.Element):
        parent = element.getparent()
        above = within.get(parent, ()) if parent is not None else ()
        step = _step(element, names) if element is not content and element.tag in _BOXES else None
        within[element] = (*above, step) if step and step not in above else above
    for line in sample.kept:
        if line.block in within:
            found[""].append(line)
            for step in within[line.block]:
                found[step].append(line)
    return dict(found)


def _is_held(lines: list[Line], boxes: Boxes) -> bool:
    """Whether the lines are too much, or too much like a document's, to be the site's."""
    total = sum(weigh(line) for line in boxes[""]) or 1.0
    weight = sum(weigh(line) for line in lines)
    return len(lines) == len(boxes[""]) or weight > SLOT_SHARE * total or any(map(is_documents, lines))


def _repeats(own: list[list[Line]]) -> bool:
    """Nearly every document shows in it what another one shows."""
    shown = [frozenset(digest(line.text) for line in lines) for lines in own]
    times = Counter(text for texts in shown for text in texts)
    shared = sum(all(times[text] > 1 for text in texts) for texts in shown)
    long = all(sum(len(line.text) for line in lines) >= WORDS for lines in own)
    return long and shared >= COMMON * len(own) and len(own) >= 2 * len(set(shown))


def _turns(step: str, boxes: list[list[Boxes]]) -> bool:
    """In several documents it changed between two captures and nothing else did."""
    turned = again = 0
    for captures in boxes:
        for before, after in pairwise(captures):
            if step not in before or step not in after:
                continue
            old, new = ({digest(line.text) for line in boxes_[step]} for boxes_ in (before, after))
            rest = [
                {digest(line.text) for line in boxes_[""] if line not in boxes_[step]}
                for boxes_ in (before, after)
            ]
            if rest[0] == rest[1]:
                again += 1
                turned += old != new
    return turned >= SECOND and turned >= again / 2


def _leads_away(own: list[list[Line]]) -> bool:
    """Nothing but links on every document, none of them a file."""
    return all(line.linked >= 0.7 * len(line.text) for lines in own for line in lines)


# ── notices ──


def _notices(documents: list[Document], path: str, slots: Sequence[str]) -> tuple[str, ...]:
    """Lines that stand at the same end of nearly every text, word for word, and have no official form."""
    heads: Counter[str] = Counter()
    tails: Counter[str] = Counter()
    for document in documents:
        sample = document[-1]
        gone = {part for slot in slots for part in _parts(sample, f"{path} {slot}")}
        kept = [line for line in sample.kept if line.block not in gone]
        heads.update({digest(line.text) for line in kept[:EDGE] if _may_be_notice(line)})
        tails.update({digest(line.text) for line in kept[-EDGE:] if _may_be_notice(line)})
    if len(documents) < LEAST:
        return ()
    enough = 0.9 * len(documents)
    return tuple(sorted({text for ends in (heads, tails) for text, count in ends.items() if count >= enough}))


def _may_be_notice(line: Line) -> bool:
    return len(line.text) >= WORDS and not is_documents(line)
