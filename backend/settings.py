"""Every setting of the web half, read from the environment in this one place."""

import secrets
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from backend.private import create_secret
from training.errors import UserError

DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite",
}


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
    host: str = Field(default="127.0.0.1", description="address that the server listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port that the server listens on")
    public_url: str = Field(
        default="", description="address that raters reach, for links; empty: http://HOST:PORT"
    )
    secret_key: SecretStr = Field(
        default=SecretStr(""),
        description="signs forms; empty: made once and kept in the data folder's secret.key, mode 600",
    )
    session_hours: float = Field(default=12, gt=0, description="hours until an admin must log in again")
    smtp_url: SecretStr = Field(
        default=SecretStr(""),
        description="mail server: smtp://user:password@host:587 (STARTTLS), smtps://host:465 (TLS), "
        "smtp://host:25?tls=none; empty: no mail",
    )
    smtp_password_file: str = Field(default="", description="file with the mail server's password")
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

    @field_validator("database_url")
    @classmethod
    def _known_driver(cls, url: str) -> str:
        if not url:
            return url
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

    @field_validator("public_url")
    @classmethod
    def _web_address(cls, url: str) -> str:
        parts = urlsplit(url.rstrip("/"))
        if url and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query):
            raise ValueError("must be an address without a path, such as https://study.example.org")
        return url.rstrip("/")

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
        return self.public_url or f"http://{host}:{self.port}"

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


def load_settings() -> Settings:
    """Read the environment; raise ``UserError`` naming the variable that cannot be used and why."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = environment_name(str(first["loc"][0]))
        raise UserError(
            f"the environment variable {name} {first['msg'].removeprefix('Value error, ')}"
        ) from None


def environment_name(field: str) -> str:
    """The environment variable that sets a field of ``Settings``."""
    name = field.upper()
    return name if name == "DATABASE_URL" else f"DERMVTT_{name.removeprefix('DERMVTT_')}"


def describe_settings() -> str:
    """One line for each environment variable: its name, what it does, its default."""
    lines = []
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        shown = f" [default: {default}]" if str(default) else ""
        lines.append(f"  {environment_name(name)}  {field.description}{shown}")
    return "\n".join(lines)
