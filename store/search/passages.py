"""A page as the passages that search finds: its title, what its cover says, each node of its outline, its files. Pure.

The order is part of the stored index: a version's k-th row is its k-th passage. A change here, or in
`store.search.tokens`, needs a revision that empties the index (`yaodian reindex` does the rest).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from store.flow import Page, walk
from store.normal import outline_of
from store.search.tokens import spaced

# PostgreSQL remembers 255 places of a word in a row; in so many characters a mark or a digit can't stand more often.
LONGEST = 500
# So much of a cut paragraph stands in both parts: a phrase of up to so many characters lies whole in one of them.
OVERLAP = 60


@dataclass(frozen=True, slots=True)
class Passage:
    """What a row of the index holds. `text` begins with the label; `path` is "" for the title and the cover, None
    for an attachment, which `attachment` names then."""

    text: str
    path: str | None = ""
    label: str | None = None
    heading: str | None = None
    attachment: str | None = None


def passages(page: Page, title: str) -> list[Passage]:
    """The page's passages in the order of their rows; the first is the title, with the 文号 and the publisher."""
    found = [Passage(_titled(page, title))]
    if page.cover:
        found += [Passage(part) for line in page.cover.splitlines() for part in _parts(line)]
    for path, node in walk(outline_of(page)):
        for part in _parts((node.label or "") + node.text):
            found.append(Passage(part, path, node.label, node.heading))
    for attachment in page.attachments:
        if attachment.text and attachment.url != page.text_from:
            found += [
                Passage(part, None, attachment=attachment.name)
                for lines in _gathered(attachment.text.splitlines())
                for part in _parts(lines)
            ]
    return found


def _titled(page: Page, title: str) -> str:
    known = spaced(title)
    more = (page.metadata.document_number, page.metadata.publisher)
    return "\n".join([title, *(line for line in more if line and spaced(line) not in known)])


def _parts(text: str) -> Iterator[str]:
    """The text in parts of at most LONGEST characters that overlap; nothing for one without a character."""
    if not text.strip():
        return
    yield text[:LONGEST]
    for at in range(LONGEST - OVERLAP, len(text) - OVERLAP, LONGEST - OVERLAP):
        yield text[at : at + LONGEST]


def _gathered(lines: list[str]) -> Iterator[str]:
    """Lines put together up to LONGEST characters: a table's rows are too short to be rows of the index."""
    waiting: list[str] = []
    length = 0
    for line in lines:
        if waiting and length + len(line) > LONGEST:
            yield "\n".join(waiting)
            waiting, length = [], 0
        waiting.append(line)
        length += len(line) + 1
    if waiting:
        yield "\n".join(waiting)
