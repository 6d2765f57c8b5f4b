"""A real SMTP server in a process of its own that behaves as badly as it is told to, and writes down what it took.

python -m bench.mailserver LOG [--refuse .1] [--later .1] [--busy .1] [--drop .1] [--delay .05] [--tls FOLDER] [--login USER:PASSWORD] [--keep FOLDER]

Each number is a probability, but for the delay, which is in seconds. What was taken is a line of JSON, written before
the answer is given or the connection is dropped.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Manners:
    """How the server behaves. `drop` cuts the connection after the mail was taken, before that is said."""

    refuse: float = 0
    later: float = 0
    busy: float = 0
    drop: float = 0
    delay: float = 0
    seed: int = 1


class Handler:
    def __init__(self, manners: Manners, log: Path, keep: Path | None = None) -> None:
        self.manners, self.log, self.keep = manners, log, keep
        self.kept = 0
        self.chance = random.Random(manners.seed)
        self.connections = 0

    def _is(self, probability: float) -> bool:
        return self.chance.random() < probability

    async def handle_MAIL(  # noqa: N802 (aiosmtpd’s name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._is(self.manners.busy):
            asyncio.get_running_loop().call_later(0.01, server.transport.close)
            return "421 4.3.2 too much to do, closing"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 ok"

    async def handle_RCPT(  # noqa: N802 (aiosmtpd’s name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "nobody" in address or self._is(self.manners.refuse):
            return "550 5.1.1 no such mailbox"
        if self._is(self.manners.later):
            return "450 4.2.1 the mailbox is busy"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.manners.delay * self.chance.random())
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = message_from_bytes(content, policy=policy.default)
        with self.log.open("a", encoding="utf-8") as file:
            file.write(
                json.dumps(
                    {
                        "to": envelope.rcpt_tos[0],
                        "message_id": mail["Message-ID"],
                        "size": len(content),
                        "peer": session.peer[1],
                        "login": bool(session.authenticated),
                        "tls": session.ssl is not None,
                    }
                )
                + "\n"
            )
        if self.keep is not None:
            # Who the envelope names, on a line of its own before the mail.
            self.kept += 1
            recipients = ",".join(envelope.rcpt_tos).encode()
            (self.keep / f"{self.kept:06}.eml").write_bytes(recipients + b"\n" + content)
        if self._is(self.manners.drop):
            server.transport.abort()
        return "250 2.0.0 taken"


@dataclass(frozen=True)
class Taken:
    """One mail that the server took, and over which of its connections."""

    to: str
    message_id: str
    size: int
    peer: int
    login: bool
    tls: bool


@dataclass(frozen=True)
class Running:
    port: int
    log: Path

    def taken(self) -> list[Taken]:
        if not self.log.exists():
            return []
        return [Taken(**json.loads(line)) for line in self.log.read_text(encoding="utf-8").splitlines()]


@contextmanager
def running(log: Path, *words: str) -> Iterator[Running]:
    """The server as a process, for as long as it is needed; `words` as on the command line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.mailserver", str(log), *words], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield Running(int(process.stdout.readline()), log)
    finally:
        process.kill()
        process.communicate()


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with the certificate of `localhost` in `folder`, made by openssl when it is not there."""
    if not (folder / "cert.pem").exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "30", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
            check=True,
            capture_output=True,
        )  # fmt: skip
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


async def serve(options: argparse.Namespace) -> None:
    handler = Handler(
        Manners(options.refuse, options.later, options.busy, options.drop, options.delay, options.seed),
        options.log,
        options.keep,
    )
    if options.keep:
        options.keep.mkdir(exist_ok=True)
    context = certificate(options.tls) if options.tls else None
    known = tuple(options.login.encode().split(b":", 1)) if options.login else None

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        given = (data.login, data.password) if isinstance(data, LoginPassword) else None
        return AuthResult(success=given == known, handled=False)

    def protocol() -> SMTP:
        return SMTP(
            handler,
            enable_SMTPUTF8=True,
            hostname="localhost",
            tls_context=None if options.implicit else context,
            require_starttls=bool(context) and not options.implicit,
            auth_required=bool(known),
            auth_require_tls=bool(context) and not options.implicit,
            authenticator=authenticate,
        )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", options.port, ssl=context if options.implicit else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("log", type=Path)
    for name in ("refuse", "later", "busy", "drop", "delay"):
        parser.add_argument(f"--{name}", type=float, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tls", type=Path, help="STARTTLS with the certificate of this folder")
    parser.add_argument("--keep", type=Path, help="a folder for the mails themselves")
    parser.add_argument("--implicit", action="store_true", help="TLS from the first byte")
    parser.add_argument("--login", default="", help="USER:PASSWORD, without which nothing is taken")
    asyncio.run(serve(parser.parse_args(words)))


if __name__ == "__main__":
    main()
