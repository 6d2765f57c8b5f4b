"""Handing mail to an SMTP server: TLS, a log-in, connections that are used again, and what each answer means."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPSenderRefused,
)

from notify.addresses import needs_smtputf8, split_address
from notify.parcels import Answer, Unsendable
from store.errors import Unavailable

SCHEMES: dict[str, tuple[Literal["plain", "starttls", "tls"], int]] = {
    "smtp": ("plain", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
TIMEOUT_S = 60
# Some servers end a connection after a hundred mails, and none likes one that never ends.
MOST_MAILS = 100
CONNECT_WAITS_S = (0.2, 1.0, 3.0)
SHUTTING_DOWN = 421
TOO_BIG = (523, 552)
NO_SUCH_MAILBOX = (550, 551, 553)
# In a row, whatever they are for: then it is the relay, not the mail.
MOST_TURNED_AWAY = 20
# RFC 3463: what is said of the address, and of the mailbox behind it, not of the mail, the relay or a policy.
_OF_ADDRESS = re.compile(r"5\.(1\.(?![78])|2\.1\b)")
_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class Relay:
    """The server that takes our mail. What it shows of itself has no password."""

    host: str
    port: int
    security: Literal["plain", "starttls", "tls"]
    username: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ValueError, whose text has no password."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise ValueError("its port is no number; write such as smtps://user:password@host:465") from error
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ValueError(
                "write smtp://HOST, smtp+starttls://USER:PASSWORD@HOST or smtps://USER:PASSWORD@HOST, with :PORT if need be"
            )
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                "something follows the host; write % signs for what can't stand in a password, such as %2F for /"
            )
        security, usual = SCHEMES[parts.scheme]
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if user and security == "plain" and not _is_loopback(parts.hostname):
            raise ValueError("a password is not sent without encryption; write smtp+starttls:// or smtps://")
        return cls(parts.hostname, port or usual, security, user, password)

    def __str__(self) -> str:
        scheme = next(name for name, (security, _) in SCHEMES.items() if security == self.security)
        return f"{scheme}://{self.host}:{self.port}"


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class Pool:
    """Connections to the relay, each used for many mails; as many at a time as there are who send, or as the relay
    allows: a further one that it refuses is not asked for again."""

    def __init__(self, relay: Relay, name: str) -> None:
        """`name` is what we call ourselves to the relay."""
        self.relay, self.name = relay, name
        self._idle: list[_Line] = []
        self._open = 0
        self._most: int | None = None
        self._freed = asyncio.Condition()
        self._turned_away = 0
        self._gone: Unavailable | None = None

    async def close(self) -> None:
        while self._idle:
            await self._end(self._idle.pop())

    async def send(self, sender: str, recipient: str, message: bytes) -> Answer:
        """Send one mail over a connection of the pool and return the relay's answer.

        Raises Unavailable if the relay can't be reached or accepts nothing from us, Unsendable if the SMTP
        envelope can't represent the recipient unchanged.
        """
        check_recipient(recipient)
        answer = await self._over(await self._line(), sender, recipient, message)
        if answer is None:
            # The relay had ended it while it was idle.
            answer = await self._over(await self._line(), sender, recipient, message)
        if answer is None:
            answer = Answer("later", "the relay ended the connection before it was told of the mail")
        self._turned_away = self._turned_away + 1 if answer.verdict == "later" else 0
        if self._turned_away > MOST_TURNED_AWAY:
            raise Unavailable(
                f"{self.relay}: {answer.said}; it takes nothing at the moment, what waits is kept"
            )
        return answer

    async def _over(self, line: _Line, sender: str, recipient: str, message: bytes) -> Answer | None:
        try:
            answer = await line.hand_over(sender, recipient, message)
        except SMTPSenderRefused as error:
            await self._end(line)
            raise Unavailable(
                f"{self.relay}: it refuses mail from {sender}: {_said(error)}; mend YAODIAN_MAIL_FROM or the account"
            ) from error
        except BaseException:
            # Whatever it was, also that we are to stop: nobody knows what was said last on this connection, and one that
            # is neither idle nor closed would be waited for.
            line.client.close()
            await self._free()
            raise
        if line.is_open and line.mails < MOST_MAILS:
            async with self._freed:
                self._idle.append(line)
                self._freed.notify()
        else:
            await self._end(line)
        return answer

    async def _end(self, line: _Line) -> None:
        await line.end()
        await self._free()

    async def _free(self) -> None:
        async with self._freed:
            self._open -= 1
            self._freed.notify_all()

    async def _line(self) -> _Line:
        """One that is idle, or a new one; where the relay allows no more of them, the next that is free."""
        while True:
            async with self._freed:
                await self._freed.wait_for(
                    lambda: self._gone or self._idle or self._most is None or self._open < self._most
                )
                if self._gone:
                    raise self._gone
                if self._idle:
                    return self._idle.pop()
                self._open += 1
            try:
                async with AsyncExitStack() as undo:
                    undo.push_async_callback(self._free)
                    line = await self._connected()
                    undo.pop_all()
                    return line
            except Unavailable as error:
                if not self._open:
                    # Nobody got through: those who wait need not try one after the other.
                    self._gone = error
                    raise
                self._most = self._open

    async def _connected(self) -> _Line:
        for wait_s in (*CONNECT_WAITS_S, None):
            try:
                return _Line(await self._connect())
            except SMTPAuthenticationError as error:
                problem: Exception = error
                if error.code >= 500:
                    break
            except (SMTPException, OSError) as error:
                problem = error
                if isinstance(error, TimeoutError):
                    break  # who said nothing for a minute says nothing in the next three
            if wait_s is not None:
                await asyncio.sleep(wait_s)
        raise Unavailable(
            f"{self.relay}: {_said(problem)}; mend YAODIAN_SMTP_URL or the server, what waits is kept"
        ) from problem

    async def _connect(self) -> SMTP:
        relay = self.relay
        client = SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.security == "tls",
            # Without a promise of TLS it is used when offered, with whatever certificate: better than none.
            start_tls={"tls": False, "starttls": True, "plain": None}[relay.security],
            validate_certs=relay.security != "plain",
            username=relay.username or None,
            password=relay.password or None,
            local_hostname=self.name,
            timeout=TIMEOUT_S,
        )
        await client.connect()
        return client


def check_recipient(address: str) -> None:
    """Raise Unsendable unless the envelope would name this address and no other; the client reads it as a header first."""
    try:
        split_address(address)
    except ValueError as error:
        raise Unsendable(
            f"invalid recipient: got {address!r}, where {error}; expected name@example.org"
        ) from error
    if (read := parseaddr(address)[1]) not in (address, ""):
        raise Unsendable(f"invalid recipient: got {address!r}, read as {read!r}; expected name@example.org")


class _Line:
    """One connection, and how many mails went over it."""

    def __init__(self, client: SMTP) -> None:
        self.client, self.mails = client, 0

    @property
    def is_open(self) -> bool:
        return self.client.is_connected

    async def hand_over(self, sender: str, recipient: str, message: bytes) -> Answer | None:
        """None when the connection was gone before the mail was named. Raises SMTPSenderRefused."""
        options = [f"size={len(message)}"] if self.client.supports_extension("size") else []
        encoding = "ascii"
        if needs_smtputf8(recipient):
            if not self.client.supports_extension("smtputf8"):
                return Answer("refused", "the relay can't send to internationalised addresses (SMTPUTF8)")
            options, encoding = [*options, "BODY=8BITMIME", "SMTPUTF8"], "utf-8"
        stage = "MAIL"
        try:
            await self.client.mail(sender, options=options, encoding=encoding)
            stage = "RCPT"
            await self.client.rcpt(recipient, encoding=encoding)
            stage = "DATA"
            reply = await self.client.data(message)
        except SMTPResponseException as error:
            await self._recover(error)
            if isinstance(error, SMTPSenderRefused) and error.code >= 500 and error.code not in TOO_BIG:
                raise
            return judged(error.code, error.message, at_rcpt=stage == "RCPT")
        except (SMTPException, OSError) as error:
            self.client.close()
            if stage == "MAIL":
                return None
            unsure = "; it may have arrived" if stage == "DATA" else ""
            return Answer("later", f"connection lost at {stage}: {_said(error)}{unsure}")
        self.mails += 1
        return Answer("sent", _one_line(reply.message), str(reply.code))

    async def end(self) -> None:
        with suppress(SMTPException, OSError):
            await self.client.quit(timeout=2)
        self.client.close()

    async def _recover(self, error: SMTPResponseException) -> None:
        """Ready for the next mail, or closed."""
        if error.code == SHUTTING_DOWN:
            self.client.close()
            return
        try:
            await self.client.rset()
        except (SMTPException, OSError):
            self.client.close()


def judged(code: int, message: str, *, at_rcpt: bool) -> Answer:
    """What a reply that is no success means. 4xx: later. 5xx: never; a bounce when it is said of the address."""
    found = _ENHANCED.search(message)
    enhanced = found[1] if found else ""
    said = _one_line(f"{code} {message}")
    if code < 500:
        return Answer("later", said, enhanced or str(code))
    is_bounce = bool(_OF_ADDRESS.match(enhanced)) if enhanced else at_rcpt and code in NO_SUCH_MAILBOX
    return Answer("refused", said, enhanced or str(code), is_bounce)


def _said(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return _one_line(f"{error.code} {error.message}")
    return _one_line(str(error)) or type(error).__name__


def _one_line(text: str) -> str:
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", text).strip()[:300]
