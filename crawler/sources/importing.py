"""Sources out of other programs' files: several in one YAML file, and the feeds of an OPML file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml
from lxml import etree

from crawler.sources.catalogue import MALFORMED, StrictLoader, malformed
from store.errors import SourceError, WrongUse

LARGEST = 4 << 20


class _Loader(StrictLoader):
    """For a file of many sources, each of some twenty values."""

    most_values = 500_000


def read(path: Path, given: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the file says of each source, not yet checked; `given` are kind and region for feeds, which OPML lacks.
    Raises SourceError."""
    try:
        if path.stat().st_size > LARGEST:
            raise SourceError(str(path), "file", f"is larger than {LARGEST >> 20} MB; split it")
        body = path.read_bytes()
    except OSError as error:
        raise SourceError(str(path), "file", f"{error.strerror}; name a file that can be read") from error
    if body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return list(_feeds(path, body, given))
    return list(_documents(path, body))


def _documents(path: Path, body: bytes) -> Iterator[dict[str, Any]]:
    """Sources one after the other with --- between them, or in one list."""
    try:
        parts = list(yaml.load_all(body, _Loader))
    except MALFORMED as error:
        raise malformed(error, str(path)) from error
    for part in parts:
        for source in part if isinstance(part, list) else [part]:
            if not isinstance(source, dict) or not isinstance(source.get("id"), str):
                raise SourceError(str(path), "id", "is missing in one of its sources; add it")
            yield source


def _feeds(path: Path, body: bytes, given: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Each outline with an address of a feed."""
    try:
        parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        tree = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise SourceError(str(path), f"line {error.lineno}", f"{error.msg}; mend the XML there") from error
    if etree.QName(tree).localname != "opml":
        raise SourceError(str(path), "file", "is XML, but no OPML; export your feeds as OPML")
    missing = [f"--{name}" for name in ("kind", "region") if not given.get(name)]
    if missing:
        raise WrongUse(f"{path}: OPML does not say it; give {' and '.join(missing)}")
    for outline in tree.iter("outline"):
        url = outline.get("xmlUrl", "").strip()
        if url:
            name = (outline.get("title") or outline.get("text") or urlsplit(url).hostname or url).strip()
            yield {
                "id": _id(url),
                "name": name,
                "publisher": name,
                "region": given["region"],
                "kind": given["kind"],
                "listing": {"type": "feed", "urls": [url]},
            }


def _id(url: str) -> str:
    """The host, and what tells two feeds of one host apart."""
    host = re.sub(r"[^a-z0-9]+", "-", (urlsplit(url).hostname or "feed").lower()).strip("-")
    return f"{host[:50]}-{hashlib.sha256(url.encode()).hexdigest()[:6]}"
