"""What `yaodian doctor` asks, of what is kept and of the world around: one finding each, with the remedy."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
import shlex
import shutil
import smtplib
import socket
import ssl
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from crawler.sources import catalogue
from crawler.sources.schema import Source
from notify import channels, subscriptions
from notify.smtp import Relay
from store import models as rows
from store import queries
from store import queue as queues
from store.archive import Archive
from store.clock import TOLERANCE, explain_clock_doubt
from store.conditions import Condition, conditions
from store.database import Database, masked
from store.errors import OperatorError, YaodianError
from store.objects import is_local
from store.safe_files import OTHERS, is_archive_name, shorten, walk_own
from store.said import said
from yaodian.settings import Settings

WAIT_S = 10
STATES = ("waiting", "doing", "stalled")
MOST_NAMES = 40
# What a crawl of some thousand pages takes, with room for the database to breathe.
ENOUGH_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    ok: bool
    says: str


def findings(
    settings: Settings, now: dt.datetime, uptime: dt.timedelta = dt.timedelta()
) -> Iterator[Finding]:
    """Yield the finding of every check; skip a check whose precondition has failed.

    `uptime` is how long this process, or the service whose child it is, has run.
    """
    found = catalogue.load(catalogue.bundled(), settings.sources)
    yield folder(settings.data)
    yield from permissions(settings)
    yield from _of_rows(settings, found.sources.values(), now, uptime)
    yield from open_to_the_public(settings)
    yield disk(settings.data)
    yield mail(settings.smtp_url.get_secret_value())
    yield Finding("sources", True, f"{len(found.sources)} usable")
    for spoiled in found.errors:
        yield Finding("sources", False, str(spoiled))


def _of_rows(
    settings: Settings, sources: Iterable[Source], now: dt.datetime, uptime: dt.timedelta
) -> Iterator[Finding]:
    try:
        database = settings.opened()
    except YaodianError as error:
        yield Finding("database", False, str(error))
        return
    try:
        with database.read() as session:
            yield (whole := integrity(session, database))
            if not whole.ok:
                return
            yield archive(settings.archive(), queries.archive_ends(session))
            yield from health(conditions(session).values())
            yield from overdue(session, now)
            yield from crashing(session)
            yield from queue(session)
            yield from addresses(session, allow_private=settings.allow_private_addresses)
            yield names(session, sources)
            yield clock(session, now, uptime, settings.timezone)
    except OperatorError as error:
        yield Finding("database", False, str(error))
    finally:
        database.close()


def folder(data: Path) -> Finding:
    if not data.is_dir():
        return Finding(
            "data", False, said("{folder} is not there; run: yaodian init --data {folder}", folder=data)
        )
    if not os.access(data, os.W_OK):
        return Finding(
            "data", False, said("{folder} can't be written; change its owner or its mode", folder=data)
        )
    return Finding("data", True, str(data))


def permissions(settings: Settings) -> Iterator[Finding]:
    """Yield a finding for each file or folder that other users of this machine can open.

    The rows, outbox/ and logs/ hold subscribers' addresses and the links in their mails.
    """
    if not os.access(settings.data, os.R_OK | os.X_OK):
        return
    open_to_others: dict[Path, list[Path]] = {}
    for path in _private_paths(settings):
        if _mode(path) & OTHERS:
            inside = path.relative_to(settings.data).parts if path.is_relative_to(settings.data) else ()
            open_to_others.setdefault(settings.data / inside[0] if inside else path, []).append(path)
    for place, paths in open_to_others.items():
        says = said(
            "{many} files or folders can be opened by other users, such as {path} (mode {mode}); run: chmod {option}go= {place}",
            many=len(paths),
            path=paths[0],
            mode=f"{_mode(paths[0]):04o}",
            option="-R " if place.is_dir() and place != settings.data else "",
            place=shlex.quote(str(place)),
        )
        yield Finding("permissions", False, says)
    if not open_to_others:
        yield Finding("permissions", True, "the data directory is open to its owner alone")


def _mode(path: Path) -> int:
    """Return a file's permission bits; 0 for one that has just been removed, as SQLite's side files are."""
    try:
        return stat.S_IMODE(path.lstat().st_mode)
    except FileNotFoundError:
        return 0


def _private_paths(settings: Settings) -> Iterator[Path]:
    """Yield the data directory, all that Yaodian created in it, and a database or archive that lies elsewhere."""
    yield settings.data
    yield from walk_own(settings.data)
    url = make_url(settings.database_url) if settings.database_url else None
    if url is not None and url.get_backend_name() == "sqlite" and url.database:
        yield from (path for path in [Path(url.database)] if path.is_file())
    if settings.archive_url and is_local(settings.archive_url):
        yield from (path for path in [Path(urlsplit(settings.archive_url).path)] if path.is_dir())


def integrity(session: Session, database: Database) -> Finding:
    """PostgreSQL checks its pages as it reads them; of SQLite's file nobody knows until a damaged page is met."""
    if session.connection().dialect.name == "sqlite":
        answer = session.scalars(text("PRAGMA quick_check(1)")).first() or ""
        if answer != "ok":
            says = said(
                "{database} is damaged: {error}; restore it from a backup",
                database=masked(database.url),
                error=" ".join(answer.split()),
            )
            return Finding("database", False, says)
    return Finding("database", True, f"{masked(database.url)}: tables are up to date")


def archive(kept: Archive, ends: dict[str, int]) -> Finding:
    """Whether each file that captures lie in is there as far as they reach; `yaodian verify` reads them whole."""
    try:
        files = kept.sizes()
    except OperatorError as error:
        return Finding("archive", False, str(error))
    except OSError as error:
        return Finding(
            "archive",
            False,
            said(
                "{folder}: {error}; let it be read, or restore it from a backup",
                folder=kept.directory,
                error=error.strerror,
            ),
        )
    if strange := [name for name in ends if not is_archive_name(name)]:
        says = said(
            "{many} of its file names are invalid in the rows, such as {file}; restore the rows from a backup",
            many=len(strange),
            file=shorten(strange[0]),
        )
        return Finding("archive", False, says)
    if lost := sorted(set(ends) - set(files)):
        says = said(
            "{many} of its files are not there, such as {file}; restore them from a backup",
            many=len(lost),
            file=lost[0],
        )
        return Finding("archive", False, says)
    if cut := sorted(name for name, end in ends.items() if files[name] < end):
        says = said(
            "{many} of its files are cut, such as {file} at {size} of {wanted} bytes; restore them from a backup",
            many=len(cut),
            file=cut[0],
            size=files[cut[0]],
            wanted=ends[cut[0]],
        )
        return Finding("archive", False, says)
    if closed := kept.closed():
        return Finding(
            "archive", False, said("{file} can't be read; change its owner or its mode", file=closed[0])
        )
    return Finding("archive", True, f"{len(files)} WARC files, {sum(files.values()) / 1e6:.1f} MB")


def health(known: Iterable[Condition]) -> Iterator[Finding]:
    """One line for each source that is not well; quiet is no fault of ours or the site's."""
    poor = [one for one in known if one.state not in ("ok", "quiet")]
    for one in poor:
        says = f"{one.source} is {one.state} since {one.since:%Y-%m-%d}: {one.says}; see: yaodian sources show {one.source}"
        yield Finding("health", False, says)
    if not poor:
        yield Finding("health", True, "every source that was crawled can be read")


def disk(data: Path) -> Finding:
    while not data.exists():
        data = data.parent
    free = shutil.disk_usage(data).free
    if free > ENOUGH_BYTES:
        return Finding("disk", True, f"{free / 1e9:.1f} GB free")
    return Finding("disk", False, said("{free:.1f} GB free; free at least 1 GB", free=free / 1e9))


def mail(url: str) -> Finding:
    """Whether the mail server lets us in; nothing is sent."""
    if not url:
        return Finding("smtp", True, "no YAODIAN_SMTP_URL: mail is written to outbox/")
    relay = Relay.parse(url)
    try:
        checked = ssl.create_default_context()
        with (
            smtplib.SMTP_SSL(relay.host, relay.port, timeout=WAIT_S, context=checked)
            if relay.security == "tls"
            else smtplib.SMTP(relay.host, relay.port, timeout=WAIT_S)
        ) as client:
            if relay.security == "starttls":
                client.starttls(context=checked)
            if relay.username:
                client.login(relay.username, relay.password)
            client.noop()
    except smtplib.SMTPAuthenticationError as error:
        answer = (
            error.smtp_error.decode("utf-8", "replace")
            if isinstance(error.smtp_error, bytes)
            else error.smtp_error
        )
        says = said(
            "{server}: {answer}; mend user and password in YAODIAN_SMTP_URL",
            server=relay,
            answer=" ".join(answer.split()),
        )
        return Finding("smtp", False, says)
    except (smtplib.SMTPException, OSError) as error:
        says = said(
            "{server}: {error}; mend YAODIAN_SMTP_URL, or start the server there",
            server=relay,
            error=" ".join(str(error).split()),
        )
        return Finding("smtp", False, says)
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
        says = said(
            "none of {many} sites' names is found; mend the network or /etc/resolv.conf", many=len(asked)
        )
        return Finding("dns", False, says)
    if lost:
        says = said(
            "{lost} of {many} names are not found, such as {name}; see whether the site has moved",
            lost=len(lost),
            many=len(asked),
            name=lost[0],
        )
        return Finding("dns", False, says)
    return Finding("dns", True, f"{len(asked)} sites' names are found")


def clock(session: Session, now: dt.datetime, uptime: dt.timedelta, timezone: str) -> Finding:
    """Check the clock against the database server's and against earlier rows, as `tidy` does."""
    if doubt := explain_clock_doubt(session, now, uptime):
        return Finding("clock", False, doubt)
    if session.connection().dialect.name == "postgresql":
        off = now - session.scalar(select(text("now()")))
        if abs(off) > TOLERANCE:
            says = said("it is {off} off the database server's; set both by NTP", off=off)
            return Finding("clock", False, says)
    return Finding("clock", True, f"{now:%Y-%m-%d %H:%M} UTC; times are shown in {timezone}")


def overdue(session: Session, now: dt.datetime) -> Iterator[Finding]:
    """Whether what services look after is looked after; nothing where there never was a service."""
    if session.scalar(select(func.count()).select_from(rows.Duty)):
        late = rows.Source.next_due_at < now - dt.timedelta(days=1)
        found = session.scalars(
            select(rows.Source.id).join(rows.Duty, rows.Duty.source_id == rows.Source.id).where(late)
        ).all()
        if not found:
            yield Finding("service", True, "no source is overdue")
            return
        says = said(
            "{many} sources are overdue by a day, such as {source}; see that yaodian serve runs",
            many=len(found),
            source=found[0],
        )
        yield Finding("service", False, says)


def crashing(session: Session) -> Iterator[Finding]:
    """Whether crawls come to their end; nothing where all do."""
    found = session.scalars(
        select(rows.Duty.source_id).where(rows.Duty.crashes > 0).order_by(rows.Duty.source_id)
    ).all()
    if found:
        says = said(
            "crawls of {many} sources never came to their end, such as {source}; see logs/crawl.log, and disable the "
            "source: yaodian sources disable {source}",
            many=len(found),
            source=found[0],
        )
        yield Finding("service", False, says)


def addresses(session: Session, *, allow_private: bool) -> Iterator[Finding]:
    """Report chat and webhook addresses that are no longer sent to; yield nothing if there are none."""
    found = subscriptions.unreachable(session, allow_private=allow_private)
    if found:
        shown = ", ".join(f"{one.id} ({channels.shown(one.address)})" for one in found[:MOST_NAMES])
        says = said(
            "the addresses of {many} subscriptions are not sent to, since they have options or parts that are not taken, or "
            "their channel is not installed: {shown}; subscribe the plain address and remove the old: "
            "yaodian subscriptions remove {first}",
            many=len(found),
            shown=shown,
            first=found[0].id,
        )
        yield Finding("channels", False, says)


def open_to_the_public(settings: Settings) -> Iterator[Finding]:
    """Report if strangers can make us connect to the operator's private network; yield nothing otherwise."""
    if settings.allow_private_addresses and "webhook" in settings.public_channels:
        says = said(
            "anybody can have this service ask machines of your network, since webhooks may be subscribed on the web and "
            "private addresses are allowed; take webhook out of YAODIAN_PUBLIC_CHANNELS, or unset "
            "YAODIAN_ALLOW_PRIVATE_ADDRESSES"
        )
        yield Finding("channels", False, says)


def queue(session: Session) -> Iterator[Finding]:
    """Whether workers take what is handed out; nothing where there never was a queue."""
    standing = queues.standing(session)
    if standing is None or not (standing.lines or standing.workers):
        return
    waiting, doing, stalled = (sum(getattr(line, state) for line in standing.lines) for state in STATES)
    if standing.workers:
        says = f"{waiting} jobs wait, {doing} are being done, {stalled} are stalled"
        workers = f"{len(standing.workers)} workers ({', '.join(standing.workers)})"
        yield Finding("queue", True, f"{workers}; {says}")
    else:
        says = said(
            "no worker lives, and {waiting} jobs wait, {doing} are being done, {stalled} are stalled; start one: "
            "yaodian worker",
            waiting=waiting,
            doing=doing,
            stalled=stalled,
        )
        yield Finding("queue", False, says)


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
