"""What is kept, as lists that other programs read. Each is streamed: the archive may be larger than memory."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, BinaryIO, cast

from sqlalchemy.orm import Session

from store import models as rows
from store import queries
from store.errors import OperatorError
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
# Of all kinds together; every other column is text, or JSON as text.
_NUMBERS = {"number", "version", "from_version", "to_version", "similarity"}
_TRUTHS = {"extraction"}
ROWS_AT_A_TIME = 5000


@contextmanager
def parquet(items: Iterator[Item], columns: Sequence[str]) -> Iterator[BinaryIO]:
    """A Parquet file of the columns, rewound to be read; lists and objects are JSON text. Its writer needs a file that
    it can seek in. Raises OperatorError when the extra is missing."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet as files
    except ImportError as error:
        raise OperatorError("parquet needs pyarrow; install it: pip install 'yaodian[parquet]'") from error
    types = {name: arrow.float64() if name == "similarity" else arrow.int64() for name in _NUMBERS}
    types |= dict.fromkeys(_TRUTHS, arrow.bool_())
    schema = arrow.schema([(name, types.get(name, arrow.string())) for name in columns])
    with tempfile.TemporaryFile() as out:
        with files.ParquetWriter(out, schema, compression="zstd") as writer:
            while some := list(islice(items, ROWS_AT_A_TIME)):
                shaped = [{name: _flat(item.get(name), name in types) for name in columns} for item in some]
                writer.write_table(arrow.Table.from_pylist(shaped, schema=schema))
        out.seek(0)
        yield cast(BinaryIO, out)


def _flat(value: Any, is_plain: bool) -> Any:
    if value is None or is_plain or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


KINDS: dict[str, Callable[[Session], Iterator[Item]]] = {
    "changes": changes,
    "documents": documents,
    "versions": versions,
    "plans": plans,
    "items": items,
}
