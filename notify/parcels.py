"""What flows through the outbox: a letter, who reads it, the parcel that is handed over, and the answer to that."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from store import models as rows


@dataclass(frozen=True, slots=True)
class Letter:
    """What is said, in every form that a channel may want. `slot` stands in the texts where each reader's own token
    belongs; `data` is what a program is told."""

    subject: str
    text: str
    html: str
    short: str
    data: Mapping[str, Any] | None = None
    slot: str = field(default_factory=lambda: secrets.token_hex(16))

    @classmethod
    def of(cls, row: rows.Letter) -> Letter:
        return cls(**row.content, slot=row.slot)


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a letter is for: an address, and the subscription if it is about one."""

    address: str
    subscription_id: int | None = None
    digest_id: int | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery as a channel hands it over. `started` tells its subscription from a later one of the same
    number; `changes` is how many its digest carries."""

    id: int
    kind: str
    channel: str
    address: str
    message_id: str
    created_at: dt.datetime
    letter_id: int
    subscription_id: int | None
    started: dt.datetime | None
    changes: int


class Unsendable(ValueError):
    """A letter to this address can't be written as a mail, today or ever; says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of handing over. `said` is where it went, or why not; `status` the reply's code, or the enhanced
    one; `is_bounce` tells that the address itself is at fault; `fault` is the type of the exception that was raised
    instead of an answer."""

    verdict: Literal["sent", "later", "refused"]
    said: str
    status: str = ""
    is_bounce: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """The delivery's state now, and when it is tried again."""

    state: str
    again_at: dt.datetime | None = None
