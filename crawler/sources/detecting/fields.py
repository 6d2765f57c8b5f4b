"""The rules for a line's link, title and date: none where what is usual holds, else the shortest that holds on all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from lxml import etree
from parsel import Selector

from crawler.listings import _dates, _lines
from crawler.listings._text import is_cut, pieces, squeeze, text_of
from crawler.sources.detecting import blocks, wording
from crawler.sources.detecting.blocks import Link
from crawler.sources.schema import ListingRules

Element = etree._Element
Line = tuple[Element, Link]
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TITLED = ("title", "tit", "bt", "name", "subject")
GOOD = 0.97


def link(lines: Sequence[Line], base: str) -> str | None:
    """The selector of the link; None where the usual one, the first address of an `a`, is right."""
    holders = Counter(found.holder for _, found in lines)
    holder = holders.most_common(1)[0][0]
    live = [(item, found) for item, found in lines if found.url][:60]
    candidates: list[str | None] = [None]
    if holder != "href" or any(found.element.tag != "a" for _, found in lines):
        candidates.append(f"./@{holder}")
    candidates += [f"{name}::attr({holder})" for name in _inside([(i, f.element) for i, f in lines])]
    candidates += [
        f"a[title]::attr({holder})",
        f"a:last-of-type::attr({holder})",
        f"./a[2]/@{holder}",
        "a[target]::attr(href)",
    ]
    return _best(candidates, lambda rule: _share([_leads(i, base, rule) == f.url for i, f in live]))


def _leads(item: Element, base: str, rule: str | None) -> str | None:
    found = _lines._link(Selector(root=item, type="html"), base, rule or _lines.LINK)
    return found[0] if found else None


def _best(candidates: Sequence[str | None], right: object) -> str | None:
    best: str | None = None
    most = -1.0
    for candidate in dict.fromkeys(candidates):
        share = right(candidate)  # type: ignore[operator]
        if share > most + 0.001:
            best, most = candidate, share
        if most == 1.0:
            break
    return best


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else 1.0


def _inside(found: Sequence[Line | tuple[Element, Element]]) -> list[str]:
    """How an element of each line may be called within it: "a.title", "h3 a", "td:nth-of-type(2) a"."""
    pairs = [(i, e if isinstance(e, etree._Element) else e.element) for i, e in found]
    names: Counter[str] = Counter()
    for item, element in pairs[:60]:
        tag = str(element.tag)
        here = []
        if element is not item:
            here += [n for n in wording.named(element, also_generic=True) if not n.startswith("#")]
            parent = element.getparent()
            if parent is not None and parent is not item:
                here += [
                    f"{n} {tag}" for n in wording.named(parent, also_generic=True) if not n.startswith("#")
                ]
                here += [f"{parent.tag} {tag}", f"{parent.tag} > {tag}", f"{_counted(parent)} {tag}"]
            here += [tag, f"{wording._counted(element)}"]
            if next(element.itersiblings(), None) is None:
                here.append(f"{tag}:last-child")
        names.update(list(dict.fromkeys(here)))
    return [name for name, count in names.most_common(40) if count >= 0.9 * min(60, len(pairs))]


def _counted(element: Element) -> str:
    return wording._counted(element)


# ── title ──


def title(lines: Sequence[Line], rule: ListingRules, base: str) -> str | None:
    """The selector of the title; None where the link's title attribute or text is it."""
    sample = lines[:40]
    told = [_told(item, found) for item, found in sample]
    if all(text is None for _, text in told):
        return None
    elements = [
        (item, element) for (item, _), (element, _) in zip(sample, told, strict=True) if element is not None
    ]
    candidates: list[str | None] = []
    if elements and len(elements) >= GOOD * len(sample):
        candidates = [None, *(f"{n}{end}" for n in _inside(elements) for end in ("::text", ""))]
        candidates += [f"{n}::attr(title)" for n in _inside(elements)]
    else:
        candidates = [None, "a::text"]

    def right(candidate: str | None) -> float:
        return _share(
            [
                _reads(item, base, rule, candidate) == text
                for (item, _), (_, text) in zip(sample, told, strict=True)
                if text
            ]
        )

    return _best(candidates, right)


def _reads(item: Element, base: str, rules: ListingRules, candidate: str | None) -> str | None:
    line = _lines.read_line(
        Selector(root=item, type="html"), base, rules.model_copy(update={"title": candidate})
    )
    return line.title if line else None


def _told(item: Element, found: Link) -> tuple[Element | None, str | None]:
    """The element that says a line's title, and the title; (None, None) where the link says it all."""
    given, printed = squeeze(found.element.get("title") or ""), text_of(found.element)
    parts = pieces(found.element)
    if given and not is_cut(given) and (given.startswith(printed.rstrip(".…")[:8]) or not printed):
        return None, None
    if not printed or blocks.FURNITURE.fullmatch(printed):
        return _spoken(item, item)
    if len(parts) > 1:
        return _spoken(found.element, item)
    return None, None


def _spoken(within: Element, item: Element) -> tuple[Element | None, str | None]:
    """The title in a box that says more than a title: its heading, what is called a title, else its first text."""
    inner = [e for e in within.iter(etree.Element) if e is not within]
    for e in inner:
        if e.tag in _HEADINGS and (text := text_of(e)):
            return e, _shortened(e, text)
    for e in inner:
        names = " ".join(wording.named(e, also_generic=True)).lower()
        if any(word in names for word in _TITLED) and len(text := text_of(e)) >= 4 and not _is_day(text):
            return e, _shortened(e, text)
    if not any(_is_day(text) for text in pieces(within)) and not any(
        e.tag in ("p", "div", "dd") for e in inner
    ):
        return None, None  # a title with marks in it
    first = next((t for t in pieces(within) if len(t) >= 4 and not _is_day(t)), None)
    if first is None:
        return None, None
    owner = next((e for e in within.iter(etree.Element) if squeeze(e.text or "") == first), None)
    return owner, _lines._clean(first)


def _shortened(element: Element, text: str) -> str:
    parts = pieces(element)
    days = [part for part in parts if _is_day(part)]
    return _lines._clean(next((p for p in parts if p not in days), text) if days else text)


def _is_day(text: str) -> bool:
    return len(text) <= 12 and (_dates.find([text]) is not None or text.strip("[]()年月日-/. ").isdigit())


# ── date ──


def date(lines: Sequence[Line], rules: ListingRules, base: str) -> str | None:
    """The selector of the day; None where it is found without one, or there is none."""
    sample = lines[:60]
    usual = [_day(item, base, rules, None) for item, _ in sample]
    items = [item for item, _ in lines]
    has_most = _share([day is not None for day in usual]) > 0.5
    if not has_most and _share([bool(_dates.find(blocks.after(item, items))) for item, _ in sample]) < 0.8:
        return None
    if has_most:
        boxes = [(item, box) for item, _ in sample if (box := _day_box(item)) is not None]
        if len(boxes) < GOOD * len(sample):
            return None
        found = [f"{n}{end}" for n in _inside(boxes) for end in ("::text", "")]
        found += [f"./{t}" for t in ("text()",)]
        right = [
            c
            for c in found
            if _share([_day(i, base, rules, c) == d for (i, _), d in zip(sample, usual, strict=True)]) == 1.0
        ]
        return right[0] if right else None
    return _best(
        list(_beside(sample)), lambda c: _share([_day(i, base, rules, c) is not None for i, _ in sample])
    )


def _day(item: Element, base: str, rules: ListingRules, candidate: str | None) -> _dates.Printed | None:
    line = _lines.read_line(
        Selector(root=item, type="html"), base, rules.model_copy(update={"date": candidate})
    )
    return line.printed if line else _dates.find(pieces(item)) if candidate is None else None


def _day_box(item: Element) -> Element | None:
    """The smallest element of a line that says a day and nothing else."""
    found = None
    for element in [item, *item.iterdescendants(etree.Element)][:200]:
        texts = pieces(element)
        if texts and len("".join(texts)) <= 30 and element.tag != "a" and _dates.find(texts):
            found = element
    return found if found is not item else None


def _beside(sample: Sequence[Line]) -> Iterator[str]:
    """The day behind a line that is no box of its own."""
    tags = Counter(
        str(n.tag) for item, _ in sample if (n := item.getnext()) is not None and isinstance(n.tag, str)
    )
    for tag, _ in tags.most_common(3):
        yield f"./following-sibling::{tag}[1]"
    yield "./following-sibling::text()[1]"
    yield "./following-sibling::*[1]"
    yield "./following-sibling::*[2]"
