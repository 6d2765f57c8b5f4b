"""Foreign text made harmless before it is shown: nothing that steers a terminal, turns the reading direction or breaks
a line where none is meant. Markup is the templates' business, which escape. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

ELLIPSIS = "…"
LONGEST_ADDRESS = 2000

_BLANK = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_BREAK = re.compile(r"\s*[\n\r\v\f\x1c-\x1f\x85\u2028\u2029]\s*")


class _Kept(dict[int, int | None]):
    """Code point → itself, or None where there is nothing to see: controls, bidirectional marks and other format
    characters, surrogates, and what is no character at all. XML allows none of them either."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        is_shown = char.isspace() or (
            unicodedata.category(char) not in ("Cc", "Cf", "Cs")
            and code & 0xFFFE != 0xFFFE
            and not 0xFDD0 <= code <= 0xFDEF
        )
        self[code] = kept = code if is_shown else None
        return kept


_KEPT = _Kept()


def has_only_shown(text: str) -> bool:
    """Return True if all of the text is visible characters and plain spaces on one line."""
    return text.translate(_KEPT) == text and all(
        unicodedata.category(char) == "Zs" for char in text if char.isspace()
    )


def line(text: str, limit: int = 300) -> str:
    """On one line, and cut to so many characters."""
    # A title is read to ten times its limit at most: the rest would be cut anyway.
    return cut(_BLANK.sub(" ", text[: limit * 10].translate(_KEPT)).strip(), limit)


def paragraph(text: str) -> str:
    """With its line breaks, each of them one."""
    return _BREAK.sub("\n", text).translate(_KEPT)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def address(url: str) -> str | None:
    """A URL that a link may lead to, or None: only the web's own schemes, no blank and no mark that ends a link."""
    if len(url) > LONGEST_ADDRESS or re.search(r"[\s\x00-\x20\x7f-\x9f<>\"\\^`{|}]", url):
        return None
    if url.translate(_KEPT) != url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.hostname else None
