"""The attachments of a document as rows: how to ask for them again, and what came. Part of `store.keep`'s transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from store import models as rows
from store.flow import Attachment, Fetched, Known, Page, Visit
from store.normal import normalise
from store.rechecks import is_believed
from store.shapes import page_from_json


def known(session: Session, document: rows.Document, links: Sequence[Attachment] | None) -> list[Known]:
    """The attachments to ask for: those that a page links to now, or without `links` those that were asked for
    last; each with what the newest version knows of it."""
    kept = session.scalars(select(rows.Attachment).where(rows.Attachment.document_id == document.id)).all()
    row_of = {row.url: row for row in kept}
    before = _addressed(document, kept)
    content_of = {a.url: a for a in before.attachments} if before else {}
    if links is None:
        links = [attachment for url, attachment in content_of.items() if url in row_of]
    found = []
    for link in links:
        if link.url is None:
            continue  # the page names the file, and its link is dead
        row, content = row_of.get(link.url), content_of.get(link.url)
        visit = Visit(link.url, document.id)
        if row is not None and content is not None and row.digest and content.digest:
            if is_believed(row.believed):
                visit = replace(visit, etag=row.etag, last_modified=row.last_modified)
            # The bytes of a file may have changed without its text: the version has the text, the row the bytes.
            link = replace(
                link, state=content.state, digest=row.digest, text=content.text, detail=content.detail
            )
        elif content is not None:
            link = replace(link, state=content.state, detail=content.detail)
        found.append(Known(visit, link, row.problem if row else None))
    return found


def newest(session: Session, document: rows.Document) -> Page | None:
    """The page of the document's newest version, its attachments at the addresses at which they were asked for last."""
    return _addressed(
        document,
        session.scalars(select(rows.Attachment).where(rows.Attachment.document_id == document.id)).all(),
    )


def _addressed(document: rows.Document, kept: Sequence[rows.Attachment]) -> Page | None:
    if document.version is None:
        return None
    page = page_from_json(document.version.page)
    urls = {attachment.url for attachment in page.attachments}
    moved = [row for row in kept if row.url not in urls]
    if not moved:
        return page
    living = {row.url for row in kept}
    return replace(
        page,
        attachments=tuple(
            attachment if attachment.url in living else _moved(attachment, moved)
            for attachment in page.attachments
        ),
    )


def _moved(attachment: Attachment, rows_of_others: Sequence[rows.Attachment]) -> Attachment:
    """The attachment where one of its name, and of several the one of its bytes, is now."""
    name = normalise(attachment.name)
    same = [row for row in rows_of_others if row.name is not None and normalise(row.name) == name]
    if len(same) > 1:
        same = [row for row in same if row.digest == attachment.digest]
    return replace(attachment, url=same[0].url) if same else attachment


def keep(
    session: Session,
    document: str,
    came: Sequence[tuple[Fetched, rows.Capture | None]],
) -> list[tuple[Fetched, int | None]]:
    """Bring the rows up to what came, each with the capture of its answer; what the page links to no more is
    forgotten. Returns the problems that are new, each with the id of the capture that shows it."""
    of_document = rows.Attachment.document_id == document
    before = {row.url: row for row in session.scalars(select(rows.Attachment).where(of_document))}
    gone = before.keys() - {fetched.attachment.url for fetched, _ in came}
    if gone:
        session.execute(delete(rows.Attachment).where(of_document, rows.Attachment.url.in_(sorted(gone))))
    new_problems = []
    for fetched, captured in came:
        url = fetched.attachment.url
        assert url is not None, "only what has an address is asked for"
        row = before.get(url) or rows.Attachment(document_id=document, url=url)
        if fetched.problem and fetched.problem != row.problem:
            new_problems.append((fetched, captured.id if captured else None))
        row.name, row.problem = fetched.attachment.name, fetched.problem
        row.believed = (row.believed or 0) + 1 if fetched.capture is None else 0
        if captured is not None and fetched.capture is not None and not fetched.problem:
            row.etag = fetched.capture.header("ETag")
            row.last_modified = fetched.capture.header("Last-Modified")
            row.digest, row.capture_id = captured.digest, captured.id
        session.add(row)
    return new_problems
