"""The JSON shapes of the public contract (design §5), made of the flow's data and of rows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from store import models as rows
from store.flow import Difference, Metadata, Page
from store.series import Series

if TYPE_CHECKING:  # search reads pages by this module
    from store.search.find import Answer
    from store.search.hits import Hit

_PAGE = TypeAdapter(Page)
_METADATA = TypeAdapter(Metadata)
_DIFFERENCE = TypeAdapter(Difference)
_SERIES = TypeAdapter(Series)


def page_to_json(page: Page) -> dict[str, Any]:
    json: dict[str, Any] = _PAGE.dump_python(page, mode="json")
    return json


def page_from_json(json: Any) -> Page:
    return _PAGE.validate_python(json)


def metadata_to_json(metadata: Metadata) -> dict[str, Any]:
    json: dict[str, Any] = _METADATA.dump_python(metadata, mode="json")
    return json


def difference_to_json(difference: Difference) -> dict[str, Any]:
    json: dict[str, Any] = _DIFFERENCE.dump_python(difference, mode="json")
    return json


def difference_from_json(json: Any) -> Difference:
    return _DIFFERENCE.validate_python(json)


def series_to_json(series: Series) -> dict[str, Any]:
    json: dict[str, Any] = _SERIES.dump_python(series, mode="json")
    return json


def document_to_json(document: rows.Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "source": document.source_id,
        "url": document.url,
        "title": document.version.title if document.version else document.listed_title,
        "state": document.state,
        "listed_on": document.listed_on.isoformat() if document.listed_on else None,
        "found_at": iso(document.found_at),
        "checked_at": iso(document.checked_at),
        "version": document.version.number if document.version else None,
        "plan": document.plan_id,
        "role": document.role,
    }


def version_to_json(version: rows.Version, *, whole: bool = False) -> dict[str, Any]:
    """A Version; with `whole`, its text, outline and attachments too."""
    page = version.page
    shape = {
        "id": version.id,
        "document": version.document_id,
        "number": version.number,
        "captured_at": iso(version.captured_at),
        "title": version.title,
        "url": page["url"],
        "content_hash": version.content_hash,
        "extraction": version.extraction,
        "metadata": page["metadata"],
    }
    if whole:
        shape |= {
            key: page[key] for key in ("text", "outline", "attachments", "text_from", "cover") if key in page
        }
        shape["origins"] = page.get("origins", {})
    return shape


def change_to_json(change: rows.Change) -> dict[str, Any]:
    document, version = change.document, change.to_version or change.from_version
    difference = change.difference
    return {
        "id": change.id,
        "type": change.type,
        "detected_at": iso(change.detected_at),
        "source": document.source_id,
        "document": document.id,
        "plan": document.plan_id,
        "title": version.title if version else document.listed_title,
        "url": document.url,
        "from_version": change.from_version.number if change.from_version else None,
        "to_version": change.to_version.number if change.to_version else None,
        "extraction": change.extraction,
        "items": difference["items"],
        "metadata": difference["metadata"],
        "attachments": difference["attachments"],
    }


def plan_to_json(plan: rows.Plan) -> dict[str, Any]:
    return {
        "id": plan.id,
        "title": plan.title,
        "publisher": plan.publisher,
        "region": plan.region,
        "kind": plan.kind,
        "period": _period(plan),
        "document_number": plan.document_number,
        "documents": [
            {
                "id": document.id,
                "source": document.source_id,
                "kind": document.source.kind,
                "url": document.url,
                "role": document.role,
                "similarity": document.similarity,
            }
            for document in plan.documents
        ],
    }


def hit_to_json(hit: Hit) -> dict[str, Any]:
    """An item that search found. `path` is "" for the document's title or cover, null for an attachment; `marks` are
    [start, end) of the hits in the snippet; `versions` says between which versions the item stands so."""
    passage, document, version = hit.passage, hit.document, hit.shown
    plan = document.plan
    return {
        "document": document.id,
        "version": version.number,
        "plan": document.plan_id,
        "source": document.source_id,
        "url": document.url,
        "title": version.title,
        "path": passage.path,
        "label": passage.label,
        "heading": passage.heading,
        "attachment": passage.attachment,
        "text": passage.text,
        "snippet": hit.snippet.text,
        "marks": [[span.start, span.end] for span in hit.snippet.marks],
        "captured_at": iso(version.captured_at),
        "versions": {"first": hit.first, "last": hit.last},
        "current": hit.is_current,
        "role": document.role,
        "similarity": document.similarity,
        "publisher": plan.publisher if plan else None,
        "region": plan.region if plan else None,
        "kind": plan.kind if plan else None,
        "period": _period(plan) if plan else None,
        "dated_on": document.dated_on.isoformat() if document.dated_on else None,
    }


def answer_to_json(answer: Answer) -> dict[str, Any]:
    """A page of hits. `total` is null on the pages after the first of many."""
    return {
        "items": [hit_to_json(hit) for hit in answer.hits],
        "next": answer.cursor,
        "total": answer.total,
        "total_is_exact": answer.is_exact,
        "order": answer.order,
        "facets": {
            name: [{"value": facet.value, "count": facet.count} for facet in facets]
            for name, facets in answer.facets.items()
        },
    }


def digest_to_json(session: Session, digest: rows.Digest) -> dict[str, Any]:
    """A digest with the ids of the changes that it carries, and how its delivery went."""
    carried = select(rows.DigestChange.change_id).where(rows.DigestChange.digest_id == digest.id)
    delivery = session.scalars(select(rows.Delivery).where(rows.Delivery.digest_id == digest.id)).first()
    return {
        "id": digest.id,
        "subscription": digest.subscription_id,
        "created_at": iso(digest.created_at),
        "changes": list(session.scalars(carried.order_by(rows.DigestChange.change_id))),
        "state": delivery.state if delivery else None,
        "sent_at": iso(delivery.sent_at) if delivery else None,
    }


def _period(plan: rows.Plan) -> dict[str, int | None] | None:
    return {"start": plan.period_start, "end": plan.period_end} if plan.period_start is not None else None


def iso(moment: dt.datetime | None) -> str | None:
    """A moment as JSON has it: in UTC, with Z."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None
