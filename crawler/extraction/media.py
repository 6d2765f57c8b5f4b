"""Pages that show a heading and, in place of words, a video, a scanned letter or a file: what they show, as
attachments, so that a reader is told of the document and of its replacement. Words are none of this module's business."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from lxml import etree

from crawler.extraction.attachments import TYPES
from crawler.extraction.render import Line, absolute, squeeze
from store.flow import Attachment

SHOWN = TYPES | {
    "mp4": "video/mp4",
    "flv": "video/x-flv",
    "m3u8": "application/vnd.apple.mpegurl",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "wmv": "video/x-ms-wmv",
    "mp3": "audio/mpeg",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "webp": "image/webp",
}
_SUFFIX = re.compile(rf"\.({'|'.join(sorted(SHOWN, key=len, reverse=True))})(?![a-z0-9])", re.I)
_SOURCES = {
    # a viewer's picture stands for the file that it names
    "img": ("data-powerurl", "data-src", "src"),
    "video": ("src",),
    "audio": ("src",),
    "source": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "object": ("data",),
    "a": ("href",),
}
SMALL = 60
"""Pixels; what is lower or narrower is an icon."""
MOST = 200


def shown(body: etree._Element, lines: list[Line], start: int, base: str) -> tuple[Attachment, ...]:
    """What stands between the info line, which ends before `lines[start]`, and the next line of the page."""
    places = {element: i for i, element in enumerate(body.iter(etree.Element))}
    first = places.get(lines[start - 1].block, 0) if start else 0
    after = (places.get(line.block, 0) for line in lines[start:])
    last = next((place for place in after if place > first), len(places))
    found: dict[str, Attachment] = {}
    for one in _media(body, places, first, last, base):
        if len(found) < MOST and one.url:
            found.setdefault(one.url, one)
    return tuple(found.values())


def _media(
    body: etree._Element, places: dict[etree._Element, int], first: int, last: int, base: str
) -> Iterator[Attachment]:
    for element in body.iter(*_SOURCES):
        if not first < places[element] < last or _is_icon(element):
            continue
        source = next((s for name in _SOURCES[element.tag] if (s := (element.get(name) or "").strip())), "")
        address = absolute(base, source)
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        suffix = _SUFFIX.search(parts.path) or _SUFFIX.search(unquote(parts.query))
        if parts.scheme in ("http", "https") and suffix:
            name = squeeze(element.get("title") or element.get("alt") or "")
            name = name or unquote(parts.path.rsplit("/", 1)[-1])
            yield Attachment(address, name, SHOWN[suffix[1].lower()])


def _is_icon(element: etree._Element) -> bool:
    sizes = (re.match(r"\d+", element.get(name) or "") for name in ("width", "height"))
    return any(size is not None and int(size[0]) < SMALL for size in sizes)
