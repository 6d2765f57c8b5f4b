"""ZIP archives: the files in them, one after the other, each under its name; an archive within one is not opened."""

from __future__ import annotations

import zipfile
from collections.abc import Collection

from crawler import attachments
from crawler.attachments._package import opened, unpacked
from store.errors import Unreadable
from store.flow import FileState, Reading
from store.said import said

MOST_FILES = 100


def fits(head: bytes, names: Collection[str]) -> bool:
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def read(body: bytes) -> Reading:
    """The text of what can be read; `detail` names what can't."""
    told: list[str] = []
    unread: list[str] = []
    with opened(body) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if members and all(member.flag_bits & 1 for member in members):
            return Reading("encrypted", detail=said("it asks for a password"))
        for member in members[:MOST_FILES]:
            reading = _member(archive, member)
            if reading.text:
                told += [_name(member), reading.text]
            else:
                unread.append(f"{_name(member)}: {reading.detail or reading.state}")
    if len(members) > MOST_FILES:
        unread.append(said("{many:d} more files", many=len(members) - MOST_FILES))
    state: FileState = "read" if told else "unreadable"
    return Reading(
        state, "\n".join(told), "; ".join(unread)[:500] or (None if told else said("the archive is empty"))
    )


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Reading:
    if member.flag_bits & 1:
        return Reading("encrypted", detail=said("it asks for a password"))
    if member.file_size > attachments.MOST_BYTES:
        return Reading("too large")
    try:
        body = unpacked(archive, member)
        if fits(body[:8], ()) and not any(
            reader.fits(body[:1024], attachments.names_in(body)) for reader in attachments.readers()[:-1]
        ):
            return Reading("unreadable", detail=said("an archive within the archive"))
    except Unreadable as error:
        return Reading("unreadable", detail=error.says)
    return attachments.read(body)


def _name(member: zipfile.ZipInfo) -> str:
    """The member's name; where the archive doesn't say that it is UTF-8, Chinese systems wrote GBK."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return member.filename
