"""How many mails a provider gets in a time, from all senders together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from store import models as rows


@dataclass(frozen=True, slots=True)
class Limits:
    """How many a minute one provider gets, from all senders together; 0 is no limit. `others` names exceptions."""

    per_minute: int = 0
    others: Mapping[str, int] | None = None

    def of(self, provider: str) -> int:
        return (self.others or {}).get(provider, self.per_minute)

    @staticmethod
    def window(rate: int) -> dt.timedelta:
        """Ten seconds, or as long as it takes for one: a minute's worth is not sent at once."""
        return dt.timedelta(seconds=max(10, 60 / rate))

    def room(self, session: Session, provider: str, now: dt.datetime) -> int | None:
        """How many more it gets now; None where there is no limit."""
        rate = self.of(provider)
        if not rate:
            return None
        window = self.window(rate)
        taken = session.scalar(
            select(func.count()).where(
                rows.Delivery.provider == provider,
                or_(rows.Delivery.sent_at.between(now - window, now), rows.Delivery.holder.is_not(None)),
            )
        )
        return max(0, round(rate * window.total_seconds() / 60) - (taken or 0))

    def __bool__(self) -> bool:
        return bool(self.per_minute or self.others)
