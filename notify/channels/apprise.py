"""Chat groups and messengers, through Apprise (extra `channels`): 企业微信 wecombot://KEY, 钉钉 dingtalk://TOKEN,
飞书 feishu://TOKEN, Telegram tgram://BOT/CHAT and others (`notify.chats`). They get the short form of a digest.

The library gets tokens, never an address that somebody wrote, and connects to the hosts of the service alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

from notify import chats
from notify.channels import Outlet, webhook
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from store.connections import confined
from store.errors import Unavailable, WrongUse

# Mail goes through our own outbox; the next act on the machine itself, the last read files that the address names.
NEVER = {
    "mailto", "mailtos",
    "syslog", "dbus", "kde", "glib", "qt", "gnome", "macosx", "windows", "x11", "blink1", "deltachat", "deltachats",
    "fcm", "vapid", "workflow", "workflows",
}  # fmt: skip
# A service of the operator's own is host, port, user and path. Options come after a question mark: templates and key
# files to read, certificates not to check.
_OWN_ADDRESS = re.compile(r"[A-Za-z0-9+.-]+://[A-Za-z0-9._~:@/\[\]!$*+,=-]{1,500}")


def fits(address: str) -> bool:
    return "://" in address and not webhook.fits(address)


def checked(address: str, *, allow_private: bool) -> str:
    _library()
    if chats.scheme_of(address) in chats.SERVICES:
        return chats.parse(address).address
    scheme = address.partition("://")[0].lower()
    # Other services take the address of any machine, so they could be pointed into our own network.
    if not allow_private or scheme in NEVER:
        raise WrongUse(
            f"{scheme[:40]}:// is not sent to; there are {', '.join(f'{name}://' for name in chats.SERVICES)}, "
            "webhook+https:// and mail addresses"
        )
    if not _OWN_ADDRESS.fullmatch(address) or _service(address) is None:
        raise WrongUse(
            f"invalid chat address {scheme}://…: expected {scheme}://HOST:PORT/PATH as https://appriseit.com has it, "
            "without options (after '?') or a fragment"
        )
    return address


def provider(address: str) -> str:
    return address.partition("://")[0]


def shown(address: str) -> str:
    """What follows the scheme is a password as a whole."""
    return f"{provider(address)}://…"


@asynccontextmanager
async def opened(post: Post) -> AsyncIterator[Outlet]:
    try:
        _library()
    except WrongUse as error:
        raise Unavailable(str(error)) from error
    yield Apprise(post)


class Apprise:
    def __init__(self, post: Post) -> None:
        self.post = post

    async def send(self, parcel: Parcel, letter: Letter) -> Answer:
        try:
            # What was allowed once need not be now.
            address = checked(parcel.address, allow_private=self.post.allow_private)
        except WrongUse as error:
            return Answer("refused", str(error), is_bounce=True)
        token = self.post.token_for(parcel.subscription_id, parcel.started)
        body = letter.short.replace(letter.slot, token)
        return await asyncio.to_thread(
            _hand_over, address, letter.subject, body, allow_private=self.post.allow_private
        )


def _hand_over(address: str, title: str, body: str, *, allow_private: bool) -> Answer:
    """Send one message, in a thread of its own: the library blocks."""
    library = _library()
    hub = library.Apprise(asset=_asset())
    with confined(_hosts(address), allow_private=allow_private) as confines:
        service = _service(address)
        if service is None:
            return Answer("refused", f"{provider(address)}://… is no whole address", is_bounce=True)
        hub.add(service)
        result = hub.notify(title=title, body=body, body_format="text")
    if result:
        return Answer("sent", provider(address))
    if confines.refused:
        return Answer("refused", confines.refused[-1], is_bounce=True)
    return Answer("later", f"{provider(address)} did not take it{_why(result)}")


def _why(result: Any) -> str:
    """The last thing that Apprise logged about it; it masks what is secret."""
    said = [entry.message for service in result for attempt in service for entry in attempt]
    return f": {said[-1]}"[:200] if said else ""


def _hosts(address: str) -> Collection[str] | None:
    """Return the hosts of an address's service; None for a self-hosted one, whose host is in the address."""
    service = chats.SERVICES.get(provider(address))
    return service.hosts if service else None


def _service(address: str) -> Any:
    """Return Apprise's plugin for a checked address; None if Apprise considers the address incomplete."""
    library = _library()
    given: str | dict[str, Any] = address
    if provider(address) in chats.SERVICES:
        chat = chats.parse(address)
        given = {"schema": chat.scheme, **chat.tokens}
        if "targets" in given:
            given["targets"] = [given["targets"]]
    service = library.Apprise.instantiate(given, asset=_asset(), suppress_exceptions=True)
    if service is not None:
        # What is too long is cut, rather than sent as a row of messages.
        service.overflow_mode = library.OverflowMode.TRUNCATE
    return service


def _asset() -> Any:
    return _library().AppriseAsset(secure_logging=True, http_redirects=False)


def _library() -> Any:
    try:
        import apprise
    except ImportError as error:
        raise WrongUse(
            "chat channels need the extra `channels`; install it: pip install 'yaodian[channels]'"
        ) from error
    return apprise
