"""Reading out of ZIP packages and XML parts that a stranger made: bounded, without entities."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from lxml import etree

from store.errors import Unreadable
from store.said import said

MOST_MEMBERS = 5000
MOST_UNPACKED = 96 << 20
MOST_XML = 24 << 20
"""Bytes of one XML part: a tree takes about ten times as much memory."""

# What zipfile and olefile raise for bytes that are not what their headers promise.
BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    IndexError,
    ValueError,
    TypeError,
    RecursionError,  # olefile, for a directory that leads in circles
)


class TooLarge(Unreadable):
    """Unpacked it would be larger than what is read."""


def opened(body: bytes) -> zipfile.ZipFile:
    """A ZIP archive whose members together stay within bounds. `zipfile` never unpacks more of a member than the
    directory declares, so the declared sizes can be believed. Raises Unreadable."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except BROKEN as error:
        raise Unreadable(said("the archive is damaged or cut short")) from error
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise TooLarge(said("the archive has {many} members", many=len(members)))
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise TooLarge(said("the archive unpacks to more than {most} MiB", most=MOST_UNPACKED >> 20))
    return archive


def unpacked(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo) -> bytes:
    """A member's bytes. Raises Unreadable, also for one that is not there."""
    try:
        return archive.read(name)
    except KeyError as error:
        raise Unreadable(said("the file has no part {name}", name=name)) from error
    except (*BROKEN, RuntimeError) as error:
        raise Unreadable(said("a part of the file is damaged")) from error


def xml(raw: bytes) -> etree._Element:
    """An XML part as a tree. Raises Unreadable."""
    if len(raw) > MOST_XML:
        raise TooLarge(said("a part of the file has more than {most} MiB", most=MOST_XML >> 20))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(said("a part of the file is no XML")) from error


def local(element: etree._Element) -> str:
    """An element's name without its namespace: the transitional and the strict form of a format differ in it alone."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
