"""Every setting of the web half, read from the environment in this one place."""

import ipaddress
import re
import secrets
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from backend import secret_files
from backend.private import create_secret
from training.errors import UserError

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}

ROOT_PATH = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+")
OWN_PATHS = ("admin", "r", "join", "static", "healthz", "readyz", "metrics")


class Settings(BaseSettings):
    """What a deployment may set. Each field's description is what ``dermvtt --help`` prints."""

    model_config = SettingsConfigDict(env_prefix="DERMVTT_", frozen=True, populate_by_name=True)

    database_url: str = Field(
        default="",
        validation_alias="DATABASE_URL",
        description="sqlite:///file or postgresql://user:password@host/name; "
        "empty: the file dermvtt.sqlite in the data folder",
    )
    data_dir: Path = Field(default=Path("var"), description="folder of images, the SQLite file and secrets")
    images_url: str = Field(
        default="",
        description="s3://bucket/prefix for images in S3-compatible storage; empty: data folder",
    )
    s3_endpoint: str = Field(default="", description="address of that storage; empty: Amazon's")
    s3_region: str = Field(default="us-east-1", description="region of that storage")
    s3_key: SecretStr = Field(default=SecretStr(""), description="access key of that storage")
    s3_secret: SecretStr = Field(default=SecretStr(""), description="its secret")
    max_upload_mb: int = Field(
        default=512, ge=1, le=16_384, description="the most megabytes that an admin may upload at once"
    )
    host: str = Field(default="127.0.0.1", description="address that the server listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port that the server listens on")
    public_url: str = Field(
        default="", description="address that raters reach, for links; empty: http://HOST:PORT"
    )
    root_path: str = Field(
        default="",
        description="path below which a proxy serves it, such as /dermvtt, stripped by the proxy or not",
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="signs forms; empty: made once and kept in the data folder's secret.key, mode 600",
    )
    session_hours: float = Field(default=12, gt=0, description="hours until an admin must log in again")
    session_idle_minutes: float = Field(
        default=120, gt=0, description="minutes without a page until an admin must log in again"
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="processes that serve together; more than one is for PostgreSQL"
    )
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="mail server: smtp://user:password@host:587 (STARTTLS), smtps://host:465 (TLS), "
        "smtp://host:25?tls=none; empty: no mail",
    )
    mail_from: str = Field(
        default="", description="sender of mail to raters, such as Study team <study@example.org>"
    )
    mail_interval_days: float = Field(
        default=3, ge=0, description="days at least between two mails to the same rater"
    )
    controller_name: str = Field(
        default="", description="who is responsible for raters' data, for the data-protection page"
    )
    controller_contact: str = Field(default="", description="how to reach them: an address, a telephone")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: Literal["auto", "json", "text"] = Field(
        default="auto", description="json, text, or auto: text at a terminal, JSON elsewhere"
    )
    trusted_proxies: str = Field(
        default="",
        description="addresses and networks, by commas, whose X-Forwarded-For and -Proto are believed; "
        "empty: nobody's",
    )
    metrics_token: SecretStr = Field(
        default=SecretStr(""), description="who sends it as a bearer token may read /metrics; empty: nobody"
    )
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="port of its own for metrics, without a token, for all workers together; 0: none",
    )
    metrics_host: str = Field(default="127.0.0.1", description="address that the metrics' own port is on")
    shutdown_delay: float = Field(
        default=0,
        ge=0,
        description="seconds from saying not ready to taking no more requests, at SIGTERM",
    )
    keep_alive: int = Field(
        default=75, ge=1, description="seconds that an idle connection is kept; longer than a proxy keeps it"
    )
    request_seconds: float = Field(
        default=60, gt=0, description="seconds in which an answer must begin; else 503"
    )
    most_requests: int = Field(default=4096, ge=1, description="requests at once in a process; more: 503")
    most_exports: int = Field(
        default=4, ge=1, description="exports and analyses at once in a process; more: 503"
    )

    @field_validator("database_url")
    @classmethod
    def _known_driver(cls, url: str) -> str:
        if not url:
            return url
        # Imported here: `dermvtt --help` describes the settings, and needs no database.
        from sqlalchemy import make_url  # noqa: PLC0415
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in DRIVERS:
            raise ValueError(f"must start with sqlite:// or postgresql://, not {scheme!r}")
        address = f"{DRIVERS[scheme]}://{rest}"
        try:
            make_url(address)
        except (ArgumentError, ValueError) as error:
            raise ValueError(
                "is no usable address; it looks like postgresql://user:password@host/name"
            ) from error
        return address

    @field_validator("images_url")
    @classmethod
    def _bucket(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme != "s3" or not parts.netloc or parts.query or "@" in parts.netloc):
            raise ValueError("must look like s3://bucket/prefix; key and secret have settings of their own")
        return url.rstrip("/")

    @field_validator("s3_endpoint")
    @classmethod
    def _storage_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc):
            raise ValueError(
                "must be an address such as https://storage.example.org; "
                "key and secret have settings of their own"
            )
        return url.rstrip("/")

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url.rstrip("/"))
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query):
            raise ValueError(
                "must be an address without a path, such as https://study.example.org; "
                "a path goes into DERMVTT_ROOT_PATH"
            )
        return url.rstrip("/")

    @field_validator("root_path")
    @classmethod
    def _path(cls, path: str) -> str:
        path = path.strip("/") and f"/{path.strip('/')}"
        if path and (not ROOT_PATH.fullmatch(path) or path.split("/")[1] in OWN_PATHS):
            raise ValueError(
                "must be a path of letters, digits, '-', '_' and '.', such as /dermvtt, that does not begin "
                f"as one of the server's own: {', '.join(OWN_PATHS)}"
            )
        return path

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, url: SecretStr) -> SecretStr:
        if url.get_secret_value():
            mail_server(url.get_secret_value())
        return url

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, sender: str) -> str:
        if sender and ("@" not in parseaddr(sender)[1] or not sender.isprintable()):
            raise ValueError("must be an address such as Study team <study@example.org>")
        return sender

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, level: str) -> str:
        if level.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return level.upper()

    @field_validator("trusted_proxies")
    @classmethod
    def _addresses(cls, given: str) -> str:
        parts = [part.strip() for part in given.split(",") if part.strip()]
        for part in parts:
            try:
                ipaddress.ip_network(part)
            except ValueError as error:
                raise ValueError(
                    f"must be addresses or networks such as 10.0.0.0/8, by commas, not {part!r}"
                ) from error
        return ",".join(parts)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where values come from, the first to have one wins: code, environment, files of secrets."""
        return init_settings, env_settings, secret_files.SecretFiles(settings_cls)

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'dermvtt.sqlite'}"

    @property
    def images_dir(self) -> Path:
        """Where the images of imported mixes are kept."""
        return self.data_dir / "images"

    @property
    def base_url(self) -> str:
        """The address in front of every link that is given out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}") + self.root_path

    @property
    def mail_is_set(self) -> bool:
        """Whether mail can be sent."""
        return bool(self.smtp_url.get_secret_value() and self.mail_from)

    @property
    def behind_tls(self) -> bool:
        """Whether browsers reach the server by HTTPS, so that cookies can be confined to it."""
        return self.public_url.startswith("https://")

    @cached_property
    def secret(self) -> bytes:
        """The key that signs forms, from the environment or from the data folder."""
        given = self.secret_key.get_secret_value()
        if given:
            return given.encode()
        return create_secret(self.data_dir / "secret.key", lambda: secrets.token_hex(32)).encode()


def mail_server(url: str) -> SplitResult:
    """The parts of a mail server's address; raises ``ValueError`` without showing its password."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError:
        port = 0
    known = set(query) <= {"tls"} and query.get("tls", "starttls") in {"starttls", "none"}
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == 0 or not known:
        raise ValueError("must look like smtp://user:password@host:587, smtps://host or smtp://host?tls=none")
    return parts


def load_settings(**given: object) -> Settings:
    """Read the environment, but for what is given; raise ``UserError`` naming the variable that cannot be
    used and why.
    """
    try:
        return Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = _variable(str(first["loc"][0]))
        raise UserError(
            f"the environment variable {name} {first['msg'].removeprefix('Value error, ')}"
        ) from None


def environment_name(field: str) -> str:
    """The environment variable that sets a field of ``Settings``."""
    info, prefix = Settings.model_fields[field], Settings.model_config["env_prefix"]
    return secret_files.environment_name(field, info, prefix)


def _variable(where: str) -> str:
    """Where a value that cannot be used came from: a field's name, or the alias by which it is read."""
    return environment_name(where) if where in Settings.model_fields else where


def describe_settings() -> str:
    """One line for each environment variable: its name, what it does, its default."""
    lines = []
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = f" [default: {default}]" if str(default or "") else ""
        if secret_files.may_be_a_file(name, field):
            shown += f" [or {environment_name(name)}_FILE: a file that holds it]"
        lines.append(f"  {environment_name(name)}  {field.description}{shown}")
    return "\n".join(lines)
