"""Files that the document's lines link to, and those whose links a script writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from urllib.parse import unquote, urlsplit

from lxml import etree

from crawler.extraction.render import Line, absolute, squeeze
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
_OFFERED = re.compile("附件|下载")
_CALLED = re.compile(r"[【\[（(]?\s*附\s*[件表录]")
_COUNTED = re.compile(r"[（(]?\s*(?:[\d０-９]{1,2}|[一二三四五六七八九十]{1,2})\s*[)）.．、]")
_WRITE = re.compile(r"document\.write(?:ln)?\s*\(\s*(['\"])(.{1,20000}?)\1\s*\)", re.S)
_ANCHOR = re.compile(
    r"<a\b[^<>]{0,300}?href\s*=\s*\\?[\"']?([^\"'\s<>\\]{1,500})[^<>]{0,300}>([^<>]{0,300})", re.I
)
_VARIABLE = re.compile(r"\bwzfj\s*=\s*(['\"])([^'\"]{1,300})\1")
"""The variable in which a widespread system (TRS) puts the attachments' name."""
_FOLLOWING = etree.XPath("following::script")
MOST = 500
LONGEST = 50_000
"""Characters of one script that are looked at."""


def attachments(lines: Iterable[Line], written: Iterable[Attachment] = ()) -> tuple[Attachment, ...]:
    """In reading order, each address once, then what scripts have `written`. A file that is named, but whose link
    leads nowhere, has no address."""
    found: dict[str, Attachment] = {}
    listed = False
    for line in lines:
        called = _CALLED.match(line.text) is not None
        # “附件：” and below it “1.…”, “2.…”
        listed = called or (listed and _COUNTED.match(line.text) is not None)
        for link in line.links:
            if len(found) >= MOST:
                break
            one = _alive(link.href, link.text, line.text) or _dead(link.href, link.text, listed)
            if one is not None:
                _add(found, one)
    for one in written:
        if len(found) < MOST and not (one.url is None and any(one.name in a.name for a in found.values())):
            _add(found, one)
    return tuple(found.values())


def _add(found: dict[str, Attachment], one: Attachment) -> None:
    key = one.url or one.name
    known = found.get(key)
    if known is None or (not known.name and one.name):
        found[key] = one


def _alive(href: str, text: str, line: str) -> Attachment | None:
    try:
        parts = urlsplit(href)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https"):
        return None
    suffix = _suffix(parts.path, parts.query, text)
    if suffix is None and not (_SERVED.search(href) and _OFFERED.search(line)):
        return None
    return Attachment(href, text or unquote(parts.path.rsplit("/", 1)[-1]), TYPES.get(suffix or ""))


def _dead(href: str, text: str, listed: bool) -> Attachment | None:
    suffix = _suffix("", "", text)
    if href or not text or not (suffix or listed or (len(text) <= 12 and "下载" in text)):
        return None
    return Attachment(None, text, TYPES.get(suffix or ""))


def written(main: etree._Element, base: str) -> Iterator[Attachment]:
    """Files to which a script in the container, or one under it that speaks of 附件, writes links as it loads."""
    following = _FOLLOWING(main)
    below = following if isinstance(following, list) else []
    codes = (_code(script) for script in below if isinstance(script, etree._Element))
    inner = (_code(script) for script in main.iter("script"))
    for code in islice(chain(inner, (code for code in codes if "附件" in code)), MOST):
        for literal in _WRITE.finditer(code):
            for anchor in _ANCHOR.finditer(literal[2]):
                one = _alive(absolute(base, anchor[1]), squeeze(anchor[2]), "")
                if one is not None:
                    yield one
        for name in _VARIABLE.finditer(code):
            one = _dead("", squeeze(name[2]), False)
            if one is not None:
                yield one


def _code(script: etree._Element) -> str:
    return (script.text or "")[:LONGEST]


def _suffix(path: str, query: str, text: str) -> str | None:
    for place in (path.rsplit("/", 1)[-1], text, unquote(query)):
        matches = _SUFFIX.findall(place)
        # a page named x.doc.html is a page
        if matches and not re.search(r"\.s?html?$", place, re.I):
            return str(matches[-1]).lower()
    return None
