"""Settings: every one comes from the environment (`STUDIUM_…`) or a `.env` file; `docs/settings.md` lists them."""

import os
import re
import secrets
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import parse_qs, urlsplit

from dotenv import dotenv_values
from pydantic import (
    AnyHttpUrl,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from studium.kit.base.failures import CommandError
from studium.kit.base.postgres_address import postgres_address
from studium.kit.base.secret_strength import SHORTEST, weakness_of
from studium.kit.base.smtp_address import smtp_address

_FRESH_BYTES = 32
_PREFIX = "STUDIUM_"
_FOR_TESTS = "STUDIUM_TEST_"
_HOST_NAME = re.compile(r"(\*\.)?[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]")
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?")

_STORAGE_OPTIONS = {"endpoint", "public_endpoint", "region", "access_key_id", "secret_access_key"}


class SettingsError(CommandError):
    """A wrong or missing setting; its text is one sentence that names the setting."""


class Mode(StrEnum):
    """How strict to be: development makes its own secret; production refuses weak ones."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


class JobsMode(StrEnum):
    """Where jobs run: inside the server process, or in separate `studium worker` processes."""

    INLINE = "inline"
    EXTERNAL = "external"


class Web(StrEnum):
    """Whether pages for people are served beside the API."""

    ON = "on"
    OFF = "off"


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
    secret_key_previous: SecretStr = SecretStr("")
    public_base_url: str = "http://127.0.0.1:8000"
    upload_max_mib: int = Field(default=25, ge=1, le=10_240)
    upload_video_max_mib: int = Field(default=250, ge=1, le=10_240)
    import_max_mib: int = Field(default=200, ge=1, le=10_240)
    imports_at_once: int = Field(default=2, ge=1, le=32)
    import_memory_mib: int = Field(default=512, ge=128, le=65_536)
    import_cpu_seconds: int = Field(default=120, ge=1, le=3600)
    import_seconds: int = Field(default=900, ge=5, le=7200)
    quota_mib: int = Field(default=1024, ge=1, le=1_048_576)
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...] | None, NoDecode] = None
    trusted_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    picture_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    require_mfa: Annotated[tuple[Literal["admin", "instructor", "student"], ...], NoDecode] = ()
    unconfirmed_days: int = Field(default=30, ge=0, le=3650)
    erasure_certificates: Literal["keep", "withhold_name"] = "withhold_name"
    retention_sessions_days: int = Field(default=90, ge=1, le=3650)
    retention_addresses_days: int = Field(default=180, ge=0, le=36_500)
    retention_deactivated_days: int = Field(default=0, ge=0, le=36_500)
    retention_files_days: int = Field(default=0, ge=0, le=36_500)
    registrations_per_hour: int = Field(default=3000, ge=1, le=1_000_000)
    requests_in_flight: int = Field(default=100, ge=1, le=10_000)
    metrics_port: int = Field(default=0, ge=0, le=65_535)
    drain_seconds: float | None = Field(default=None, ge=0, le=15)
    sweep_seconds: float = Field(default=60, ge=0.1, le=3600)
    jobs: JobsMode | None = None
    require_verified_email: bool = False
    web: Web = Web.ON
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    database_pool: int = Field(default=10, ge=1, le=200)
    database_prepared: Literal["auto", "off"] = "auto"
    database_direct_url: str = ""
    database_read_url: str = ""

    @field_validator("trusted_hosts", "cors_origins", "picture_hosts", "require_mfa", mode="before")
    @classmethod
    def _split_list(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split_networks(cls, value: object) -> object:
        """None is what nobody has decided; `none` is a decision."""
        if isinstance(value, str):
            return [] if value.strip().lower() == "none" else cls._split_list(value) or None
        return value

    @field_validator("trusted_hosts", "picture_hosts")
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
        return postgres_address(value) if value.startswith("postgresql") else value

    @field_validator("database_direct_url")
    @classmethod
    def _known_direct(cls, value: str) -> str:
        if value and not value.startswith("postgresql://"):
            message = "must begin with postgresql://"
            raise ValueError(message)
        return postgres_address(value)

    @field_validator("database_read_url")
    @classmethod
    def _known_replica(cls, value: str, info: ValidationInfo) -> str:
        if value and not value.startswith("postgresql://"):
            message = "must begin with postgresql://"
            raise ValueError(message)
        parts = urlsplit(value)
        if "," in parts.netloc.rpartition("@")[2] or "," in "".join(parse_qs(parts.query).get("host", ())):
            message = "must name one server"
            raise ValueError(message)
        if value and not str(info.data.get("database_url")).startswith("postgresql://"):
            message = "needs PostgreSQL in STUDIUM_DATABASE_URL"
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
        if value.startswith("s3://") and not set(parse_qs(urlsplit(value).query)) <= _STORAGE_OPTIONS:
            message = f"takes no other options than {', '.join(sorted(_STORAGE_OPTIONS))}"
            raise ValueError(message)
        return value

    @field_validator("mail_url")
    @classmethod
    def _known_mail(cls, value: str) -> str:
        if value and not value.startswith(("file:///", "smtp://", "smtps://")):
            message = "must begin with file:///, smtp:// or smtps://"
            raise ValueError(message)
        if value.startswith("smtp"):
            smtp_address(value)
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
    def session_url(self) -> str:
        """The database past any pooler: for what needs a session of its own, as migrations, LISTEN and locks do."""
        return self.database_url if self.is_sqlite else self.database_direct_url or self.database_url

    def directly(self) -> "Settings":
        """These settings for a process that goes past any pooler with all it does, as workers and commands do."""
        return self.model_copy(update={"database_url": self.session_url})

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


def _with_secret(settings: Settings) -> Settings:
    """Check the master secret; in development make one when none is set and keep it in the data folder."""
    secret = settings.secret_key.get_secret_value()
    if not secret and not settings.is_production:
        secret = _kept_secret(settings.data_dir)
        settings = settings.model_copy(update={"secret_key": SecretStr(secret)})
    weakness = weakness_of(secret)
    if weakness and (settings.is_production or len(secret) < SHORTEST):
        fresh = secrets.token_urlsafe(_FRESH_BYTES)
        message = (
            f"The setting STUDIUM_SECRET_KEY {weakness}: set it to {SHORTEST} random characters or more, say {fresh}"
        )
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
