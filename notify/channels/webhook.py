"""Signed JSON to an HTTPS address of the reader's own: `webhook+https://example.org/hook`.

Each request carries `Yaodian-Delivery` (the same when it is tried again), `Yaodian-Timestamp` (Unix seconds) and
`Yaodian-Signature: v1=` + HMAC-SHA256, in hex, of `<timestamp>.<body>` under the subscription's secret, which the request
that asks for confirmation tells. The host is checked when the address is given, and once more with all addresses that
its name resolves to when something is sent: none of a private network is connected to. Redirects are not followed.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import re
import socket
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import httpcore

from notify import hosts
from notify.channels import Outlet
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from notify.tokens import Reference
from store.errors import WrongUse
from store.internet import may_connect
from store.shapes import iso

PREFIX = "webhook+"
LONGEST, MOST_SHOWN = 2000, 60
TIMEOUT_S = 20.0
MOST_CONNECTIONS = 20
# RFC 9110: what may be otherwise in a while.
LATER = {408, 421, 423, 425, 429}


class NotPublic(OSError):
    """A name that leads into a private network."""


def fits(address: str) -> bool:
    return address.startswith(PREFIX)


def checked(address: str, *, allow_private: bool) -> str:
    """Return the address as it is kept: the host as DNS knows it, no default port. Raises WrongUse."""
    try:
        parts = _parsed(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and allow_private):
            raise ValueError("its scheme is not https")
        host = hosts.checked_host(parts.hostname or "")
        usual = 443 if parts.scheme == "https" else 80
        if not allow_private:
            hosts.check_public(host)
            if parts.port not in (None, usual):
                raise ValueError(f"port {parts.port} is not {usual}")
        if parts.port == 0:
            raise ValueError("there is no port 0")
    except ValueError as error:
        raise WrongUse(
            f"invalid webhook {_cut(address)}: {error}; expected such as webhook+https://example.org/hook"
        ) from error
    place = f"[{host}]" if ":" in host else host
    if parts.port not in (None, usual):
        place += f":{parts.port}"
    # What counts mailboxes takes an @ for the end of a name.
    rest = urlunsplit(("", "", parts.path, parts.query, "")).replace("@", "%40")
    return f"{PREFIX}{parts.scheme}://{place}{rest}"


def _parsed(address: str) -> SplitResult:
    """Split an address. Raises ValueError for what a URL parser would guess at, or leave out."""
    url = address.removeprefix(PREFIX)
    if len(url) > LONGEST:
        raise ValueError(f"it has {len(url)} characters, more than {LONGEST}")
    scheme, between, rest = url.partition("://")
    place, slash, path = re.fullmatch(r"([^/?#]*)([/?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    if not between or not place:
        raise ValueError("it names no host")
    if place[:2].lower() == "[v":
        raise ValueError("its address is of no known version")
    if "@" in place:
        raise ValueError("a user name stands in it")
    if "#" in rest:
        raise ValueError("a fragment (after '#') stands in it")
    if not re.fullmatch(r"[!-~]*", scheme + slash + path) or re.search(r'[\x00-\x20\x7f\\"<>^`{|}]', url):
        raise ValueError("it has characters that can't stand in a URL; write them as %XX")
    return urlsplit(url)


def _cut(address: str) -> str:
    """Shorten an address for an error message to its recognizable beginning.

    The user information before an @ and the path are left out, since they may contain passwords.
    """
    head = re.sub(r"//.*@", "//…@", re.split(r"(?<![/:])[/?#]", address, maxsplit=1)[0])
    return repr(head[:MOST_SHOWN] + ("" if head == address else "…"))


def provider(address: str) -> str:
    return urlsplit(address.removeprefix(PREFIX)).hostname or ""


def shown(address: str) -> str:
    """Host and first part of the path: the rest may be a password."""
    parts = urlsplit(address.removeprefix(PREFIX))
    return f"{PREFIX}{parts.scheme}://{parts.netloc}/…"


@asynccontextmanager
async def opened(post: Post) -> AsyncIterator[Outlet]:
    backend = Guarded(post.allow_private)
    async with httpcore.AsyncConnectionPool(
        max_connections=MOST_CONNECTIONS, network_backend=backend
    ) as pool:
        yield Webhook(post, pool)


class Webhook:
    def __init__(self, post: Post, pool: httpcore.AsyncConnectionPool) -> None:
        self.post, self.pool = post, pool

    async def send(self, parcel: Parcel, letter: Letter) -> Answer:
        if parcel.subscription_id is None or parcel.started is None:
            return Answer("refused", "only what is about a subscription goes to a webhook")
        try:
            # What was allowed once need not be now.
            url = checked(parcel.address, allow_private=self.post.allow_private).removeprefix(PREFIX)
        except WrongUse as error:
            return Answer("refused", str(error), is_bounce=True)
        secret = self.post.tokens.webhook_secret(Reference(parcel.subscription_id, parcel.started))
        body = content(letter, parcel, self.post, secret)
        stamp = str(int(time.time()))
        headers: dict[bytes | str, bytes | str] = {
            "Content-Type": "application/json",
            "User-Agent": f"Yaodian (+{self.post.base_url or self.post.address})",
            "Yaodian-Delivery": parcel.message_id.strip("<>"),
            "Yaodian-Timestamp": stamp,
            "Yaodian-Signature": f"v1={signature(secret, stamp, body)}",
        }
        timeout = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT_S)
        try:
            # The reply's body is nobody's business here, and may be endless: it is not read.
            async with self.pool.stream(
                "POST", _target(url), headers=headers, content=body, extensions={"timeout": timeout}
            ) as response:
                status = response.status
        except NotPublic as error:
            return Answer("refused", str(error), is_bounce=True)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError) as error:
            return Answer("later", f"{type(error).__name__}: {error}".rstrip(": "))
        return judged(status)


def _target(url: str) -> httpcore.URL:
    """Build the URL for httpcore part by part, since httpcore's parser drops what follows a semicolon."""
    parts = urlsplit(url)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return httpcore.URL(
        scheme=parts.scheme.encode(),
        host=(parts.hostname or "").encode(),
        port=parts.port,
        target=path.encode(),
    )


def content(letter: Letter, parcel: Parcel, post: Post, secret: str) -> bytes:
    """The JSON of one delivery. `data` of the letter says it to a program, `text` to a person."""
    token = post.token_for(parcel.subscription_id, parcel.started)
    said: dict[str, Any] = {
        "id": parcel.message_id.strip("<>"),
        "type": parcel.kind,
        "created_at": iso(parcel.created_at),
        "subscription": parcel.subscription_id,
        "title": letter.subject,
        "text": letter.short.replace(letter.slot, token),
        "manage_url": post.manage_url(token) or None,
        "unsubscribe_url": post.unsubscribe_url(token) or None,
        **(letter.data or {}),
    }
    if parcel.kind == "confirmation":
        said["secret"] = secret
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()


def signature(secret: str, stamp: str, body: bytes) -> str:
    return hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def judged(status: int) -> Answer:
    said = f"HTTP {status}"
    if 200 <= status < 300:
        return Answer("sent", said, str(status))
    if status >= 500 or status in LATER:
        return Answer("later", said, str(status))
    return Answer("refused", said, str(status), is_bounce=True)


class Guarded(httpcore.AsyncNetworkBackend):
    """Connects to allowed addresses only. What a name resolves to here is what is connected to, so no answer of a DNS
    server gets around it."""

    def __init__(self, allow_private: bool) -> None:
        self.allow_private = allow_private
        self._real = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except UnicodeError as error:
            raise NotPublic(f"{host} is no name of the DNS") from error
        addresses = [str(one[4][0]) for one in found]
        allowed = [one for one in addresses if may_connect(one, allow_private=self.allow_private)]
        if not allowed:
            raise NotPublic(f"{host} is no public address")
        return await self._real.connect_tcp(allowed[0], port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
