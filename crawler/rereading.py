"""How the captures of a source are read today, and a stamp that tells when that has changed."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from crawler.extraction import read
from crawler.sources.schema import Source
from store.flow import Capture, Page
from store.reprocess import Reader

ROOT = Path(__file__).parent
# What a page is read with beside the source's own rules.
CODE = (
    *sorted((ROOT / "extraction").rglob("*")),
    ROOT / "sources" / "schema.py",
    *(ROOT.parent / "store" / name for name in ("flow.py", "normal.py", "regions.py", "regions.csv")),
)
LIBRARIES = ("lxml", "readability-lxml")


def reader(source: Source) -> Reader:
    """For `store.reprocess`."""

    def read_today(capture: Capture) -> Page | None:
        page = read(capture, source.document, source.fetch.charset)
        return page if source.match.is_about(page.title, page.text) else None

    rules = (source.document, source.fetch.charset, source.match)
    stamp = hashlib.sha256(f"{program()} {rules!r}".encode()).hexdigest()
    return Reader(stamp[:16], read_today)


@cache
def program() -> str:
    """Changes with every line of the extraction."""
    summed = hashlib.sha256()
    for path in CODE:
        if path.is_file() and path.suffix != ".pyc":
            summed.update(path.read_bytes())
    summed.update(" ".join(version(name) for name in LIBRARIES).encode())
    return summed.hexdigest()
