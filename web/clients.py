"""Client identity: which addresses are counted as one client, and which proxies are trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def client_key(address: str) -> str:
    """Return what an address is counted under: an IPv6 client has a whole /64 at its disposal."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((parsed.packed[:8] + bytes(8), 64)))


def parse_networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return addresses and networks as networks. Raises ValueError that names what is none."""
    networks = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip()))
        except ValueError as error:
            raise ValueError(
                f"got {text!r} ({error}); expected addresses or networks, such as 127.0.0.1, 10.0.0.0/24 or ::1"
            ) from error
    return tuple(networks)


def is_within(address: str, networks: Iterable[Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
