"""Settings: YAODIAN_* environment variables, then yaodian.toml in the data directory, then the defaults here."""

from __future__ import annotations

import json
import os
import re
import socket
import tomllib
from difflib import get_close_matches
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from crawler.limits import Asker
from crawler.limits import Limits as FetchLimits
from notify import channels, language
from notify.addresses import checked_address, split_address
from notify.limits import Limits
from notify.post import Post
from notify.request_limits import RequestLimits
from notify.smtp import Relay
from notify.tokens import SHORTEST, Tokens, load_secret
from store.archive import Archive
from store.database import Database
from store.errors import OperatorError, WrongUse
from store.objects import Objects, is_local
from store.zones import timezones
from web.clients import parse_networks

TOML = "yaodian.toml"


def _timezone(name: str) -> str:
    if name not in timezones():
        raise ValueError(f"{name!r} is unknown; write such as Asia/Shanghai")
    return name


def _sender(text: str) -> str:
    address = parseaddr(text)[1]
    if "@" not in address or re.search(r"[\r\n]", text):
        raise ValueError("write a name and an address: 要点 Yaodian <yaodian@example.org>")
    if not address.isascii():
        raise ValueError(f"{address!r} can't be sent from everywhere; write its domain as DNS has it: xn--…")
    split_address(address)
    return text


def _address(text: str) -> str:
    try:
        return checked_address(text) if text else ""
    except WrongUse as error:
        raise ValueError(str(error)) from error


def _bounces(text: str) -> str:
    address = _address(text)
    if not address.isascii():
        raise ValueError(f"{text!r} can't be written to from everywhere; write a name of ASCII letters")
    return address


def _language(name: str) -> str:
    if name not in language.languages():
        raise ValueError(f"{name!r} is unknown; write one of {', '.join(language.languages())}")
    return name


def _channels(given: object) -> object:
    """Parse and check channel names; an environment variable separates them by commas or is JSON."""
    if isinstance(given, str):
        given = re.findall(r"[\w+-]+", given)
    known = channels.public_kinds()
    if not isinstance(given, list) or not all(name in known for name in given):
        raise ValueError(f"got {given!r}; expected some of {', '.join(known)}")
    return sorted(set(given))


def _relay(url: SecretStr) -> SecretStr:
    if url.get_secret_value():
        Relay.parse(url.get_secret_value())
    return url


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ValueError(f"{url!r} is no web address; write such as https://yaodian.example.org")
    if not re.fullmatch(r"[!-~]*", url):
        raise ValueError(
            "has characters that can't stand in a link; write the domain as DNS knows it (xn--…)"
        )
    return url.rstrip("/")


def _split_list(given: object) -> object:
    """Parse a list from an environment variable, separated by commas or written as JSON."""
    if not isinstance(given, str):
        return given
    if given.lstrip().startswith("["):
        try:
            return json.loads(given)
        except ValueError as error:
            raise ValueError(f'got {given!r}; expected a, b or ["a", "b"]') from error
    return [part.strip() for part in given.split(",") if part.strip()]


def _hosts(names: list[str]) -> list[str]:
    for name in names:
        if name != "*" and not re.fullmatch(r"(?:\*\.)?[a-z0-9_.-]{1,253}|[0-9a-f:.]{2,45}", name.lower()):
            raise ValueError(
                f"got {name!r}; expected names without scheme and port, such as yaodian.example.org, *.example.org "
                "or 192.168.1.5; write a Chinese domain as DNS knows it (xn--…)"
            )
    return [name.lower() for name in names]


def _proxies(texts: list[str]) -> list[str]:
    return [str(network) for network in parse_networks(texts)]


def _socket_address(text: str) -> str:
    """Check an address of the form HOST:PORT; an IPv6 host is in brackets."""
    if text:
        split_socket_address(text)
    return text


def split_socket_address(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9_.-]+)):([0-9]{1,5})", text)
    if found is None or not 0 <= int(found[3]) <= 65535:
        raise ValueError(f"got {text!r}; expected HOST:PORT, such as 127.0.0.1:9090 or [::1]:9090")
    return found[1] or found[2], int(found[3])


def _metrics_token(text: SecretStr) -> SecretStr:
    token = text.get_secret_value()
    if token and not re.fullmatch(r"[!-~]{16,200}", token):
        raise ValueError(
            "write 16 to 200 characters of ASCII without spaces, such as `openssl rand -hex 24` makes"
        )
    return text


def _secret(text: SecretStr) -> SecretStr:
    if 0 < len(text.get_secret_value()) < SHORTEST:
        raise ValueError(f"has fewer than {SHORTEST} characters; leave it out, and one is made")
    return text


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="YAODIAN_", extra="forbid", frozen=True)

    data: Path = Path("data")
    database_url: str = ""
    archive_url: str = Field(
        default="",
        description="where the WARC files are: s3://BUCKET/FOLDER; default warc/ of the data directory",
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = "Asia/Shanghai"
    contact: str = Field(
        default="", description="how a site's administrator reaches you; sent with each request"
    )
    mail_from: Annotated[str, AfterValidator(_sender)] = "要点 Yaodian <yaodian@localhost.localdomain>"
    mail_bounces: Annotated[str, AfterValidator(_bounces)] = Field(
        default="",
        description="where mail that can't be delivered comes back to; default the address of mail_from",
    )
    smtp_url: Annotated[SecretStr, AfterValidator(_relay)] = Field(
        default=SecretStr(""), description="the mail server; without it mail is written to outbox/"
    )
    smtp_connections: int = Field(default=4, ge=1, le=64, description="to the mail server at once")
    mail_rate: int = Field(default=0, ge=0, description="mails a minute to one provider; 0: no limit")
    mail_rates: dict[str, Annotated[int, Field(ge=0)]] = Field(
        default={}, description="the same for single providers: {'qq.com' = 30}"
    )
    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default="", description="public address of the web pages, for the links in mails"
    )
    allowed_hosts: Annotated[list[str], NoDecode, BeforeValidator(_split_list), AfterValidator(_hosts)] = (
        Field(
            default=[],
            description="names under which the web pages are reached, beside that of base_url and this machine's own",
        )
    )
    trusted_proxies: Annotated[
        list[str], NoDecode, BeforeValidator(_split_list), AfterValidator(_proxies)
    ] = Field(
        default=[],
        description="reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: addresses, networks",
    )
    max_connections: int = Field(
        default=1000,
        ge=16,
        le=50_000,
        description="to the web pages at a time; a quarter of it to one client",
    )
    metrics_address: Annotated[str, AfterValidator(_socket_address)] = Field(
        default="", description="HOST:PORT where /metrics is served instead of beside the web pages"
    )
    metrics_token: Annotated[SecretStr, AfterValidator(_metrics_token)] = Field(
        default=SecretStr(""), description="what /metrics asks for (Authorization: Bearer …); default nothing"
    )
    secret: Annotated[SecretStr, AfterValidator(_secret)] = Field(
        default=SecretStr(""),
        description="signs the links in mails; without it one is made in the data directory",
    )
    allow_private_addresses: bool = False
    public_channels: Annotated[list[str], NoDecode, BeforeValidator(_channels)] = Field(
        default=[],
        description="channels, beside mail, whose addresses anybody may subscribe on the web: webhook, wecombot …",
    )
    subscribe_per_client: int = Field(
        default=20,
        ge=0,
        description="requests an hour of one client on the web, failed ones too; 0: no limit",
    )
    subscribe_per_domain: int = Field(
        default=60,
        ge=0,
        description="letters an hour that they cause to one domain; large providers have no limit",
    )
    subscribe_per_host: int = Field(default=30, ge=0, description="the same to the host of a webhook")
    subscribe_overall: int = Field(default=600, ge=0, description="the same in all")
    operator: Annotated[str, AfterValidator(_address)] = Field(
        default="",
        description="who is told when a source breaks, is blocked or falls silent, and when it recovers",
    )
    operator_language: Annotated[str, AfterValidator(_language)] = Field(
        default=language.SOURCE, description="what the operator's letters are written in: zh or en"
    )
    fetch_timeout: float = Field(
        default=60, gt=0, le=600, description="seconds for one answer, to its last byte"
    )
    fetch_max_bytes: int = Field(
        default=16 << 20,
        ge=1024,
        le=1 << 30,
        description="of one answer, unpacked; what is larger is not fetched",
    )
    listing_max_pages: int = Field(
        default=2000, ge=1, le=100_000, description="of one listing that one `crawl --full` reads"
    )
    rechecks_per_host: int = Field(
        default=1000, ge=0, description="known documents that are looked at again, a host and day"
    )
    crawls_at_once: int = Field(
        default=2, ge=1, le=64, description="child processes of the service that crawl"
    )
    crawl_minutes: int = Field(
        default=60, ge=1, description="what a crawl of the service may take; then it goes on later"
    )
    crawl_memory_mb: int = Field(default=768, ge=128, description="resident memory of such a process")
    crawl_requests: int = Field(default=2000, ge=0, description="of one source; 0: no limit")
    keep_runs_days: int = Field(
        default=0, ge=0, description="how long the record of crawls is kept; 0: for ever"
    )
    keep_health_days: int = Field(default=0, ge=0, description="the same for health events")
    keep_log_days: int = Field(default=90, ge=0, description="the same for the files in logs/")
    log: Literal["auto", "json", "text"] = Field(
        default="auto", description="auto: text on a terminal, else json"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        data = init_settings().get("data") or env_settings().get("data") or cls.model_fields["data"].default
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, Path(data) / TOML)

    @property
    def sources(self) -> Path:
        return self.data / "sources"

    @property
    def asker(self) -> Asker:
        limits = FetchLimits(self.fetch_timeout, self.fetch_max_bytes, self.listing_max_pages)
        return Asker(self.contact, self.allow_private_addresses, limits)

    @property
    def request_limits(self) -> RequestLimits:
        return RequestLimits(
            self.subscribe_per_client,
            self.subscribe_per_domain,
            self.subscribe_per_host,
            self.subscribe_overall,
        )

    @property
    def outbox(self) -> Path:
        return self.data / "outbox"

    @property
    def archive_place(self) -> str:
        """Where the archive is, in words that mean the same on every machine."""
        return self.archive_url.rstrip("/") or f"{socket.gethostname()}:{(self.data / 'warc').resolve()}"

    def archive(self) -> Archive:
        """The data directory's, or that of YAODIAN_ARCHIVE_URL. Raises OperatorError when that can't be used."""
        if is_local(self.archive_url):
            return Archive(Path(urlsplit(self.archive_url).path or self.data / "warc"))
        return Objects(self.archive_url)

    def database(self) -> Database:
        """The data directory's database, or that of YAODIAN_DATABASE_URL; not yet checked."""
        return Database(self.database_url or f"sqlite:///{self.data / 'yaodian.db'}")

    def signing_secret(self) -> str:
        """Signs links and cookies; made in the data directory when there is none. Raises OperatorError."""
        return self.secret.get_secret_value() or load_secret(self.data)

    def post(self) -> Post:
        """How mail is sent. Makes the secret of the data directory when there is none. Raises OperatorError."""
        url = self.smtp_url.get_secret_value()
        return Post(
            sender=self.mail_from,
            tokens=Tokens(self.signing_secret()),
            outbox=self.outbox,
            base_url=self.base_url,
            bounces=self.mail_bounces,
            relay=Relay.parse(url) if url else None,
            connections=self.smtp_connections,
            limits=Limits(self.mail_rate, self.mail_rates),
            allow_private=self.allow_private_addresses,
        )

    def opened(self) -> Database:
        """The database, ready for work. Raises OperatorError when `init` has to come first."""
        if not self.database_url and not (self.data / "yaodian.db").exists():
            raise OperatorError(
                f"{self.data} is no Yaodian data directory; run: yaodian init --data {self.data}"
            )
        database = self.database()
        database.check()
        return database


def load(data: Path | None) -> Settings:
    """Raises OperatorError that names the setting and the remedy."""
    given: dict[str, Any] = {} if data is None else {"data": data}
    known = {f"YAODIAN_{name.upper()}" for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.startswith("YAODIAN_") and name not in known:
            raise OperatorError(f"{name}: {_unknown(name, known)}")
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            raise OperatorError(f"{TOML}: {name}: {_unknown(name, set(Settings.model_fields))}") from error
        raise OperatorError(f"setting {name} (YAODIAN_{name.upper()}, or in {TOML}): {message}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OperatorError(f"{TOML}: {error}; mend it there") from error


def _unknown(name: str, known: set[str]) -> str:
    near = get_close_matches(name, known, 1)
    which = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    return f"this version knows no such setting; {which}"
