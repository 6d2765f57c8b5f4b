"""Office files behind a password (MS-OFFCRYPTO): an OLE file that holds the encrypted package."""

from __future__ import annotations

from collections.abc import Collection

from store.flow import Reading
from store.said import said


def fits(head: bytes, names: Collection[str]) -> bool:
    return "EncryptedPackage" in names


def read(body: bytes) -> Reading:
    return Reading("encrypted", detail=said("it asks for a password"))
