"""Validation of host names in addresses that readers give: DNS names in ASCII, or IP addresses in canonical form."""

from __future__ import annotations

import ipaddress
import re

import idna

from store.internet import is_public

# RFC 1035: of a name, without the dot at its end.
LONGEST = 253
# Names that stand for this machine or its network on every system (RFC 6761, RFC 6762, RFC 8375; internal by ICANN).
LOCAL = frozenset({"localhost", "local", "internal", "arpa", "lan", "intranet", "corp", "home"})
# What the C library reads as an IPv4 address, however short, octal or hexadecimal.
_NUMBER = re.compile(r"(?:\d+|0x[0-9a-f]*)", re.IGNORECASE)


def checked_host(text: str) -> str:
    """Return the host as DNS knows it, in lower case, or an IP address. Raises ValueError."""
    if ":" in text:
        if "%" in text:
            raise ValueError(f"{text!r} names an interface of this machine")
        return str(ipaddress.IPv6Address(text))
    try:
        host = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise ValueError(f"host {text[:80]!r} is no DNS name: {error}") from error
    if host.endswith("."):
        raise ValueError(f"host {host[:80]!r} ends in a dot")
    if len(host) > LONGEST:
        raise ValueError(f"the host has {len(host)} characters, more than {LONGEST}")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        if host != text:
            raise ValueError(f"{text[:80]!r} stands for the address {host}")
        return str(ipaddress.IPv4Address(host))
    return host


def check_public(host: str) -> None:
    """Raise ValueError if a checked host can't be one of the public internet.

    What its name resolves to is checked when it is connected to.
    """
    try:
        is_private = not is_public(host)
    except ValueError:
        is_private = "." not in host or host.rpartition(".")[2] in LOCAL
    if is_private:
        raise ValueError(f"host {host!r} is not public")
