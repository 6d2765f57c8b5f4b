"""What `yaodian doctor` asks of the world around: the mail server, the names of the sites, the clock."""

from __future__ import annotations

import datetime as dt
import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from crawler.sources.schema import Source
from notify.smtp import Relay
from store import models as rows

WAIT_S = 10
MOST_NAMES = 40
# A clock that is off by more makes times that readers see wrong, and a server's certificate or log-in fail.
OFF = dt.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    ok: bool
    says: str


def mail(url: str) -> Finding:
    """Whether the mail server lets us in; nothing is sent."""
    if not url:
        return Finding("smtp", True, "no YAODIAN_SMTP_URL: mail is written to outbox/")
    relay = Relay.parse(url)
    try:
        kind = smtplib.SMTP_SSL if relay.security == "tls" else smtplib.SMTP
        with kind(relay.host, relay.port, timeout=WAIT_S) as client:
            if relay.security == "starttls":
                client.starttls(context=ssl.create_default_context())
            if relay.username:
                client.login(relay.username, relay.password)
            client.noop()
    except smtplib.SMTPAuthenticationError as error:
        said = (
            error.smtp_error.decode("utf-8", "replace")
            if isinstance(error.smtp_error, bytes)
            else error.smtp_error
        )
        return Finding(
            "smtp", False, f"{relay}: {' '.join(said.split())}; mend user and password in YAODIAN_SMTP_URL"
        )
    except (smtplib.SMTPException, OSError) as error:
        said = " ".join(str(error).split())
        return Finding("smtp", False, f"{relay}: {said}; mend YAODIAN_SMTP_URL, or start the server there")
    return Finding("smtp", True, f"{relay} lets us in")


def names(session: Session, sources: Iterable[Source]) -> Finding:
    """Whether the sites that were crawled before are still found by their names."""
    crawled = set(session.scalars(select(rows.Source.id).where(rows.Source.last_crawled_at.is_not(None))))
    hosts = {
        host
        for source in sources
        if source.id in crawled
        for url in source.listing.urls
        if (host := urlsplit(url).hostname) and not _is_address(host)
    }
    asked = sorted(hosts)[:MOST_NAMES]
    if not asked:
        return Finding("dns", True, "no site with a name was crawled yet")
    with ThreadPoolExecutor(8) as pool:
        lost = [host for host, found in zip(asked, pool.map(_resolves, asked), strict=True) if not found]
    if len(lost) == len(asked):
        return Finding(
            "dns", False, f"none of {len(asked)} sites' names is found; mend the network or /etc/resolv.conf"
        )
    if lost:
        return Finding(
            "dns",
            False,
            f"{len(lost)} of {len(asked)} names are not found, such as {lost[0]}; see whether the site has moved",
        )
    return Finding("dns", True, f"{len(asked)} sites' names are found")


def clock(session: Session, now: dt.datetime, timezone: str) -> Finding:
    """Whether the clock agrees with the database server's, and was never ahead of what it shows."""
    newest = session.scalar(select(func.max(rows.Capture.fetched_at)))
    if newest and newest - now > OFF:
        says = f"it shows {now:%Y-%m-%d %H:%M} UTC, and something was fetched at {newest:%Y-%m-%d %H:%M}"
        return Finding("clock", False, f"{says}; set it right, best by NTP: timedatectl set-ntp true")
    if session.connection().dialect.name == "postgresql":
        off = now - session.scalar(select(text("now()")))
        if abs(off) > OFF:
            return Finding("clock", False, f"it is {off} off the database server's; set both by NTP")
    return Finding("clock", True, f"{now:%Y-%m-%d %H:%M} UTC; times are shown in {timezone}")


def overdue(session: Session, now: dt.datetime) -> Iterator[Finding]:
    """Whether what services look after is looked after; nothing where there never was a service."""
    if session.scalar(select(func.count()).select_from(rows.Duty)):
        late = rows.Source.next_due_at < now - dt.timedelta(days=1)
        found = session.scalars(
            select(rows.Source.id).join(rows.Duty, rows.Duty.source_id == rows.Source.id).where(late)
        ).all()
        says = (
            f"{len(found)} sources are overdue by a day, such as {found[0]}; see that yaodian serve runs"
            if found
            else "no source is overdue"
        )
        yield Finding("service", not found, says)


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return True
