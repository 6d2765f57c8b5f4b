"""What the sample sites answer: a page with its validators, and the answer to one request for it.

Pure; the sockets are in web.py. Conditional requests follow RFC 9110 §13.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime, parsedate_to_datetime

_COMPRESSIBLE = ("text/", "application/xml")


@dataclass(frozen=True, slots=True)
class Reply:
    """What stands at one path on one day. `modified` is UTC."""

    body: bytes
    content_type: str
    modified: dt.datetime
    status: int = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire; a HEAD request gets all but the body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


def answer(reply: Reply, asked: Mapping[str, str]) -> Answer:
    """The answer to a request whose headers, with lower-case names, are `asked`."""
    compressed = reply.content_type.startswith(_COMPRESSIBLE) and _accepts_gzip(
        asked.get("accept-encoding", "")
    )
    etag = entity_tag(reply.body, compressed=compressed)
    headers = [("Vary", "Accept-Encoding")]
    if reply.status == 200:
        headers += [("ETag", etag), ("Last-Modified", format_datetime(reply.modified, usegmt=True))]
        if _is_unchanged(reply, asked):
            return Answer(304, tuple(headers), b"")
    body = gzip.compress(reply.body, mtime=0) if compressed else reply.body
    headers += [("Content-Type", reply.content_type), ("Content-Length", str(len(body)))]
    if compressed:
        headers.append(("Content-Encoding", "gzip"))
    return Answer(reply.status, tuple(headers), body)


def entity_tag(body: bytes, *, compressed: bool = False) -> str:
    """A strong validator: other bytes on the wire, gzip or not, have another tag."""
    return f'"{hashlib.sha256(body).hexdigest()[:20]}{"-gzip" if compressed else ""}"'


def _is_unchanged(reply: Reply, asked: Mapping[str, str]) -> bool:
    if (tags := asked.get("if-none-match")) is not None:
        named = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        # either form of the body counts: a client that asks without gzip next time has still seen it
        return bool(named & {"*", entity_tag(reply.body), entity_tag(reply.body, compressed=True)})
    if (since := asked.get("if-modified-since")) is not None:
        try:
            return reply.modified <= parsedate_to_datetime(since)
        except (TypeError, ValueError):
            return False  # RFC 9110 §13.1.3: a date that can't be read is ignored
    return False


def _accepts_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() in {"gzip", "*"}:
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False
