"""Mail addresses, internationalised ones included: checked when they are given, so that sending never meets a bad one."""

from __future__ import annotations

import re
import unicodedata

import idna

from store.errors import WrongUse

# RFC 5321: what the envelope can carry.
LONGEST_LOCAL, LONGEST = 64, 254
# RFC 5322's atom, and beside it every letter, mark and number of RFC 6531; no quoted local parts, which nobody has.
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_LETTERS = {"L", "M", "N", "S"}


def checked_address(text: str) -> str:
    """The address as it is kept: the local part in NFC, the domain as DNS knows it. Raises WrongUse."""
    try:
        local, at, domain = unicodedata.normalize("NFC", text.strip(" ")).rpartition("@")
        if re.search(r"[\s,;<>\x00-\x1f\x7f]", text.strip(" ")):
            raise ValueError("white space or a separator stands in it")
        if not at or not all(_is_atom(atom) for atom in local.split(".")):
            raise ValueError("what stands before the @ is missing or can't stand there")
        if len(local.encode()) > LONGEST_LOCAL or len(text.encode()) > LONGEST:
            raise ValueError("it is longer than mail allows")
        address = f"{local}@{_domain(domain)}"
    except ValueError as error:
        raise WrongUse(f"{text!r} is no mail address: {error}; write such as name@example.org") from error
    return address


def mailbox(address: str) -> str:
    """What stands for one person's letter box: no case, no +tag. For counting, never for sending."""
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def provider(address: str) -> str:
    """Who receives for an address: its domain."""
    return address.rpartition("@")[2]


def needs_smtputf8(address: str) -> bool:
    return not address.isascii()


def _is_atom(text: str) -> bool:
    foreign = _ATOM.sub("", text)
    return bool(text) and all(not c.isascii() and unicodedata.category(c)[0] in _LETTERS for c in foreign)


def _domain(text: str) -> str:
    if not text:
        raise ValueError("its domain is missing")
    try:
        domain = idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except idna.IDNAError as error:
        raise ValueError(f"no DNS name: {error}") from error
    if "." not in domain.strip("."):
        raise ValueError("its domain has no dot")
    if domain.rpartition(".")[2].isdigit():
        raise ValueError("its domain is an IP address")
    return domain
