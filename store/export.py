"""What is kept, as lists that other programs read. Each is streamed: the archive may be larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sqlalchemy.orm import Session

from store import models as rows
from store import queries
from store.flow import walk
from store.shapes import change_to_json, document_to_json, page_from_json, plan_to_json, version_to_json

Item = Mapping[str, Any]


def changes(session: Session) -> Iterator[Item]:
    return map(change_to_json, queries.changes(session))


def documents(session: Session) -> Iterator[Item]:
    return map(document_to_json, queries.documents(session))


def versions(session: Session) -> Iterator[Item]:
    return (version_to_json(version, whole=True) for version in queries.versions(session))


def plans(session: Session) -> Iterator[Item]:
    return map(plan_to_json, queries.plans(session))


def items(session: Session) -> Iterator[Item]:
    """The numbered items of every document's newest version, a row each."""
    for document in queries.documents(session):
        if document.version is not None:
            yield from _items(document, document.version)


def _items(document: rows.Document, version: rows.Version) -> Iterator[Item]:
    for path, node in walk(page_from_json(version.page).outline):
        if node.label is not None:
            yield {
                "document": document.id,
                "plan": document.plan_id,
                "version": version.number,
                "url": document.url,
                "path": path,
                "label": node.label,
                "heading": node.heading,
                "text": node.text,
            }


COLUMNS: dict[str, tuple[str, ...]] = {
    "changes": (
        "id",
        "type",
        "detected_at",
        "source",
        "document",
        "plan",
        "title",
        "url",
        "from_version",
        "to_version",
        "extraction",
        "items",
    ),
    "documents": (
        "id",
        "source",
        "url",
        "title",
        "state",
        "listed_on",
        "found_at",
        "checked_at",
        "version",
        "plan",
        "role",
    ),
    "versions": (
        "id",
        "document",
        "number",
        "captured_at",
        "title",
        "url",
        "content_hash",
        "extraction",
        "metadata",
        "text",
    ),
    "plans": ("id", "title", "publisher", "region", "kind", "period", "document_number", "documents"),
    "items": ("document", "plan", "version", "url", "path", "label", "heading", "text"),
}
KINDS: dict[str, Callable[[Session], Iterator[Item]]] = {
    "changes": changes,
    "documents": documents,
    "versions": versions,
    "plans": plans,
    "items": items,
}
