"""Settings: YAODIAN_* environment variables, then yaodian.toml in the data directory, then the defaults here."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from store.database import Database
from store.errors import OperatorError

TOML = "yaodian.toml"


def _timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"{name!r} is unknown; write such as Asia/Shanghai")
    return name


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="YAODIAN_", extra="forbid", frozen=True)

    data: Path = Path("data")
    database_url: str = ""
    timezone: Annotated[str, AfterValidator(_timezone)] = "Asia/Shanghai"
    contact: str = Field(
        default="", description="how a site's administrator reaches you; sent with each request"
    )
    mail_from: str = "要点 Yaodian <yaodian@localhost.localdomain>"
    allow_private_addresses: bool = False

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
    def outbox(self) -> Path:
        return self.data / "outbox"

    def database(self) -> Database:
        """The data directory's database, or that of YAODIAN_DATABASE_URL; not yet checked."""
        return Database(self.database_url or f"sqlite:///{self.data / 'yaodian.db'}")

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
            raise OperatorError(
                f"{name}: this version knows no such setting; known are {', '.join(sorted(known))}"
            )
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise OperatorError(f"setting {name} (YAODIAN_{name.upper()}, or in {TOML}): {message}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OperatorError(f"{TOML}: {error}; mend it there") from error
