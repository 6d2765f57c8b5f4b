"""Limits on letters that anonymous requests cause: in all, per mail domain, and per webhook host.

The limits per client (`web.requesting`) and per mailbox (`notify.requests`) are elsewhere. A letter is counted by
its row in the outbox, so a restart forgets nothing and all processes count together.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from notify.outbox import REQUESTED
from store import models as rows
from store.errors import YaodianError

if TYPE_CHECKING:
    from tldextract import TLDExtract

WINDOW = dt.timedelta(hours=1)
# Providers with mailboxes of millions: a limit by domain would let a few strangers shut all of them out, and what a
# single mailbox gets is limited anyway. Chat services are counted like these.
LARGE_PROVIDERS = frozenset(
    [
        "126.com",
        "139.com",
        "163.com",
        "189.cn",
        "21cn.com",
        "aliyun.com",
        "aol.com",
        "foxmail.com",
        "gmail.com",
        "gmx.de",
        "gmx.net",
        "googlemail.com",
        "hotmail.com",
        "icloud.com",
        "live.cn",
        "live.com",
        "mail.com",
        "mail.ru",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "sina.cn",
        "sina.com",
        "sohu.com",
        "tom.com",
        "vip.163.com",
        "vip.qq.com",
        "vip.sina.com",
        "web.de",
        "wo.cn",
        "yahoo.com",
        "yandex.ru",
        "yeah.net",
    ]
)


class TooManyRequests(YaodianError):
    """So much was asked for that no more is done for a while; whether the address is known plays no part."""

    def __init__(self, what: str, retry_after_s: int) -> None:
        super().__init__(
            f"too many subscription requests {what}; try again in {-(-retry_after_s // 60)} minutes"
        )
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class RequestLimits:
    """Letters that strangers can cause in an hour; 0 is no limit. `per_client` counts requests, failed ones too."""

    per_client: int = 20
    per_domain: int = 60
    per_host: int = 30
    overall: int = 600


@dataclass(frozen=True, slots=True)
class Caused:
    """A letter that a request has caused: through which channel, who receives for it, and when."""

    channel: str
    provider: str
    at: dt.datetime


def check(session: Session, limits: RequestLimits, channel: str, provider: str, now: dt.datetime) -> None:
    """Raise TooManyRequests if one more letter to this provider would exceed a limit."""
    query = (
        select(rows.Delivery.channel, rows.Delivery.provider, rows.Delivery.created_at)
        .where(rows.Delivery.kind.in_(REQUESTED), rows.Delivery.created_at > now - WINDOW)
        .order_by(rows.Delivery.created_at.desc())
    )
    judge([Caused(*row) for row in session.execute(query)], limits, channel, provider, now)


def judge(
    caused: Sequence[Caused], limits: RequestLimits, channel: str, provider: str, now: dt.datetime
) -> None:
    """Raise TooManyRequests if one more letter exceeds a limit, given the last hour's letters, newest first."""
    _judge_some([one.at for one in caused], limits.overall, "to this service", now)
    domain = registered_domain(provider)
    to_domain = [
        one.at for one in caused if one.channel == channel and registered_domain(one.provider) == domain
    ]
    if channel == "webhook":
        _judge_some(to_domain, limits.per_host, f"for {domain}", now)
    elif channel == "mail" and provider not in LARGE_PROVIDERS:
        _judge_some(to_domain, limits.per_domain, f"for {domain}", now)


def _judge_some(moments: Sequence[dt.datetime], most: int, what: str, now: dt.datetime) -> None:
    if most and len(moments) >= most:
        # When the oldest of the newest `most` leaves the window there is room for one.
        free_at = moments[most - 1] + WINDOW
        raise TooManyRequests(what, max(1, round((free_at - now).total_seconds())))


@lru_cache(maxsize=10_000)
def registered_domain(host: str) -> str:
    """Return the registered domain of a host: school.edu.cn for mail.school.edu.cn.

    It is the unit of the limits because subdomains cost their owner nothing.
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        found = _suffixes()(host)
    # A name that no list knows is registered under its last label, as the list's own rule for such has it.
    return found.top_domain_under_public_suffix or (host if found.suffix else ".".join(host.split(".")[-2:]))


@cache
def _suffixes() -> TLDExtract:
    """Build the extractor with the public suffix list that the library ships; it fetches and writes nothing."""
    from tldextract import TLDExtract

    return TLDExtract(cache_dir=None, suffix_list_urls=(), include_psl_private_domains=True)
