"""Host names of the service: which names are answered, and which one absolute links use.

A page of another site can have its own name resolve to this machine (DNS rebinding) and then read what is served
here. So a request must name the service by its public name, by a name that the operator allows, by a loopback
name, or by the very address that it was sent to: an address can't be rebound.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from web.problems import answer
from web.terms import terms_of

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
EXEMPT_PATHS = frozenset({"/healthz", "/metrics"})
"""Asked by probes under whatever name; they contain no links and nothing that was collected."""
_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9_.-]{1,253}))(?::[0-9]{1,5})?")


class CheckHost:
    """Refuse requests to any other name. The port is of no importance: behind a proxy it differs."""

    def __init__(self, app: ASGIApp, base_url: str, allowed_hosts: Iterable[str]) -> None:
        self.app = app
        public_name = urlsplit(base_url).hostname
        self.names = (
            LOOPBACK | {name.lower() for name in allowed_hosts} | ({public_name} if public_name else set())
        )
        self.suffixes = tuple(name[1:] for name in self.names if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in EXEMPT_PATHS:
            await self.app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and self._is_allowed(parse_host(hosts[0]), scope):
            await self.app(scope, receive, send)
            return
        response = answer(Request(scope), 400, _remedy(hosts))
        await response(scope, receive, send)

    def _is_allowed(self, name: str | None, scope: Scope) -> bool:
        if name is None:
            return False
        if name in self.names or "*" in self.names or name.endswith(self.suffixes):
            return True
        local = _parse_address((scope.get("server") or ("", None))[0])
        return local is not None and local == _parse_address(name)


def parse_host(header: str) -> str | None:
    """Return the name or address in a Host header in lower case without its port; None if it is malformed."""
    found = _HOST.fullmatch(header.lower())
    return (found["address"] or found["name"]) if found else None


def public_root(request: Request) -> str:
    """Return what absolute links begin with: the public address, or, without one, the address of the request.

    The latter's name has been checked by CheckHost.
    """
    return terms_of(request).post.base_url or str(request.base_url).rstrip("/")


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _remedy(hosts: list[str]) -> str:
    if len(hosts) != 1:
        return f"invalid request: got {len(hosts)} Host headers; expected one"
    name = parse_host(hosts[0])
    if name is None:
        return f"invalid Host header: got {hosts[0][:80]!r}; expected a name or an address, such as example.org:8080"
    return (
        f"this service is not known as {name[:80]!r}; its operator can set base_url to its public address, "
        f'or allow the name: allowed_hosts = ["{name[:80]}"] in yaodian.toml'
    )
