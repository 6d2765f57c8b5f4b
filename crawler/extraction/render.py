"""A tree to lines as a reader sees them: one for each block and <br>, one for a table row with tabs between cells.
Says of each line where it came from and which links it carries; what belongs to the document is judged elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise
from urllib.parse import urljoin

from lxml import etree

from crawler.extraction.tree import is_hidden

BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
UNSEEN = frozenset(
    [
        "applet",
        "audio",
        "button",
        "canvas",
        "datalist",
        "embed",
        "frame",
        "frameset",
        "head",
        "iframe",
        "input",
        "math",
        "noframes",
        "noscript",
        "object",
        "option",
        "optgroup",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "video",
    ]
)
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
BLANKS = re.compile(r"\s+")
_DEAD = re.compile(r"java?s?c?ript\s*:|vbscript\s*:|about:|#|$", re.I)
"""An address that leads nowhere; javacript: is a slip that one system prints by the thousand."""
_PLAIN = re.compile(r"(?:\.\./){0,9}(?:\./)?[\w-][\w-]*(?:[./][\w-]+)*", re.A)
"""A relative address of names only."""
_QUOTED = re.compile(
    r"[\"']((?:https?:/)?/[^\s\"'<>]{2,500}|[^\s\"'<>()]{1,500}\.(?:pdf|docx?|xlsx?|pptx?|wps|et|ofd|zip|rar|7z|s?html?|jspx?|aspx?|php)(?:[?#][^\s\"'<>]{0,300})?)[\"']",
    re.I,
)
"""An address as a script's argument."""
ROW_LIMIT = 240
"""Characters up to which a row whose cells have several lines is still one line; longer ones are layout or prose."""
ROW_LINES = 8
TERM = 20
"""Characters up to which a <dt> is a label: it is one line with its <dd>, as a box prints them beside each other."""
VALUE = 80


@dataclass(slots=True)
class Link:
    """`href` is absolute; empty where the link leads nowhere."""

    href: str
    text: str


@dataclass(slots=True)
class Line:
    """`block` is the element in which the text began, `linked` counts the characters that are links."""

    text: str
    block: etree._Element
    linked: int = 0
    links: list[Link] = field(default_factory=list)
    inside: bool = False
    weight: float | None = None
    """What `locate.weigh` found, once it was asked."""

    @property
    def plain(self) -> int:
        return max(0, len(self.text) - self.linked)


def squeeze(text: str) -> str:
    """Blanks of every kind (NBSP and U+3000 too) become one space, none at the ends; zero-width marks go."""
    return " ".join((text if text.isascii() else INVISIBLE.sub("", text)).split())


def absolute(base: str, href: str) -> str:
    """The address as an absolute URL; as it stands where it is none."""
    try:
        return urljoin(base, href) if href else ""
    except ValueError:
        return href


def _below(origin: str, folders: list[str], href: str) -> str:
    """“../x/1.html” as `urljoin` has it, in a tenth of its time: nothing is above the root."""
    while href.startswith("../"):
        href, folders = href[3:], folders[:-1]
    return "/".join([origin, *folders, href.removeprefix("./")])


def _address(element: etree._Element, href: str) -> str:
    """Where a link leads: its href, or what its script (onclick="open('/a.doc')") is called with."""
    if not _DEAD.match(href):
        return href
    for script in (element.get("onclick"), href):
        found = _QUOTED.search((script or "")[:2000])
        if found:
            return found[1]
    return ""


@dataclass(slots=True)
class _Row:
    element: etree._Element
    start: int
    cells: list[int] = field(default_factory=list)
    nested: bool = False


class _Writer:
    def __init__(self, base: str) -> None:
        self.lines: list[Line] = []
        self.base = base
        self.addresses: dict[str, str] = {}
        self.origin = "/".join(base.split("/", 3)[:3]) if base.startswith("http") else ""
        folders = base.split("?", 1)[0].split("#", 1)[0].split("/")[3:-1]
        is_plain = bool(self.origin) and all(name and name[0] != "." for name in folders)
        self.folders = folders if is_plain else None
        self.rows: list[_Row] = []
        self.term: int | None = None
        self._parts: list[str] = []
        self._block: etree._Element | None = None
        self._linked = 0
        self._links: list[Link] = []
        self._open: Link | None = None

    def text(self, text: str | None, element: etree._Element, pre: bool) -> None:
        if not text:
            return
        if pre and "\n" in text:
            first, *rest = text.split("\n")
            self.text(first, element, False)
            for line in rest:
                self.flush()
                self.text(line, element, False)
            return
        if self._block is None:
            if text.isspace():
                return  # no line begins with blanks
            self._block = element
        self._parts.append(text)
        if self._open is not None:
            self._linked += len(text.strip())
            self._open.text += text

    def link(self, element: etree._Element) -> None:
        href = (element.get("href") or "").strip()
        # Word leaves <a name="_Toc"> around paragraphs: an anchor without an address is no link
        if href or element.get("onclick"):
            self._open = Link(self._absolute(_address(element, href)), "")
            self._links.append(self._open)

    def _absolute(self, href: str) -> str:
        """Joined once for each address of a page: menus repeat theirs."""
        if href.startswith(("http://", "https://")):
            return href
        if href.startswith("/") and self.origin and not href.startswith("//") and "/." not in href:
            return self.origin + href
        known = self.addresses.get(href)
        if known is None:
            is_plain = self.folders is not None and _PLAIN.fullmatch(href)
            known = _below(self.origin, self.folders or [], href) if is_plain else absolute(self.base, href)
            self.addresses[href] = known
        return known

    def unlink(self) -> None:
        self._open = None

    def flush(self) -> None:
        if not self._parts and not self._links:
            return  # most blocks begin and end in blocks
        text = squeeze("".join(self._parts))
        if text and self._block is not None:
            for link in self._links:
                link.text = squeeze(link.text)
            self.lines.append(Line(text, self._block, min(self._linked, len(text)), self._links))
        elif self._links and self.lines and not text:
            # a link around a picture: keep the address with the line before
            self.lines[-1].links.extend(link for link in self._links if link.href)
        self._parts, self._links, self._linked, self._block = [], [], 0, None
        if self._open is not None:
            self._open = Link(self._open.href, "")
            self._links.append(self._open)

    def close_term(self) -> None:
        """After a <dt>: its line may wait for the <dd>'s."""
        self.term = len(self.lines) - 1 if self.lines and len(self.lines[-1].text) <= TERM else None

    def close_value(self) -> None:
        if self.term is not None and self.term == len(self.lines) - 2 and len(self.lines[-1].text) <= VALUE:
            label, value = self.lines[-2:]
            linked = label.linked + value.linked
            both = Line(f"{label.text}\t{value.text}", label.block, linked, [*label.links, *value.links])
            self.lines[-2:] = [both]
        self.term = None

    def close_row(self) -> None:
        row = self.rows.pop()
        bounds = [*row.cells, len(self.lines)]
        cells = [self.lines[a:b] for a, b in pairwise(bounds)]
        total = sum(len(line.text) for cell in cells for line in cell)
        tall = max((len(cell) for cell in cells), default=0)
        if row.nested or len(cells) < 2 or row.cells[0] != row.start:
            return
        if tall > 1 and (total > ROW_LIMIT or tall > ROW_LINES):
            return
        texts = [" ".join(line.text for line in cell) for cell in cells]
        joined = "\t".join(texts).strip("\t")
        if joined:
            parts = self.lines[row.start :]
            merged = Line(
                joined, row.element, sum(p.linked for p in parts), [x for p in parts for x in p.links]
            )
            self.lines[row.start :] = [merged]


def render(
    root: etree._Element, skip: Collection[etree._Element] = (), base: str = "", hidden: bool = False
) -> list[Line]:
    """The lines of everything visible (or, if asked, `hidden`) below `root`, without the elements in `skip`; links
    are made absolute."""
    writer = _Writer(base)
    pre = 0
    walk = etree.iterwalk(root, events=("start", "end", "comment"))
    unseen: etree._Element | None = None
    for event, node in walk:
        if event == "comment":
            if unseen is None and node is not root:
                writer.text(node.tail, node.getparent(), pre > 0)
            continue
        tag = node.tag
        if event == "start":
            if (
                tag in UNSEEN
                or (node in skip if skip else False)
                or (not hidden and node is not root and is_hidden(node))
            ):
                unseen = node
                walk.skip_subtree()
                continue
            _enter(writer, node, tag)
            pre += tag == "pre"
            writer.text(node.text, node, pre > 0)
            continue
        if node is unseen:
            unseen = None
        else:
            pre -= tag == "pre"
            _leave(writer, tag)
        if node is not root:
            writer.text(node.tail, node.getparent(), pre > 0)
    writer.flush()
    return writer.lines


def _enter(writer: _Writer, node: etree._Element, tag: str) -> None:
    if tag == "a":
        writer.link(node)
    elif tag == "br" or tag in BLOCKS:
        writer.flush()
        if tag == "tr":
            writer.rows.append(_Row(node, len(writer.lines)))
        elif tag in ("td", "th") and writer.rows:
            writer.rows[-1].cells.append(len(writer.lines))
        elif tag == "table" and writer.rows:
            for row in writer.rows:
                row.nested = True


def _leave(writer: _Writer, tag: str) -> None:
    if tag == "a":
        writer.unlink()
    elif tag in BLOCKS:
        writer.flush()
        if tag == "tr" and writer.rows:
            writer.close_row()
        elif tag == "dt":
            writer.close_term()
        elif tag == "dd":
            writer.close_value()
