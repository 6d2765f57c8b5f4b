"""Mail addresses, internationalised ones included: checked when they are given, so that sending never meets a bad one."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import idna

from store.errors import WrongUse
from store.mailboxes import find_mailbox

# RFC 5321: what the envelope can carry.
LONGEST_LOCAL, LONGEST_DOMAIN, LONGEST = 64, 253, 254
# RFC 5322's atom, and beside it every letter, mark and number of RFC 6531; no quoted local parts, which nobody has.
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_LETTERS = {"L", "M", "N", "S"}
# How an encoded word begins (RFC 2047). It is none in an address, but what reads mail decodes it there all the same.
_ENCODED_WORD = "=?"
# What a program that is not strict about signs may read.
_FORMS: tuple[Literal["NFKC", "NFKD"], ...] = ("NFKC", "NFKD")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")


def checked_address(text: str) -> str:
    """The address as it is kept: the local part in NFC, the domain as DNS knows it. Raises WrongUse."""
    typed = text.strip(" ")
    try:
        # Before anything is made of it: what is as long as a book costs as much.
        if len(typed) > LONGEST:
            raise ValueError("it is longer than mail allows")
        if re.search(r"[\s,;<>\x00-\x1f\x7f]", typed):
            raise ValueError("white space or a separator stands in it")
        local, _, domain = unicodedata.normalize("NFC", typed).rpartition("@")
        address = f"{local}@{_domain(domain)}"
        split_address(address)
    except ValueError as error:
        shown = typed if len(typed) <= LONGEST else f"{typed[:LONGEST]}…"
        raise WrongUse(f"{shown!r} is no mail address: {error}; write such as name@example.org") from error
    return address


def split_address(address: str) -> tuple[str, str]:
    """Return local part and domain of an address that reads the same to everything that mail passes through.

    Raises ValueError for any other, as an older version may have kept it.
    """
    local, at, domain = address.rpartition("@")
    if not at or not all(_is_atom(atom) for atom in local.split(".")):
        raise ValueError("what stands before the @ is missing or can't stand there")
    if any(_ENCODED_WORD in unicodedata.normalize(form, local) for form in _FORMS):
        raise ValueError(f"{_ENCODED_WORD} begins an encoded word, which is read as something else")
    if not _HOST.fullmatch(domain) or len(domain) > LONGEST_DOMAIN:
        raise ValueError("its domain is no DNS name")
    if len(local.encode()) > LONGEST_LOCAL or len(address.encode()) > LONGEST:
        raise ValueError("it is longer than mail allows")
    return local, domain


def mailbox(address: str) -> str:
    """Return the key of the mailbox that an address leads to (`store.mailboxes`): for counting, never for sending."""
    return find_mailbox(address)


def provider(address: str) -> str:
    """Who receives for an address: its domain."""
    return address.rpartition("@")[2]


def needs_smtputf8(address: str) -> bool:
    return not address.isascii()


def _is_atom(text: str) -> bool:
    """Return True if every character is allowed in an unquoted local part, in each Unicode normal form."""
    foreign = _ATOM.sub("", text)
    return (
        bool(text)
        and all(not c.isascii() and unicodedata.category(c)[0] in _LETTERS for c in foreign)
        # A mark at the beginning joins the sign before it: < and U+0338 are one sign.
        and unicodedata.category(text[0])[0] != "M"
        # ＜ is < to a program that folds widths, and ⒈ ends in a dot.
        and all(
            _ATOM.fullmatch(c) for form in _FORMS for c in unicodedata.normalize(form, foreign) if c.isascii()
        )
    )


def _domain(text: str) -> str:
    """Return the domain in its ASCII form for DNS (IDNA), without the trailing dot of the root."""
    if not text:
        raise ValueError("its domain is missing")
    try:
        domain = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").rstrip(".")
    except idna.IDNAError as error:
        raise ValueError(f"no DNS name: {error}") from error
    if "." not in domain:
        raise ValueError("its domain has no dot")
    if domain.rpartition(".")[2].isdigit():
        raise ValueError("its domain is an IP address")
    return domain
