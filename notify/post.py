"""How this installation sends: under which name, with which links, through what."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path

from notify.limits import Limits
from notify.smtp import Relay
from notify.tokens import Reference, Tokens


@dataclass(frozen=True)
class Post:
    """`sender` is the From header, `bounces` the address to which mail comes back, `base_url` the public address of
    the web pages without a slash at its end ("" where there are none). Without `relay` mail is written to `outbox`."""

    sender: str
    tokens: Tokens
    outbox: Path
    base_url: str = ""
    bounces: str = ""
    relay: Relay | None = None
    connections: int = 4
    limits: Limits = field(default_factory=Limits)
    allow_private: bool = False

    @cached_property
    def address(self) -> str:
        return parseaddr(self.sender)[1]

    @cached_property
    def domain(self) -> str:
        return self.address.rpartition("@")[2] or "localhost"

    def manage_url(self, token: str) -> str:
        return f"{self.base_url}/subscriptions/{token}" if self.base_url else ""

    def unsubscribe_url(self, token: str) -> str:
        return f"{self.base_url}/subscriptions/{token}/unsubscribe" if self.base_url else ""

    def confirm_url(self, token: str) -> str:
        return f"{self.base_url}/subscriptions/confirm/{token}" if self.base_url else ""

    def token_for(self, subscription_id: int | None, started: dt.datetime | None) -> str:
        """What stands in the letter's slot for this reader; nothing for who has no subscription."""
        if subscription_id is None or started is None:
            return ""
        return self.tokens.manage(Reference(subscription_id, started))
