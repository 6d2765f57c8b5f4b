"""Chat groups and messengers, through Apprise (extra `channels`): 企业微信 wecombot://KEY, 钉钉 dingtalk://TOKEN,
飞书 feishu://TOKEN, Telegram tgram://BOT/CHAT and others. They get the short form of a digest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from notify.channels import Outlet, webhook
from notify.parcels import Answer, Letter, Parcel
from notify.post import Post
from store.errors import Unavailable, WrongUse

# Services that live at one public address. Others take the address of any machine, so they could be pointed into our
# own network: they are for operators who allow that.
PUBLIC = {"dingtalk", "discord", "feishu", "lark", "line", "slack", "tgram", "wecombot"}
# As people call them.
ALIASES = {"wecom": "wecombot", "weixin": "wecombot", "telegram": "tgram", "dingding": "dingtalk"}
# Mail goes through our own outbox, and these act on the machine itself.
NEVER = {"mailto", "mailtos", "syslog", "dbus", "kde", "glib", "qt", "gnome", "macosx", "windows", "x11"}


def fits(address: str) -> bool:
    return "://" in address and not webhook.fits(address)


def checked(address: str, *, allow_private: bool) -> str:
    scheme, _, rest = address.partition("://")
    scheme = ALIASES.get(scheme.lower(), scheme.lower())
    if scheme in NEVER or (scheme not in PUBLIC and not allow_private):
        raise WrongUse(
            f"{scheme}:// is not sent to; there are {', '.join(sorted(f'{name}://' for name in PUBLIC))}, "
            "webhook+https:// and mail addresses"
        )
    url = f"{scheme}://{rest}"
    if not url.isprintable() or _service(url) is None:
        raise WrongUse(
            f"{scheme}://… is no whole address; see https://appriseit.com for what stands in one of {scheme}://"
        )
    return url


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
            service = _service(checked(parcel.address, allow_private=self.post.allow_private))
        except WrongUse as error:
            return Answer("refused", str(error), is_bounce=True)
        token = self.post.token_for(parcel.subscription_id, parcel.started)
        library = _library()
        hub = library.Apprise(asset=library.AppriseAsset(secure_logging=True))
        hub.add(service)
        result = await hub.async_notify(
            title=letter.subject, body=letter.short.replace(letter.slot, token), body_format="text"
        )
        if result:
            return Answer("sent", provider(parcel.address))
        return Answer("later", f"{provider(parcel.address)} did not take it{_why(result)}")


def _why(result: Any) -> str:
    """The last thing that Apprise logged about it; it masks what is secret."""
    said = [entry.message for service in result for attempt in service for entry in attempt]
    return f": {said[-1]}"[:200] if said else ""


def _service(url: str) -> Any:
    library = _library()
    asset = library.AppriseAsset(secure_logging=True)
    service = library.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
    if service is not None:
        # What is too long is cut, rather than sent as a row of messages.
        service.overflow_mode = library.OverflowMode.TRUNCATE
    return service


def _library() -> Any:
    try:
        import apprise
    except ImportError as error:
        raise WrongUse(
            "chat channels need the extra `channels`; install it: pip install 'yaodian[channels]'"
        ) from error
    return apprise
