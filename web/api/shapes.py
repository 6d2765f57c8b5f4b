"""What the API answers, for its OpenAPI document: the shapes of `store.shapes`, field by field."""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from store.flow import (
    Attachment,
    AttachmentChange,
    ChangeType,
    FieldChange,
    ItemChange,
    Node,
    Period,
    Role,
    SourceKind,
)

Moment = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
Shape = TypeVar("Shape")


class Listed(BaseModel, Generic[Shape]):
    """A page of a list; `next` is the cursor of the one after, null at the end."""

    items: list[Shape]
    next: str | None


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


class Document(BaseModel):
    id: str
    source: str
    url: str
    title: str
    state: Literal["found", "live", "withdrawn", "unmatched", "unreadable"]
    listed_on: Day | None
    found_at: Moment
    checked_at: Moment | None
    version: int | None
    plan: str | None
    role: Role | None


class Metadata(BaseModel):
    """What a page says of itself; null where it is silent. `published_at` is a day, or a time in the page's own zone
    as it is printed there, which has no offset and so is no date-time of RFC 3339."""

    publisher: str | None
    document_number: str | None
    index_number: str | None
    issued_on: Day | None
    published_at: str | None
    source_label: str | None
    kind: str | None
    period: Period | None
    region: str | None
    addressees: str | None


class Version(BaseModel):
    id: int
    document: str
    number: int
    captured_at: Moment
    title: str
    url: str
    content_hash: str
    extraction: bool
    metadata: Metadata


class WholeVersion(Version):
    text: str
    outline: list[Node]
    attachments: list[Attachment]
    text_from: str | None = None
    cover: str | None = None
    origins: dict[str, str]


class Difference(BaseModel):
    document: str
    from_version: int
    to_version: int
    items: list[ItemChange]
    metadata: list[FieldChange]
    attachments: list[AttachmentChange]


class Change(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: int
    type: ChangeType
    detected_at: Moment
    source: str
    document: str
    plan: str | None
    title: str
    url: str
    from_version: int | None
    to_version: int | None
    extraction: bool
    items: list[ItemChange]
    metadata: list[FieldChange]
    attachments: list[AttachmentChange]


class Carrier(BaseModel):
    """A document that carries a plan."""

    id: str
    source: str
    kind: SourceKind
    url: str
    role: Role | None
    similarity: float | None


class Plan(BaseModel):
    id: str
    title: str
    publisher: str | None
    region: str | None
    kind: str | None
    period: Period | None
    document_number: str | None
    documents: list[Carrier]


class Source(BaseModel):
    """A source's file (docs/sources.md), every field of it, and when it was looked at."""

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    publisher: str
    region: str
    kind: SourceKind
    enabled: bool
    last_crawled_at: Moment | None
    next_due_at: Moment | None


class Between(BaseModel):
    first: int
    last: int | None


class Hit(BaseModel):
    """An item that search found; `path` is "" for the title or the cover, null for an attachment. `marks` are
    [start, end) of the hits in the snippet, in characters."""

    document: str
    version: int
    plan: str | None
    source: str
    url: str
    title: str
    path: str | None
    label: str | None
    heading: str | None
    attachment: str | None
    text: str
    snippet: str
    marks: list[tuple[int, int]]
    captured_at: Moment
    versions: Between
    current: bool
    role: Role | None
    similarity: float | None
    publisher: str | None
    region: str | None
    kind: str | None
    period: Period | None
    dated_on: Day | None


class Facet(BaseModel):
    value: str
    count: int


class Answer(BaseModel):
    """Hits; `total` is null after the first page of many, and a lower bound unless `total_is_exact`."""

    items: list[Hit]
    next: str | None
    total: int | None
    total_is_exact: bool
    order: Literal["relevance", "newest"]
    facets: dict[str, list[Facet]]


class Subscription(BaseModel):
    id: int
    address: str
    state: str
    reason: str | None
    filter: dict[str, Any]
    rhythm: dict[str, Any]
    language: str
    created_at: Moment
    confirmed_at: Moment | None
    next_due_at: Moment | None


class Wanted(BaseModel):
    """A subscription to be made: docs/commands.md, `yaodian subscribe`."""

    model_config = ConfigDict(extra="forbid")

    address: Annotated[str, Field(max_length=320)]
    filter: dict[str, Any] = {}
    rhythm: dict[str, Any] = {}


class Digest(BaseModel):
    """One issue for one subscription: the ids of the changes that it carries, and what became of its delivery."""

    id: int
    subscription: int
    created_at: Moment
    changes: list[int]
    state: str | None
    sent_at: Moment | None
