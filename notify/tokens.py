"""Signed links: who has one may confirm, or manage, one subscription; nobody can make one up."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from itsdangerous import BadData, SignatureExpired, TimestampSigner, URLSafeSerializer, URLSafeTimedSerializer

from store.errors import BadLink, OperatorError

CONFIRM_WITHIN = dt.timedelta(days=3)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
FILE = "secret"
SHORTEST = 32


@dataclass(frozen=True, slots=True)
class Reference:
    """A subscription, told from a later one that was given the same number after this one was erased."""

    id: int
    started: dt.datetime


class Tokens:
    """Makes and reads the tokens in links; `secret` is known to this installation alone."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._manage = URLSafeSerializer(secret, salt="yaodian manage")

    def confirmation(self, reference: Reference, now: dt.datetime) -> str:
        return _text(self._confirm(now).dumps(_pair(reference)))

    def confirmed(self, token: str, now: dt.datetime) -> Reference:
        """Raises BadLink, also when the token is older than CONFIRM_WITHIN."""
        try:
            pair = self._confirm(now).loads(token, max_age=int(CONFIRM_WITHIN.total_seconds()))
        except SignatureExpired as error:
            raise BadLink(
                "this link is older than three days; subscribe once more to be sent a new one"
            ) from error
        except BadData as error:
            raise BadLink("this link is not whole; copy all of it out of the mail") from error
        return _reference(pair)

    def manage(self, reference: Reference) -> str:
        """Of one subscription always the same, and good as long as the subscription is there."""
        return _text(self._manage.dumps(_pair(reference)))

    def managed(self, token: str) -> Reference:
        """Raises BadLink."""
        try:
            return _reference(self._manage.loads(token))
        except BadData as error:
            raise BadLink("this link is not whole; copy all of it out of the mail") from error

    def webhook_secret(self, reference: Reference) -> str:
        """The key that what a webhook gets is signed with; its receiver is told it when it confirms."""
        words = f"yaodian webhook {_pair(reference)}".encode()
        return hmac.new(self._secret.encode(), words, hashlib.sha256).hexdigest()

    def _confirm(self, now: dt.datetime) -> URLSafeTimedSerializer:
        class At(TimestampSigner):
            def get_timestamp(self) -> int:
                return int(now.timestamp())

        return URLSafeTimedSerializer(self._secret, salt="yaodian confirm", signer=At)


def load_secret(data: Path) -> str:
    """The data directory's own secret, made when it is first asked for; readable by its owner alone.
    Raises OperatorError."""
    path = data / FILE
    try:
        if not path.exists():
            _make(path)
        secret = path.read_text(encoding="ascii").strip()
    except OSError as error:
        remedy = "make it readable" if path.exists() else "make room or make the folder writable"
        raise OperatorError(f"{path}: {error.strerror}; {remedy}, or set YAODIAN_SECRET") from error
    except UnicodeDecodeError as error:
        raise OperatorError(f"{path}: holds no secret; remove it, and a new one is made") from error
    if len(secret) < SHORTEST:
        raise OperatorError(f"{path}: holds no secret; remove it, and a new one is made")
    return secret


def _make(path: Path) -> None:
    """Whole or not at all, and the same for all who do it at the same moment."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            return
    finally:
        part.unlink(missing_ok=True)


def _pair(reference: Reference) -> list[int]:
    return [reference.id, (reference.started - _EPOCH) // _MICROSECOND]


def _reference(pair: list[int]) -> Reference:
    return Reference(pair[0], _EPOCH + pair[1] * _MICROSECOND)


def _text(token: str | bytes) -> str:
    return token if isinstance(token, str) else token.decode("ascii")
