"""What flows between the rooms, in the order in which it arises; read this first and the program is known.

Source ─▶ Listing of Entry ─▶ Capture ─▶ Page (Node …) ─▶ Outcome ─▶ Change of ItemChange ─▶ digest
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

ChangeType = Literal["new", "changed", "withdrawn", "restored"]
ItemOp = Literal["added", "removed", "edited", "moved", "renumbered"]
Role = Literal["original", "reprint"]
SourceKind = Literal["official", "mirror"]
Place = Literal["source", "meta", "box", "info", "cover", "text", "title", "url"]
"""Where a field of a page was found: by the selector of the source's file, in the HTML's head (<meta>, <title>, a
script), in the metadata box, in an info line over or under the text, on the cover (number, addressees, signature),
elsewhere in the text, in the document's title, in the address. The title itself is `text` where the page prints it."""
FileState = Literal["read", "scanned", "encrypted", "unreadable", "too large", "missing"]


def _is_none(value: object) -> bool:
    return value is None


@dataclass(frozen=True, slots=True)
class Origin:
    """What a document inherits from its source. `region` is a GB/T 2260 code; `rules` is another text when entries
    would be found, or documents read, by other rules."""

    id: str
    name: str
    publisher: str
    region: str
    kind: SourceKind
    rules: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A URL to ask for, with the validators that the server gave for what we have; `document` is None for a
    listing page. `next` is the listing page that followed when it was read last, `title` what the listing calls the
    document."""

    url: str
    document: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    next: str | None = None
    title: str | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether the server was asked for news only: else a 304 is no answer."""
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a host stands with us. `strain` grows with each answer in a row that refuses, or fails to come; until
    `not_before` it is left alone, because the host `asked` for that (Retry-After) or because it is under strain."""

    strain: int = 0
    not_before: dt.datetime | None = None
    asked: bool = False
    sign: str = ""
    because: str = ""

    def holds(self, now: dt.datetime) -> bool:
        return self.not_before is not None and now < self.not_before


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing. `url` is absolute; `date` as printed there, without a time zone."""

    url: str
    title: str
    date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing page enumerates, in its order, and the absolute URL of the page that follows it.
    `addressless` counts the lines that have no title or lead nowhere on the web."""

    entries: tuple[Entry, ...]
    next: str | None = None
    addressless: int = 0


@dataclass(frozen=True, slots=True)
class Filling:
    """How far the back-fill of a listing has come: the page to read next, or that it was read to its end."""

    url: str | None = None
    number: int = 0
    is_done: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """One fetch of one URL. `url` is the address that answered (after redirects), `fetched_at` is UTC,
    `body` is decompressed, `headers` keep the server's order and spelling."""

    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fetched_at: dt.datetime

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Period:
    """The years that a plan covers, both included: “十四五” is 2021–2025, 2022年 is 2022–2022."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the page says of itself; None where it is silent, never guessed.

    `document_number` is the 文号, `index_number` the 索引号, `issued_on` the 成文日期, `published_at` the
    发布日期 (with the time where the page prints one, in the page's own zone), `source_label` the 来源,
    `addressees` the 主送机关, `region` a GB/T 2260 code.
    """

    publisher: str | None = None
    document_number: str | None = None
    index_number: str | None = None
    issued_on: dt.date | None = None
    # A date first: what a page prints without a time stays a date through JSON and back.
    published_at: dt.date | dt.datetime | None = None
    source_label: str | None = None
    kind: str | None = None
    period: Period | None = None
    region: str | None = None
    addressees: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the outline. `label` is the number as printed ("一、", "（一）", "1."), None for an unnumbered
    paragraph; `level` 1 is outermost. `text` is everything the node says itself, without the label and with the
    heading: label + text of all nodes, in reading order, is the page's text. `heading` is the section's title
    or the item's lead sentence without its full stop, None where there is none."""

    label: str | None
    level: int
    heading: str | None
    text: str
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read out of a file's bytes: `text` has one paragraph a line, a table's row is a line with tabs between
    its cells; `state` says why there is none, `detail` what else a person should know."""

    state: FileState
    text: str = ""
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that the page links to. `url` is absolute, None where the page names the file but its link is dead
    (javascript:;); `media_type` is judged by the suffix.

    The rest is known once it was fetched, and left out of the JSON until then: `state`, `text` and `detail` as in a
    Reading, `digest` the SHA-256 of its bytes. A file that is missing or too large has a state and no digest."""

    url: str | None
    name: str
    media_type: str | None = None
    state: Annotated[FileState | None, Field(exclude_if=_is_none)] = None
    digest: Annotated[str | None, Field(exclude_if=_is_none)] = None
    text: Annotated[str | None, Field(exclude_if=_is_none)] = None
    detail: Annotated[str | None, Field(exclude_if=_is_none)] = None


@dataclass(frozen=True, slots=True)
class Page:
    """What is read out of a capture. `text` has one paragraph a line, the official cover kept and boilerplate
    dropped; it is empty where the page shows only a heading and a picture, a video or a file. `confidence` is 0–1:
    how sure the reading is that `text` is the document and nothing else. `origins` says of the title and of each
    metadata field that has a value where it was found; of the text when it was found by the source's selector. `next` is the absolute URL of the article's next page, where
    an article is split over several.

    Where the plan itself is a file that the page only hands down, `text` and `outline` are the file's, `text_from` is
    the file's URL and `cover` what the page itself says; both are left out of the JSON of all other pages."""

    url: str
    title: str | None
    text: str
    metadata: Metadata
    outline: tuple[Node, ...]
    attachments: tuple[Attachment, ...]
    confidence: float = 1.0
    text_from: Annotated[str | None, Field(exclude_if=_is_none)] = None
    cover: Annotated[str | None, Field(exclude_if=_is_none)] = None
    origins: Mapping[str, Place] = field(default_factory=dict)
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """An attachment to ask for: how, what is known of it, and the problem there was last time."""

    visit: Visit
    attachment: Attachment
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of asking for a document's attachment. `attachment` is as it is known now, `capture` the answer if
    it had a body, `problem` why there was none to use."""

    attachment: Attachment
    capture: Capture | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Characters [start, end) of a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What became of one node between two versions. Paths are labels from the outermost in: "四、/（一）/3.",
    with "¶2" for the second unnumbered paragraph there; None where the node is absent. `old_spans` and
    `new_spans` mark the characters of `old` and `new` that differ."""

    op: ItemOp
    old_path: str | None
    new_path: str | None
    heading: str | None
    old: str | None
    new: str | None
    old_spans: tuple[Span, ...] = ()
    new_spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A metadata field, or the title, that reads differently now. Values as in the JSON of a page."""

    field: str
    old: object
    new: object


@dataclass(frozen=True, slots=True)
class AttachmentChange:
    op: Literal["added", "removed", "edited"]
    name: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs between two versions of a document."""

    items: tuple[ItemChange, ...] = ()
    metadata: tuple[FieldChange, ...] = ()
    attachments: tuple[AttachmentChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.items or self.metadata or self.attachments)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What keeping one fetch did: `change` is None when nothing happened that anybody would be told."""

    document: str
    change: ChangeType | None = None
    version: int | None = None
    difference: Difference = field(default_factory=Difference)


def walk(outline: tuple[Node, ...]) -> Iterator[tuple[str, Node]]:
    """Every node with its path, in reading order; iterative, since foreign outlines may nest deeply."""
    stack: list[tuple[str, Node]] = list(reversed(_with_paths("", outline)))
    while stack:
        path, node = stack.pop()
        yield path, node
        stack.extend(reversed(_with_paths(path + "/", node.children)))


def _with_paths(prefix: str, nodes: tuple[Node, ...]) -> list[tuple[str, Node]]:
    paragraphs = 0
    placed = []
    for node in nodes:
        if node.label is None:
            paragraphs += 1
        placed.append((prefix + (node.label or f"¶{paragraphs}"), node))
    return placed
