"""Settings: every one comes from the environment (`STUDIUM_…`) or a `.env` file; `docs/settings.md` lists them."""

import os
import re
import secrets
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AnyHttpUrl, Field, SecretStr, TypeAdapter, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from studium.kit.failures import Failure

SECRET_MIN_LENGTH = 32
_PREFIX = "STUDIUM_"
_FOR_TESTS = "STUDIUM_TEST_"
_WELL_KNOWN = ("changeme", "change-me", "secret", "password", "studium", "example", "insecure")
_MIN_DISTINCT = 10
_HOST_NAME = re.compile(r"(\*\.)?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")


class SettingsError(Failure):
    """A wrong or missing setting; its text is one sentence that names the setting."""


class Mode(StrEnum):
    """How strict to be: development makes its own secret; production refuses weak ones."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class JobsMode(StrEnum):
    """Where jobs run: inside the server process, or in separate `studium worker` processes."""

    INLINE = "inline"
    EXTERNAL = "external"


class Settings(BaseSettings):
    """Everything an operator decides. Sizes are in MiB, times in seconds."""

    model_config = SettingsConfigDict(env_prefix=_PREFIX, env_file=".env", extra="ignore", frozen=True)

    mode: Mode = Mode.DEVELOPMENT
    data_dir: Path = Path("data")
    database_url: str = ""
    redis_url: str = ""
    storage_url: str = ""
    mail_url: str = ""
    mail_from: str = "Studium <no-reply@studium.localhost>"
    secret_key: SecretStr = SecretStr("")
    public_base_url: str = "http://127.0.0.1:8000"
    upload_max_mib: int = Field(default=25, ge=1, le=10_240)
    upload_video_max_mib: int = Field(default=250, ge=1, le=10_240)
    import_max_mib: int = Field(default=200, ge=1, le=10_240)
    quota_mib: int = Field(default=1024, ge=1, le=1_048_576)
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    requests_in_flight: int = Field(default=100, ge=1, le=10_000)
    drain_seconds: float | None = Field(default=None, ge=0, le=15)
    sweep_seconds: float = Field(default=60, ge=0.1, le=3600)
    jobs: JobsMode | None = None
    require_verified_email: bool = False
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    database_pool: int = Field(default=10, ge=1, le=200)

    @field_validator("trusted_proxies", "trusted_hosts", "cors_origins", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("trusted_hosts")
    @classmethod
    def _names_of_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_HOST_NAME.fullmatch(name) for name in value):
            message = "must be names of hosts without ports, separated by commas; *.example.org stands for many"
            raise ValueError(message)
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ORIGIN.fullmatch(origin) for origin in value):
            message = "must be origins such as https://app.example.org, separated by commas"
            raise ValueError(message)
        return value

    @field_validator("jobs", mode="before")
    @classmethod
    def _empty_is_default(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("public_base_url")
    @classmethod
    def _plain_address(cls, value: str) -> str:
        TypeAdapter(AnyHttpUrl).validate_python(value)
        parts = urlsplit(value)
        if parts.query or parts.fragment or parts.username:
            message = "must be a plain http(s) address"
            raise ValueError(message)
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql://")):
            message = "must begin with sqlite:/// or postgresql://"
            raise ValueError(message)
        return value

    @field_validator("redis_url")
    @classmethod
    def _known_cache(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://")):
            message = "must begin with redis:// or rediss://"
            raise ValueError(message)
        return value

    @field_validator("storage_url")
    @classmethod
    def _known_storage(cls, value: str) -> str:
        if value and not value.startswith(("file:///", "s3://")):
            message = "must begin with file:/// or s3://"
            raise ValueError(message)
        return value

    @field_validator("mail_url")
    @classmethod
    def _known_mail(cls, value: str) -> str:
        if value and not value.startswith(("file:///", "smtp://", "smtps://")):
            message = "must begin with file:///, smtp:// or smtps://"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _embedded_defaults(self) -> Self:
        """Fill what depends on the data folder; settings are frozen, so the dictionary is written to directly."""
        data = self.data_dir.expanduser().resolve()
        fill = self.__dict__
        fill["data_dir"] = data
        fill["database_url"] = self.database_url or f"sqlite:///{data}/studium.db"
        fill["storage_url"] = self.storage_url or f"file://{data}/files"
        fill["mail_url"] = self.mail_url or f"file://{data}/mail"
        embedded = self.database_url.startswith("sqlite")
        if self.drain_seconds is None:
            fill["drain_seconds"] = 1.0 if self.is_production else 0.0
        fill["jobs"] = self.jobs or (JobsMode.INLINE if embedded else JobsMode.EXTERNAL)
        return self

    @property
    def is_production(self) -> bool:
        """Whether the strict mode is on."""
        return self.mode is Mode.PRODUCTION

    @property
    def is_sqlite(self) -> bool:
        """Whether the embedded database is in use."""
        return self.database_url.startswith("sqlite")


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raise SettingsError with one sentence naming the first that is wrong or does not exist."""
    _refuse_unknown(overrides.get("_env_file", ".env"))
    try:
        settings = Settings(**overrides)  # type: ignore[arg-type]  # pydantic checks the values itself.
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = "_".join(str(part) for part in first["loc"][:1]).upper()
        name = name if name.startswith("STUDIUM_") else f"STUDIUM_{name}"
        message = f"The setting {name} is wrong: {first['msg'].removeprefix('Value error, ')}."
        raise SettingsError(message) from None
    return _with_secret(settings)


def _refuse_unknown(env_file: object) -> None:
    """A misspelt setting would leave its default in force without a word."""
    known = {f"{_PREFIX}{name}".upper() for name in Settings.model_fields}
    written = dotenv_values(env_file) if isinstance(env_file, str) else {}
    for name in (*os.environ, *written):
        if name.upper().startswith(_PREFIX) and name.upper() not in known and not name.startswith(_FOR_TESTS):
            alike = get_close_matches(name.upper(), known, n=1)
            hint = f": did you mean {alike[0]}?" if alike else "; docs/settings.md lists them all."
            message = f"There is no setting {name}{hint}"
            raise SettingsError(message)


def weakness_of(secret: str) -> str | None:
    """Say why a master secret is no good (missing, short, well known), or None."""
    if not secret:
        return "is missing"
    if len(secret) < SECRET_MIN_LENGTH:
        return f"is shorter than {SECRET_MIN_LENGTH} characters"
    if len(set(secret)) < _MIN_DISTINCT or any(word in secret.lower() for word in _WELL_KNOWN):
        return "is easy to guess"
    return None


def _with_secret(settings: Settings) -> Settings:
    """Check the master secret; in development make one when none is set and keep it in the data folder."""
    secret = settings.secret_key.get_secret_value()
    if not secret and not settings.is_production:
        secret = _kept_secret(settings.data_dir)
        settings = settings.model_copy(update={"secret_key": SecretStr(secret)})
    weakness = weakness_of(secret)
    if weakness and (settings.is_production or len(secret) < SECRET_MIN_LENGTH):
        message = f"The setting STUDIUM_SECRET_KEY {weakness}: set it to at least 32 random characters."
        raise SettingsError(message)
    return settings


def _kept_secret(data_dir: Path) -> str:
    path = data_dir / "secret_key"
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_once(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        message = f"The folder of STUDIUM_DATA_DIR cannot be used: {error.strerror} ({data_dir})."
        raise SettingsError(message) from None


def _write_once(path: Path, text: str) -> None:
    """Create `path` whole or not at all; when two processes race, the first one's text stays."""
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600)
    draft.write_text(text + "\n", encoding="utf-8")
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
