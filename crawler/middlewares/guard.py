"""The address guard: nothing but public web addresses is asked, whatever a page, a redirect or a DNS server says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer

from store.internet import may_connect
from store.said import said

PORTS = {None, 80, 443, 8080, 8443}


class RefusedAddress(IgnoreRequest):
    """A request that must not be made; `says` is why."""

    def __init__(self, says: str, url: str) -> None:
        super().__init__(f"{url}: {says}")
        self.says, self.url = says, url


def check_url(url: str, *, allow_private: bool) -> None:
    """Raises RefusedAddress for what a URL by itself says; whom its host name stands for is seen by the resolver."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddress(said("is no address: {error}", error=error), url) from error
    if parts.scheme not in ("http", "https"):
        raise RefusedAddress(said("only http and https are fetched"), url)
    if not parts.hostname:
        raise RefusedAddress(said("names no host"), url)
    if parts.username is not None:
        raise RefusedAddress(said("an address with a user name is not fetched"), url)
    if not allow_private and port not in PORTS:
        raise RefusedAddress(said("port {port} is not a web port", port=port), url)
    try:
        allowed = may_connect((parts.hostname or "").strip("[]"), allow_private=allow_private)
    except ValueError:
        return  # a name
    if not allowed:
        raise RefusedAddress(said("is no public address"), url)


class AddressGuard:
    """Refuses a request by what its URL says; redirects, attachments and robots.txt come through here, too."""

    def __init__(self, allow_private: bool) -> None:
        self.allow_private = allow_private

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler.settings.getbool("ALLOW_PRIVATE_ADDRESSES"))

    def process_request(self, request: Request) -> None:
        check_url(request.url, allow_private=self.allow_private)


class PublicResolver(CachingHostnameResolver):
    """Resolves names to addresses that may be connected to. What it passes on is what is connected to, so neither a
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
        return super().resolveHostName(
            _Allowed(resolutionReceiver, self.allow_private),  # type: ignore[arg-type]
            hostName,
            portNumber,
            addressTypes,
            transportSemantics,
        )


@implementer(IResolutionReceiver)
class _Allowed:
    """Hands on the addresses of a resolution that may be connected to, and drops the others."""

    def __init__(self, receiver: Any, allow_private: bool) -> None:
        self._receiver = receiver
        self._allow_private = allow_private

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        if may_connect(address.host, allow_private=self._allow_private):
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        self._receiver.resolutionComplete()
