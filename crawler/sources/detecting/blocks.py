"""The main list of a page among all that repeats on it: links whose way from the root is the same, in blocks, weighed.

Pure: a tree in, the block out. Nothing here knows how it will be named (see `wording`)."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from lxml import etree

from crawler.extraction.tree import body_of, tokens
from crawler.listings import _dates
from crawler.listings._addresses import absolute
from crawler.listings._text import pieces, squeeze, text_of

Element = etree._Element

MOST_LINKS = 4000
"""Links of a page that are looked at; a listing's page has a few hundred."""
DEEPEST = 120
FEWEST = 2
MOST_BLOCKS = 400
MOST_ABREAST = 3
# Besides href: what systems that open a document by script put its address in.
HOLDERS = ("href", "data-href", "data-url", "data-link", "refurl", "onclick")
FURNITURE = re.compile(
    r"(?:首\s*页|第一页|最后一?页|最末页|上\s*一?\s*页|下\s*一?\s*页|末\s*页|尾\s*页|(?:查看)?(?:更多|详细|详情|全文)|more|阅读全文|点击(?:查看|进入).{0,4}|查看|返回.{0,6}|\d{1,4}|"
    r"第?\d+页|跳转|go|[<>«»‹›.…\[\]+\s]*|next|prev(?:ious)?)(?:\s*[>»]*)",
    re.I,
)
_ASIDE = re.compile(
    r"(?:^|[-_])(?:hot|rank|side(?:bar|nav|menu)?|aside|recommend|tj|rmtj|phb|related|xg|swiper|slider?|banner|focus)(?:$|[-_\d])",
    re.I,
)
_FRAME = re.compile(
    r"(?:^|[-_])(?:nav|menu|head|header|foot|footer|crumb|crumbs|breadcrumb|position|location|weizhi|friend|flink|links|yqlj|copyright|top|lang|login|search|share)(?:$|[-_\d])",
    re.I,
)
_ASIDE_HEADING = re.compile(
    r"热[点门]|推荐|排行|相关(?:链接|信息|阅读|文章)|友情链接|常用|快速(?:通道|导航)|栏目(?:导航|列表)|专题"
)
_PAGER = re.compile(
    r"下\s*一?\s*页|尾\s*页|末\s*页|后一页|next|共\s*\d+\s*(?:页|条)|createPageHTML|countPage", re.I
)
_COUNTING = re.compile(r"createPageHTML\s*\(|countPage\s*=")
_CRUMB = re.compile(r"(?:当前|您的|你的|现在|所在)(?:的)?位置|^\s*位置\s*[:：]|您现在的")
_NUMBERED = re.compile(r"\d{3,}|[0-9a-f]{16,}|\bid=\d|/\d+(?:_\d+)*\.\w+$", re.I)


@dataclass(frozen=True, slots=True)
class Link:
    """An element that leads to a document, or would: `url` is None where the link is dead. `place` is its number in the
    page's order, `title` what its title attribute or its text says."""

    element: Element
    holder: str
    url: str | None
    title: str
    place: int


@dataclass(frozen=True, slots=True)
class Block:
    """A list: its lines and of each the link, within a container; `score` is for comparing only."""

    container: Element
    items: tuple[Element, ...]
    links: tuple[Link, ...]
    score: float


def links(root: Element, base: str) -> list[Link]:
    """What may lead to documents, in the page's order, without the furniture of pagers and the like."""
    found: list[Link] = []
    for place, element in enumerate(body_of(root).iter(etree.Element)):
        holder = _holder(element)
        if holder is None:
            continue
        link = as_link(element, holder, base, place)
        if len(link.title) >= 2 and not FURNITURE.fullmatch(link.title):
            found.append(link)
            if len(found) == MOST_LINKS:
                break
    return found


def as_link(element: Element, holder: str, base: str, place: int = 0) -> Link:
    url = absolute(base, element.get(holder) or "") or absolute(base, element.get("onclick") or "")
    given, printed = squeeze(element.get("title") or ""), text_of(element)[:500]
    return Link(element, holder, url, given if len(given) >= len(printed) else printed or given, place)


def _holder(element: Element) -> str | None:
    if element.tag == "a":
        return "href"
    if element.tag in ("link", "base", "area", "img", "input", "button", "form"):
        return None
    return next((name for name in HOLDERS if element.get(name) is not None), None)


def likeness(title: str) -> float:
    """How much like a document's title a text is, 0–1: by its length, a Chinese character counting for two others."""
    length = sum(1.0 if ord(char) > 0x2E7F else 0.5 for char in title)
    return min(1.0, max(0.0, (length - 3) / 11))


@dataclass(frozen=True, slots=True)
class Marks:
    """What of a page tells which list it is there for: `pagers` and `crumbs` (当前位置) are places in its order."""

    links: tuple[Link, ...]
    order: dict[int, int]
    pagers: tuple[int, ...]
    crumbs: tuple[int, ...]
    folder: str


def marks(root: Element, base: str) -> Marks:
    found = links(root, base)
    folder = base.rsplit("/", 1)[0] + "/"
    return Marks(
        tuple(found),
        {link.place: n for n, link in enumerate(found)},
        _places(root, _PAGER, 40),
        _places(root, _CRUMB, 20),
        folder if folder.count("/") > 3 else "",
    )


def find(root: Element, base: str) -> Block | None:
    """The list that the page is there for; None where nothing repeats."""
    page = marks(root, base)
    groups: dict[tuple[str, ...], list[tuple[Link, list[Element]]]] = defaultdict(list)
    for link in page.links:
        way = _way(link.element)
        if len(way) <= DEEPEST:
            groups[(link.holder, *(str(e.tag) for e in way))].append((link, way))
    found = [_best(_blocks(group, page), page) for group in groups.values() if len(group) >= FEWEST]
    return max((block for block in found if block), key=lambda block: block.score, default=None)


def _best(found: Sequence[Block], page: Marks) -> Block | None:
    """Of blocks of like links the best; where it is one of several boxes of one template, all of them."""
    best = max(found, key=lambda block: block.score, default=None)
    if best is None or _is_paged(best, page):
        return best
    around = set(best.items[0].iterancestors())
    wider = [b for b in found if len(b.items) > len(best.items) and b.container in around and _is_tiled(b)]
    whole = min(wider, key=lambda block: len(block.items), default=best)
    return replace(whole, score=max(best.score, whole.score)) if whole.score > best.score / 3 else best


def _is_tiled(block: Block) -> bool:
    """Whether the lines stand in boxes beside each other that have one class: columns of one page."""
    boxes: Counter[Element] = Counter()
    for item in block.items:
        for element in item.iterancestors():
            if element.getparent() is block.container:
                boxes[element] += 1
                break
    looks = {(box.tag, box.get("class")) for box in boxes}
    return len(boxes) > 1 and len(looks) == 1 and bool(next(iter(looks))[1]) and min(boxes.values()) >= FEWEST


def _way(element: Element) -> list[Element]:
    """From the root down to the element."""
    way = [element, *element.iterancestors()]
    way.reverse()
    return way


def _blocks(group: list[tuple[Link, list[Element]]], page: Marks) -> list[Block]:
    """Every box that holds several links of the group in different branches, with its lines."""
    found = []
    depth = len(group[0][1])
    for level in range(depth - 1):
        boxes: dict[Element, list[tuple[Link, list[Element]]]] = defaultdict(list)
        for member in group:
            boxes[member[1][level]].append(member)
        for box, members in list(boxes.items())[:MOST_BLOCKS]:
            if len({way[level + 1] for _, way in members}) >= FEWEST:
                found += [_weighed(block, page) for block in _lines(box, members, level, depth)]
    return found


def _lines(box: Element, members: list[tuple[Link, list[Element]]], level: int, depth: int) -> list[Block]:
    """The highest elements below the box that hold one link of the group each; and the highest that hold as many as
    the others, such as a category and a title: there the link in the place where titles stand is the line's."""
    found: list[Block] = []
    for line in range(level + 1, depth):
        held: dict[Element, dict[str, Link]] = defaultdict(dict)
        for link, way in members:
            same = held[way[line]]
            key = link.url or str(link.place)
            if key not in same or likeness(same[key].title) < likeness(link.title):
                same[key] = link
        counts = Counter(len(same) for same in held.values())
        often, times = counts.most_common(1)[0]
        if sum(counts.elements()) <= 1.1 * len(held):
            chosen = [max(same.values(), key=lambda link: likeness(link.title)) for same in held.values()]
            return [*found, Block(box, tuple(held), tuple(chosen), 1.0)]
        if 1 < often <= MOST_ABREAST and times == len(held) >= 3 and not found:
            rows = [list(same.values()) for same in held.values()]
            place = max(range(often), key=lambda n: sum(likeness(row[n].title) for row in rows))
            found.append(Block(box, tuple(held), tuple(row[place] for row in rows), 0.8))
    return found


def _weighed(block: Block, page: Marks) -> Block:
    count = len(block.items)
    titles = sum(likeness(link.title) for link in block.links) / count
    urls = [link.url for link in block.links if link.url]
    distinct = len(set(urls)) / len(urls) if urls else 0.8
    own = sum(bool(page.folder) and url.startswith(page.folder) for url in urls) / (len(urls) or 1)
    numbered = sum(bool(_NUMBERED.search(url)) for url in urls) / (len(urls) or 1)
    parents = Counter(item.getparent() for item in block.items)
    looks = Counter(_look(parent) for parent in parents.elements())
    look, times = looks.most_common(1)[0]
    alike = times / count
    score = (
        block.score
        * titles**1.5
        * math.log2(1 + min(count, 40))
        * (1 + 2 * dated(block.items, block.links))
        * alike**2
        / (1 + (0.05 if "." in look else 0.15) * (len(parents) - 1))
        * distinct
        * (0.7 + 0.3 * numbered)
        * _place(block)
        * (1 + 0.5 * own)
        * (1.4 if _is_under_crumbs(block, page) else 1.0)
        * (1.8 if _is_paged(block, page) else 1.0)
    )
    return replace(block, score=score)


def dated(items: Sequence[Element], of: Sequence[Link]) -> float:
    """The share of lines that print a day, in themselves or before the next line; in the address it counts half."""
    sample = list(zip(items, of, strict=True))[:30]
    told = 0.0
    for item, link in sample:
        if _has_day(item, items):
            told += 1
        elif link.url and _dates.in_address(link.url):
            told += 0.5
    return told / (len(sample) or 1)


def _has_day(item: Element, items: Sequence[Element]) -> bool:
    return bool(_dates.find(pieces(item)[:40]) or _dates.find(after(item, items)))


def after(item: Element, items: Sequence[Element]) -> list[str]:
    """The texts between a line and the next one, for lists whose lines are not boxes."""
    tail = squeeze(item.tail or "")
    found = [tail] if tail else []
    stops = set(items)
    for sibling in item.itersiblings():
        if sibling in stops or len(found) > 5:
            break
        if isinstance(sibling.tag, str):
            found += pieces(sibling)[:5]
    return found


def _look(element: Element | None) -> str:
    """How a box and the box around it are called, such as "div.news ul": lists of one template have one look."""
    if element is None:
        return ""
    boxes = [element] if element.get("class") else [element.getparent(), element]
    return " ".join(
        ".".join([str(box.tag), *sorted((box.get("class") or "").split())])
        for box in boxes
        if box is not None
    )


def _place(block: Block) -> float:
    """Less for what stands in a site's frame or beside the main column."""
    weight = 1.0
    for element in (block.container, *block.container.iterancestors()):
        names = list(tokens(element))
        if element.tag in ("nav", "footer") or any(_FRAME.search(name) for name in names):
            weight = min(weight, 0.35)
        elif element.tag == "aside" or any(_ASIDE.search(name) for name in names):
            weight = min(weight, 0.6)
    if _ASIDE_HEADING.search(_heading(block)):
        weight *= 0.5
    return weight


def _heading(block: Block) -> str:
    """The short text over the block."""
    element: Element | None = block.items[0]
    for _ in range(4):
        if element is None:
            return ""
        before = element.getprevious()
        while before is not None:
            if isinstance(before.tag, str) and (text := text_of(before)):
                return text if len(text) <= 30 else ""
            before = before.getprevious()
        element = element.getparent()
    return ""


def _places(root: Element, said: re.Pattern[str], longest: int) -> tuple[int, ...]:
    """The places, in the page's order, of what says something short, or of scripts that do."""
    found = []
    for place, element in enumerate(body_of(root).iter(etree.Element)):
        if element.tag == "script":
            texts = [call[0] for call in _COUNTING.finditer((element.text or "")[:50_000])]
        else:
            texts = [element.text or "", element.tail or ""]
        if any(said.search(text[:200]) and len(squeeze(text[:200])) <= longest for text in texts if text):
            found.append(place)
    return tuple(found)


def _is_paged(block: Block, page: Marks) -> bool:
    """Whether the next thing after the block leads to its further pages."""
    last = max(link.place for link in block.links)
    pager = next((place for place in page.pagers if place > last), None)
    if pager is None:
        return False
    index = page.order[last]
    return sum(1 for link in page.links[index + 1 : index + 4] if link.place < pager) <= 1


def _is_under_crumbs(block: Block, page: Marks) -> bool:
    """Whether the block follows the page's 当前位置, but for the links of that itself."""
    first = min(link.place for link in block.links)
    crumb = max((place for place in page.crumbs if place < first), default=None)
    if crumb is None:
        return False
    index = page.order[first]
    return sum(1 for link in page.links[max(0, index - 9) : index] if link.place > crumb) <= 7


def is_main(block: Block, root: Element, base: str) -> bool:
    """Whether the page itself says that it is there for this list: by a pager behind it, or its 当前位置 above."""
    page = marks(root, base)
    return _is_paged(block, page) or _is_under_crumbs(block, page)


def siblings(block: Block, base: str) -> list[tuple[Element, Link]]:
    """The block's lines and those beside them that are lines too, though their markup differs inside, in order."""
    known = dict(zip(block.items, block.links, strict=True))
    is_dated = dated(block.items, block.links) > 0.8
    tag = block.items[0].tag
    found: list[tuple[Element, Link]] = []
    for parent in dict.fromkeys(item.getparent() for item in block.items):
        for item in islice(parent, MOST_LINKS) if parent is not None else ():
            if item in known:
                if likeness(known[item].title) > 0.2 or not is_dated or _has_day(item, block.items):
                    found.append((item, known[item]))
            elif (
                item.tag == tag
                and (link := main_link(item, base))
                and likeness(link.title) > 0
                and (not is_dated or _has_day(item, block.items))
            ):
                found.append((item, link))
    return found


def main_link(item: Element, base: str) -> Link | None:
    """The link of a line that says most."""
    inside = [
        as_link(element, holder, base)
        for element in [item, *item.iterdescendants(etree.Element)][:200]
        if (holder := _holder(element))
    ]
    told = [link for link in inside if link.title and not FURNITURE.fullmatch(link.title)]
    return max(told, key=lambda link: len(link.title), default=None)
