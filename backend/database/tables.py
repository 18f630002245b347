"""The tables. ``migrations/`` makes and upgrades them; a test holds the two against each other."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time to the microsecond, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: a time without a zone is not a point in time."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a stored time needs a time zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back what SQLite stores without its zone as the UTC time it is."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


LARGEST_ID = 2**31 - 1
"""The largest number that an integer column holds on both databases."""

# SQLite gives automatic ids to INTEGER keys only.
BigKey = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Constraint names are fixed, so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Admin(Base):
    """Someone who sets up and watches studies. A one-time password must be changed at the first log-in."""

    __tablename__ = "admins"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    password_is_one_time: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class AdminSession(Base):
    """A log-in. The browser holds the token; only its SHA-256 is stored."""

    __tablename__ = "admin_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)

    admin: Mapped[Admin] = relationship()


class Mix(Base):
    """An imported mix folder."""

    __tablename__ = "mixes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    manifest_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    resolution: Mapped[int]
    drawn: Mapped[bool]
    reals: Mapped[int]
    fakes: Mapped[int]
    imported_at: Mapped[datetime] = mapped_column(UtcTime)


class Image(Base):
    """One image of a mix; its bytes lie in the image store under their SHA-256."""

    __tablename__ = "images"
    __table_args__ = (
        UniqueConstraint("mix_id", "public_id"),
        CheckConstraint("truth IN ('real', 'fake')", name="truth"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mix_id: Mapped[int] = mapped_column(ForeignKey("mixes.id", ondelete="RESTRICT"))
    public_id: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64))
    truth: Mapped[str] = mapped_column(String(4))
    source: Mapped[str] = mapped_column(String(32))
    provenance: Mapped[dict[str, Any]] = mapped_column(JSON)


class Study(Base):
    """A visual Turing test of one mix. The seed and a rater's number give her presentation order."""

    __tablename__ = "studies"
    __table_args__ = (CheckConstraint("state IN ('open', 'closed')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    introduction: Mapped[str] = mapped_column(Text)
    groups: Mapped[list[str]] = mapped_column(JSON)
    seed: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    mix_id: Mapped[int] = mapped_column(ForeignKey("mixes.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)

    mix: Mapped[Mix] = relationship()


class Rater(Base):
    """Someone who rates; ``number`` counts the raters of a study and never changes."""

    __tablename__ = "raters"
    __table_args__ = (UniqueConstraint("study_id", "number"), UniqueConstraint("study_id", "name"))

    id: Mapped[int] = mapped_column(primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="RESTRICT"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(64))
    group: Mapped[str] = mapped_column("group_name", String(32))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    consented_at: Mapped[datetime | None] = mapped_column(UtcTime)
    consent_version: Mapped[str | None] = mapped_column(String(64))
    submitted_at: Mapped[datetime | None] = mapped_column(UtcTime)

    study: Mapped[Study] = relationship()


class Invitation(Base):
    """A link to rate. The rater holds the token; only its SHA-256 is stored."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)

    rater: Mapped[Rater] = relationship()


class Presentation(Base):
    """An image at a position (1 first) of a rater's order, under a random key that only she sees."""

    __tablename__ = "presentations"
    __table_args__ = (
        UniqueConstraint("rater_id", "position"),
        UniqueConstraint("rater_id", "image_id"),
        UniqueConstraint("rater_id", "key"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id", ondelete="RESTRICT"))
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="RESTRICT"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(32))

    image: Mapped[Image] = relationship()


class Rating(Base):
    """An answer given at a time: append-only. A rater's current answer is her last rating.

    ``submission`` is an id made once in the browser, so that an answer that is sent twice is stored once.
    ``response_ms`` is counted from the sight of the image, by the clock that ``response_clock`` names.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("presentation_id", "submission"),
        CheckConstraint("answer IN ('real', 'fake')", name="answer"),
        CheckConstraint("response_clock IN ('browser', 'server')", name="response_clock"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    presentation_id: Mapped[int] = mapped_column(ForeignKey("presentations.id", ondelete="RESTRICT"))
    answer: Mapped[str] = mapped_column(String(4))
    submission: Mapped[str] = mapped_column(String(36))
    response_ms: Mapped[float | None]
    response_clock: Mapped[str | None] = mapped_column(String(8))
    answered_at: Mapped[datetime] = mapped_column(UtcTime)

    presentation: Mapped[Presentation] = relationship()
