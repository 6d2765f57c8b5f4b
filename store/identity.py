"""Names that outlive a rebuild: a document's canonical URL, and ids made of what a thing is."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote, urlsplit, urlunsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_web_address(url: str) -> bool:
    """Whether a URL can be asked for: http or https, a host that DNS can be asked about, a port that exists."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        return parts.scheme in ("http", "https") and bool(host.encode("idna"))
    except (ValueError, UnicodeError):
        return False


def canonical(url: str) -> str:
    """The URL without what does not change the document: fragment, default port, the host's case.

    Queries stay as they are: government CMS give each column's copy a query of its own, and order matters to some.
    """
    parts = urlsplit(_UNPRINTABLE.sub(lambda mark: quote(mark[0]), url.strip()))
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    if parts.port is not None and parts.port != DEFAULT_PORTS.get(parts.scheme.lower()):
        host = f"{host}:{parts.port}"
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", parts.query, ""))


def document_id(source: str, url: str) -> str:
    """60 bits of a hash: among a million documents two alike are a one in two million chance, and are refused."""
    raw = hashlib.sha256(f"{source} {url}".encode()).digest()
    return "d" + base64.b32encode(raw).decode().lower()[:12]


def plan_id(founding_document: str, *, again: bool = False) -> str:
    """`again`: for a document that leaves the plan which is named for it."""
    return "p" + (document_id("split", founding_document) if again else founding_document).removeprefix("d")
