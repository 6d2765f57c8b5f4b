"""The ways to a reader: one module each, found by looking. Each says which addresses are its own.

A module has `fits`, `checked`, `provider`, `shown` and `opened`, as Channel describes them; a new channel is a new
file here.
"""

from __future__ import annotations

import pkgutil
from contextlib import AbstractAsyncContextManager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from notify import chats
from store.errors import WrongUse

if TYPE_CHECKING:
    from notify.parcels import Answer, Letter, Parcel
    from notify.post import Post

CHATS = "apprise"
"""The channel that has many kinds of addresses, one a scheme."""


class Outlet(Protocol):
    """A channel that is open."""

    async def send(self, parcel: Parcel, letter: Letter) -> Answer:
        """Hand one over. Raises Unavailable when the channel itself can't be used."""


class Channel(Protocol):
    """What each module here is."""

    __name__: str

    def fits(self, address: str) -> bool:
        """Whether it is this channel's kind of address, well-formed or not."""

    def checked(self, address: str, *, allow_private: bool) -> str:
        """The address as it is kept. Raises WrongUse."""

    def provider(self, address: str) -> str:
        """Who receives for it, and may be asked too much."""

    def shown(self, address: str) -> str:
        """The address without what nobody may read over a shoulder."""

    def opened(self, post: Post) -> AbstractAsyncContextManager[Outlet]:
        """Ready to send; costs nothing before the first parcel."""


@cache
def every() -> dict[str, Channel]:
    """The channels by their names, in which order they are asked; what fits the fewest addresses is asked first."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return {name: cast(Channel, import_module(f"{__name__}.{name}")) for name in names}


def name_of(address: str) -> str:
    """Raises WrongUse when no channel leads there."""
    for name, channel in every().items():
        if channel.fits(address):
            return name
    raise WrongUse(
        f"{address!r} is no address; write name@example.org, or a channel's URL, such as webhook+https://example.org/hook"
    )


def of(address: str) -> Channel:
    return every()[name_of(address)]


def kind_of(address: str) -> str:
    """Return what an operator calls the kind of an address: mail, webhook, or a chat's scheme. Raises WrongUse."""
    name = name_of(address)
    return chats.scheme_of(address) if name == CHATS else name


def prefix_of(kind: str) -> str:
    """Return how the addresses of a kind begin."""
    return "webhook+https://" if kind == "webhook" else f"{kind}://"


def public_kinds() -> list[str]:
    """Return the channel kinds beside mail that an operator may open to the public.

    They are the kinds that connect to the internet only.
    """
    return ["webhook", *sorted(chats.SERVICES)]


def checked(address: str, *, allow_private: bool = False) -> str:
    """An address of any channel as it is kept. Raises WrongUse."""
    return of(address).checked(address, allow_private=allow_private)


def shown(address: str) -> str:
    """An address as it may be printed."""
    return of(address).shown(address)
