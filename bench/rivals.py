"""Other extractors behind one door: HTML in, what they say of text, title and date out. Only measured here, never
part of the product; those that are not installed are left out (`uv sync --group bench`)."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crawler.extraction import parse
from crawler.extraction.render import render
from crawler.extraction.tree import body_of


@dataclass(frozen=True)
class Read:
    """What an extractor says; None where it has nothing to say. `is_html` says that the text is still marked up."""

    text: str
    title: str | None = None
    date: str | None = None
    number: str | None = None
    confidence: float = 0.0
    is_html: bool = False


Extractor = Callable[[str, str], Read]
"""HTML and its address → what was read."""


def text_of(said: Read) -> str:
    """The text, a line for each block: the kindest way to take what a library returns as HTML. Not on its clock."""
    if not said.is_html:
        return said.text
    return "\n".join(line.text for line in render(body_of(parse(said.text)))) if said.text.strip() else ""


def _readability(library: Any) -> Extractor:
    def read(html: str, url: str) -> Read:
        document = library.Document(html)
        return Read(document.summary(html_partial=True), document.short_title(), is_html=True)

    return read


def _trafilatura(library: Any) -> Extractor:
    def read(html: str, url: str) -> Read:
        found = library.bare_extraction(html, url=url, with_metadata=True)
        if found is None:
            return Read("")
        return Read(found.text or "", found.title, found.date)

    return read


def _resiliparse(library: Any) -> Extractor:
    tree = importlib.import_module("resiliparse.parse.html").HTMLTree

    def read(html: str, url: str) -> Read:
        parsed = tree.parse(html)
        text = library.extract_plain_text(parsed, main_content=True, preserve_formatting=True)
        return Read(text, parsed.title)

    return read


def _gne(library: Any) -> Extractor:
    extractor = library.GeneralNewsExtractor()

    def read(html: str, url: str) -> Read:
        found = extractor.extract(html)
        return Read(found.get("content") or "", found.get("title"), found.get("publish_time"))

    return read


def _justext(library: Any) -> Extractor:
    def read(html: str, url: str) -> Read:
        # it has no list of Chinese stop words; without one it goes by length and links
        paragraphs = library.justext(
            html, frozenset(), length_low=15, length_high=60, stopwords_low=0, stopwords_high=0
        )
        return Read("\n".join(p.text for p in paragraphs if not p.is_boilerplate))

    return read


MAKERS: dict[str, tuple[str, Callable[[Any], Extractor]]] = {
    "readability-lxml": ("readability", _readability),
    "trafilatura": ("trafilatura", _trafilatura),
    "resiliparse": ("resiliparse.extract.html2text", _resiliparse),
    "gne": ("gne", _gne),
    "justext": ("justext", _justext),
}


def installed() -> tuple[dict[str, Extractor], list[str]]:
    """The extractors that are there, and the names of those that are not."""
    found: dict[str, Extractor] = {}
    missing: list[str] = []
    for name, (module, make) in MAKERS.items():
        try:
            found[name] = make(importlib.import_module(module))
        except ImportError:
            missing.append(name)
    for noisy in ("readability", "trafilatura", "htmldate", "courlan"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    return found, missing
