"""Which IP addresses may be connected to on behalf of others: the public internet's and, if allowed, the operator's own."""

from __future__ import annotations

import ipaddress

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# IPv6 in which an IPv4 address sits in the last 32 bits: NAT64 (RFC 6052), mapped (RFC 4291), translated (RFC 2765),
# and the compatible ones that RFC 4291 gave up.
_CARRIES_IPV4 = tuple(
    ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "::/96")
)
# All of IPv6 that IANA gives to hosts of the internet; what is no internet in it is known to `is_global`, or below.
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NO_INTERNET: tuple[Network, ...] = (
    ipaddress.IPv6Network(
        "2001::/23"
    ),  # protocols, RFC 2928; Teredo in it reaches whatever IPv4 address it is told
    ipaddress.IPv6Network("3fff::/20"),  # documentation, RFC 9637; newer than some Pythons' tables
    ipaddress.IPv4Network("192.0.0.0/24"),  # protocols, RFC 6890; a cloud's metadata in it
    ipaddress.IPv4Network("192.88.99.0/24"),  # 6to4 relays, RFC 7526
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's host, which answers its virtual machines only
)
# Where clouds tell a machine its secrets. Most are link-local; these two lie in networks that may be allowed.
_METADATA = frozenset(ipaddress.ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200"))
# What YAODIAN_ALLOW_PRIVATE_ADDRESSES allows: this machine and the operator's own networks, nothing else.
_OWN: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
    )
)


def may_connect(address: str, *, allow_private: bool) -> bool:
    """Whether an IP address may be connected to: one of the public internet, or, if allowed, of the operator's own
    networks. Raises ValueError when it is no IP address."""
    ip = _innermost(ipaddress.ip_address(address.split("%")[0]))
    if ip in _METADATA:
        return False
    return _is_public(ip) or (allow_private and any(ip in network for network in _OWN))


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local, CGNAT, multicast or
    reserved, also when it comes as IPv6 that carries an IPv4 address."""
    return may_connect(address, allow_private=False)


def _is_public(ip: IP) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and ip not in _UNICAST:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _NO_INTERNET)


def _innermost(ip: IP) -> IP:
    """The IPv4 address that is meant, where IPv6 carries one; ::1 and :: are themselves."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip.sixtofour is not None:
        return ip.sixtofour
    if int(ip) > 1 and any(ip in network for network in _CARRIES_IPV4):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip
