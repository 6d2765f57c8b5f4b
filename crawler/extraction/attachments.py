"""Files that the document's lines link to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from crawler.extraction.render import Line
from store.flow import Attachment

TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "wps": "application/vnd.ms-works",
    "et": "application/vnd.ms-excel",
    "ofd": "application/ofd",
    "zip": "application/zip",
    "rar": "application/vnd.rar",
    "7z": "application/x-7z-compressed",
    "txt": "text/plain",
    "rtf": "application/rtf",
    "tif": "image/tiff",
}
_SUFFIX = re.compile(rf"\.({'|'.join(sorted(TYPES, key=len, reverse=True))})(?![a-z0-9])", re.I)
_SERVED = re.compile(r"download|downfile|attach|wbfileid|getfile|fileid|/files?/", re.I)
MOST = 500


def attachments(lines: Iterable[Line]) -> tuple[Attachment, ...]:
    """In reading order, each address once. Links that only a script resolves have no address and are left out."""
    found: dict[str, Attachment] = {}
    for line in lines:
        for link in line.links:
            parts = urlsplit(link.href) if link.href.startswith(("http://", "https://")) else None
            if parts is None or len(found) >= MOST:
                continue
            suffix = _suffix(parts.path, parts.query, link.text)
            if suffix is None and not (_SERVED.search(link.href) and "附件" in line.text):
                continue
            name = link.text or unquote(parts.path.rsplit("/", 1)[-1])
            known = found.get(link.href)
            if known is None or (not known.name and name):
                found[link.href] = Attachment(link.href, name, TYPES.get(suffix or ""))
    return tuple(found.values())


def _suffix(path: str, query: str, text: str) -> str | None:
    for place in (path.rsplit("/", 1)[-1], text, unquote(query)):
        matches = _SUFFIX.findall(place)
        # a page named x.doc.html is a page
        if matches and not re.search(r"\.s?html?$", place, re.I):
            return str(matches[-1]).lower()
    return None
