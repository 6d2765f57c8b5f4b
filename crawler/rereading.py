"""How the captures of a source are read today, and a stamp that tells when that has changed."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from crawler import attachments, safe_reading
from crawler.extraction import Template, files, join
from crawler.sources.schema import Source
from store.flow import Capture, Page
from store.rereads import Reader

ROOT = Path(__file__).parent
# What a page is read with beside the source's own rules.
CODE = (
    *sorted((ROOT / "extraction").rglob("*")),
    *sorted((ROOT / "attachments").rglob("*")),
    ROOT / "apart.py",
    ROOT / "charsets.py",
    ROOT / "selectors.py",
    ROOT / "sources" / "schema.py",
    *(ROOT.parent / "store" / name for name in ("flow.py", "normal.py", "regions.py", "regions.csv")),
)
LIBRARIES = ("lxml", "olefile", "pypdfium2", "python-calamine", "readability-lxml")


def reader(source: Source, template: Template | None = None) -> Reader:
    """For `store.reprocess`, and for a crawl that looks back at what was read before."""

    def read_today(capture: Capture, listed_title: str) -> Page | None:
        if attachments.is_file(capture.body):
            page = safe_reading.read_file(capture, listed_title)
        else:
            page = safe_reading.read_document(capture, source.document, source.fetch.charset, template)
        is_ours = source.match.is_about(page.title, page.text) or files.may_be_cover(page)
        return page if is_ours else None

    rules = (source.document, source.fetch.charset, source.match, template)
    stamp = hashlib.sha256(f"{program()} {rules!r}".encode()).hexdigest()
    return Reader(stamp[:16], read_today, join, files.joined)


@cache
def program() -> str:
    """Changes with every line of the extraction."""
    summed = hashlib.sha256()
    for path in CODE:
        if path.is_file() and path.suffix != ".pyc":
            summed.update(path.read_bytes())
    summed.update(" ".join(version(name) for name in LIBRARIES).encode())
    return summed.hexdigest()
