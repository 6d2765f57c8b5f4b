"""Bodies that are too large, by what they say or by what they send: refused unread, with or without a length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bench import webserver
from bench.attacks import Attempt, Ground
from bench.webserver import Site

TITLE = "request bodies"
BOTH_DATABASES = False

PATHS = (
    "/api/v1/subscriptions",
    "/subscribe",
    "/operator/login",
    "/operator/sources/try",
    "/nowhere",
    "/healthz",
)
METHODS = ("POST", "PUT", "DELETE", "GET", "PATCH", "OPTIONS", "BREW")
TYPES = (
    "application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain",
    "application/octet-stream", "application/json; charset=utf-16",
)  # fmt: skip
LENGTHS = ("1048577", "419430400", "99999999999999", "9" * 40, "0419430400")
BAD_LENGTHS = ("-1", "+5", "5 5", "0x10", "1e9", "5,6", "", "٥")
# The client may have handed so much to the two kernels before the refusal reached it.
MAX_TAKEN_BYTES = 24 << 20
BLOCK = bytes(65536)


def attempt(ground: Ground) -> Iterator[Attempt]:
    """Ask with bodies of every kind, and see how much of each is taken."""
    megabytes = 40 if ground.is_short else 400
    with webserver.running(ground.data, ground.database_url) as site:
        for length in LENGTHS:
            for path in PATHS:
                yield _refused(site, f"{path} of {length}", _head("POST", path, f"Content-Length: {length}"))
        for method in METHODS:
            yield _refused(site, f"{method} unsent", _head(method, PATHS[0], f"Content-Length: {LENGTHS[1]}"))
        for bad in BAD_LENGTHS:
            yield _refused(site, f"length {bad!r}", _head("POST", PATHS[0], f"Content-Length: {bad}"), (400,))
        expecting = _head("POST", PATHS[0], f"Content-Length: {LENGTHS[1]}", "Expect: 100-continue")
        yield _refused(site, "expecting 100", expecting)
        for path, media in [*((path, TYPES[0]) for path in PATHS), *((PATHS[0], media) for media in TYPES)]:
            kind = f"Content-Type: {media}"
            sized = _head("POST", path, kind, f"Content-Length: {megabytes << 20}")
            yield _refused(site, f"{path} {media} sent", sized, body=_blocks(megabytes))
            chunked = _head("POST", path, kind, "Transfer-Encoding: chunked")
            yield _refused(site, f"{path} {media} in chunks", chunked, body=_chunks(megabytes))
        huge_chunk = _head("POST", PATHS[1], "Transfer-Encoding: chunked") + b"7fffffff\r\n"
        yield _refused(site, "one chunk of 2 GB", huge_chunk, body=_blocks(megabytes))
        tiny = (b"1\r\na\r\n" * 10_000 for _ in range(megabytes))
        chunked = _head("POST", PATHS[1], "Transfer-Encoding: chunked")
        yield _refused(site, "chunks of one byte", chunked, (413, 400, 0), tiny)


def _head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", "")).encode()


def _blocks(megabytes: int) -> Iterator[bytes]:
    return (BLOCK for _ in range(megabytes * 16))


def _chunks(megabytes: int) -> Iterator[bytes]:
    return (b"10000\r\n" + BLOCK + b"\r\n" for _ in range(megabytes * 16))


def _refused(
    site: Site,
    name: str,
    head: bytes,
    statuses: tuple[int, ...] = (413, 400),
    body: Iterable[bytes] = (),
) -> Attempt:
    reply = site.send(_after(head, body))
    if reply.status not in statuses:
        return Attempt(name, f"answered {reply.status}")
    if reply.sent > MAX_TAKEN_BYTES:
        return Attempt(name, f"{reply.sent >> 20} MB were taken")
    return Attempt(name)


def _after(head: bytes, body: Iterable[bytes]) -> Iterator[bytes]:
    yield head
    yield from body
