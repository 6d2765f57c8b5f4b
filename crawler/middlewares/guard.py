"""The address guard: nothing but public web addresses is asked, whatever a page, a redirect or a DNS server says."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer

# NAT64 (RFC 6052), and the IPv4-compatible addresses that RFC 4291 gave up.
_CARRIES_IPV4 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")  # RFC 8215
PORTS = {None, 80, 443, 8080, 8443}


class RefusedAddress(IgnoreRequest):
    """A request that must not be made."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: not private, loopback, link-local, CGNAT, multicast or
    reserved, also when it comes as IPv6 that carries an IPv4 address."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo or (None, None))[1]
        if inner is not None:
            return is_public(str(inner))
        if any(ip in network for network in _CARRIES_IPV4):
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.is_site_local or ip in _LOCAL_NAT64:
            return False
    return ip.is_global and not ip.is_multicast


class AddressGuard:
    """Refuses a request by what its URL says; redirects come through here again."""

    def __init__(self, allow_private: bool) -> None:
        self.allow_private = allow_private

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES"))

    def process_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("http", "https"):
            raise RefusedAddress(f"{request.url}: only http and https are fetched")
        if parts.username is not None:
            raise RefusedAddress(f"{request.url}: an address with a user name is not fetched")
        if self.allow_private:
            return
        if parts.port not in PORTS:
            raise RefusedAddress(f"{request.url}: port {parts.port} is not a web port")
        try:
            public = is_public((parts.hostname or "").strip("[]"))
        except ValueError:
            return  # a name: the resolver sees what it stands for
        if not public:
            raise RefusedAddress(f"{request.url}: is no public address")


class PublicResolver(CachingHostnameResolver):
    """Resolves names to their public addresses only. What it passes on is what is connected to, so neither a
    redirect nor a DNS server that changes its answer gets around it."""

    allow_private = False

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.allow_private = crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES")
        return resolver

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        receiver = resolutionReceiver if self.allow_private else _PublicOnly(resolutionReceiver)
        return super().resolveHostName(
            receiver,  # type: ignore[arg-type]
            hostName,
            portNumber,
            addressTypes,
            transportSemantics,
        )


@implementer(IResolutionReceiver)
class _PublicOnly:
    """Hands on the public addresses of a resolution, and drops the others."""

    def __init__(self, receiver: Any) -> None:
        self._receiver = receiver

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if is_public(address.host):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self._receiver.resolutionComplete()
