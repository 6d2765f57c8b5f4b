"""Attachments: a file's bytes in, its text out. Pure; one module a format, found by looking.

What a file is says its content, never its name: half of all .doc files are something else. Reading foreign formats may
take long or crash what reads; `crawler.apart` does it where neither matters.
"""

from __future__ import annotations

import io
import pkgutil
import zipfile
from collections.abc import Collection
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from crawler.attachments._package import BROKEN
from store.errors import Unreadable
from store.flow import Reading
from store.said import said

MOST_BYTES = 16 << 20
MOST_CHARACTERS = 2_000_000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"


class Reader(Protocol):
    """What a module of this folder gives, unless its name begins with an underscore."""

    def fits(self, head: bytes, names: Collection[str]) -> bool:
        """Whether a file is of this format: by its first bytes, and the names of what is packed in it."""

    def read(self, body: bytes) -> Reading:
        """Its text. Raises Unreadable for what is broken."""


@cache
def readers() -> tuple[Reader, ...]:
    """All formats; the archive comes last, since most others are archives too."""
    names = (module.name for module in pkgutil.iter_modules(__path__) if module.name[0] != "_")
    modules = [
        import_module(f"{__name__}.{name}") for name in sorted(names, key=lambda n: (n == "archive", n))
    ]
    return tuple(cast(Reader, module) for module in modules)


def is_file(body: bytes) -> bool:
    """Whether these bytes are a file of a kind that is read, rather than a page; costs nothing."""
    return body[:8] == OLE or body[:4] == ZIP or b"%PDF-" in body[:1024]


def read(body: bytes) -> Reading:
    """What a file says, whatever it is; broken, encrypted and unknown files are told as such."""
    if len(body) > MOST_BYTES:
        return Reading("too large", detail=said("more than {most} MiB", most=MOST_BYTES >> 20))
    if not body.strip(b"\0 \r\n\t"):
        return Reading("unreadable", detail=said("the file is empty"))
    try:
        head, names = body[:1024], names_in(body)
        reader = next((reader for reader in readers() if reader.fits(head, names)), None)
        if reader is None:
            return Reading("unreadable", detail=said("a kind of file that is not read"))
        reading = reader.read(body)
    except Unreadable as error:
        return Reading("unreadable", detail=error.says)
    if len(reading.text) <= MOST_CHARACTERS:
        return reading
    return Reading(
        reading.state, reading.text[:MOST_CHARACTERS], said("cut: the text is longer than what is kept")
    )


def names_in(body: bytes) -> frozenset[str]:
    """The names of a ZIP archive's members or of an OLE file's streams; none for other files. Raises Unreadable."""
    try:
        if body[:4] == ZIP:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                return frozenset(archive.namelist())
        if body[:8] == OLE:
            import olefile  # most crawls meet no such file

            with olefile.OleFileIO(io.BytesIO(body)) as container:
                return frozenset("/".join(path) for path in container.listdir())
    except BROKEN as error:
        raise Unreadable(said("the file is damaged or cut short")) from error
    return frozenset()
