"""The tables. ``migrations/`` makes and upgrades them; a test holds the two against each other."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    String,
    Text,
    UniqueConstraint,
    exists,
    false,
    func,
    select,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from backend.database.columns import Base, BigKey, UtcTime


class Admin(Base):
    """Someone who sets up and watches studies. A one-time password must be changed at the first log-in.

    Since ``deactivated_at`` she cannot log in, until an owner lets her again.
    ``totp_secret`` is encrypted; it counts from ``totp_since`` on, and ``totp_step`` is the time step of the
    last code that was taken.
    """

    __tablename__ = "admins"
    __table_args__ = (CheckConstraint("role IN ('owner', 'editor', 'reader')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    password_is_one_time: Mapped[bool]
    role: Mapped[str] = mapped_column(String(8), server_default="reader")
    totp_secret: Mapped[str | None] = mapped_column(Text)
    totp_since: Mapped[datetime | None] = mapped_column(UtcTime)
    totp_step: Mapped[int | None] = mapped_column(BigInteger)
    deactivated_at: Mapped[datetime | None] = mapped_column(UtcTime)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class AdminSession(Base):
    """A log-in. The browser holds the token; only its SHA-256 is stored.

    While it ``awaits_code``, the password was right and the second factor is still asked for.
    """

    __tablename__ = "admin_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcTime, server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(UtcTime, server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(UtcTime)
    agent: Mapped[str] = mapped_column(String(80), server_default="")
    awaits_code: Mapped[bool] = mapped_column(server_default=false())

    admin: Mapped[Admin] = relationship()


class RecoveryCode(Base):
    """A code that once stands for the second factor; only its SHA-256 is stored, and gone when it is used."""

    __tablename__ = "recovery_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id", ondelete="CASCADE"), index=True)


class FirstLink(Base):
    """A link by which the first owner makes her account: one for each server that was started without any."""

    __tablename__ = "first_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcTime)


class LoginFailures(Base):
    """Failed log-ins in a row, by the SHA-256 of an address, of a client or of a browser that is known."""

    __tablename__ = "login_failures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcTime)


class Mix(Base):
    """An imported mix folder: ``configuration`` says how it was drawn, ``audit`` what its audit found."""

    __tablename__ = "mixes"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    manifest_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    resolution: Mapped[int]
    drawn: Mapped[bool]
    reals: Mapped[int]
    fakes: Mapped[int]
    configuration: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    audit: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
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


class StudyMix(Base):
    """A mix whose images a study shows; by its ``position``, 1 first, mixes are listed."""

    __tablename__ = "study_mixes"
    __table_args__ = (UniqueConstraint("study_id", "position"),)

    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    mix_id: Mapped[int] = mapped_column(
        ForeignKey("mixes.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    position: Mapped[int]


class Study(Base):
    """A visual Turing test of mixes. The seed and a rater's number give her presentation order.

    ``texts`` holds what raters read, by language (a ``StudyTexts`` each); ``language`` is the one that all
    others fall back to. ``options`` is a ``StudyOptions``. The practice mix, if there is one, is shown first
    and never rated. ``version`` counts the changes of its settings.
    """

    __tablename__ = "studies"
    __table_args__ = (CheckConstraint("state IN ('draft', 'open', 'closed', 'archived')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8), server_default="en")
    texts: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    options: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    groups: Mapped[list[str]] = mapped_column(JSON)
    seed: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(8))
    practice_mix_id: Mapped[int | None] = mapped_column(ForeignKey("mixes.id"))
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    version: Mapped[int] = mapped_column(server_default="1")

    mixes: Mapped[list[Mix]] = relationship(
        secondary="study_mixes", order_by=StudyMix.position, viewonly=True
    )
    # What every page of a rater says: read along with the study, in the same statement.
    drawn: Mapped[bool] = column_property(
        exists().where(StudyMix.study_id == id, StudyMix.mix_id == Mix.id, Mix.drawn)
    )
    resolution: Mapped[int] = column_property(
        select(func.max(Mix.resolution))
        .where(StudyMix.study_id == id, StudyMix.mix_id == Mix.id)
        .scalar_subquery()
    )


class ConsentText(Base):
    """A text that raters agreed to, kept for good under its SHA-256."""

    __tablename__ = "consent_texts"

    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    language: Mapped[str] = mapped_column(String(8))
    text: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcTime)


class Rater(Base):
    """Someone who rates; ``number`` counts the raters of a study and never changes.

    ``group`` is empty until she has begun where the study asks for it. ``first_choice`` is the answer whose
    button stands first on her pages; ``form`` holds what she answered to the study's questions. ``enrolled``:
    she came by the study's link. ``order_row`` is her row of the design where orders are balanced. Who she is
    lies apart, as a ``Person``.
    """

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
    first_choice: Mapped[str] = mapped_column(String(4), server_default="real")
    form: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    enrolled: Mapped[bool] = mapped_column(server_default=false())
    order_row: Mapped[int | None]

    study: Mapped[Study] = relationship()


class Person(Base):
    """Who a rater is, apart from what she answered: never part of an export of ratings."""

    __tablename__ = "people"
    __table_args__ = (UniqueConstraint("study_id", "external_id"),)

    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id", ondelete="CASCADE"), primary_key=True)
    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="RESTRICT"))
    real_name: Mapped[str] = mapped_column(String(200), server_default="")
    email: Mapped[str] = mapped_column(String(254), server_default="")
    external_id: Mapped[str | None] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(8), server_default="")
    opted_out_at: Mapped[datetime | None] = mapped_column(UtcTime)


class Message(Base):
    """A mail to a rater that is to be sent, or was. Its text is made when it is sent, with a link of its own.

    ``tried_at`` of a message in the state ``sending`` says since when: a sender that died lets it lie.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("kind IN ('invitation', 'reminder')", name="kind"),
        CheckConstraint("state IN ('queued', 'sending', 'sent', 'failed')", name="state"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(8), index=True)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(UtcTime)
    tried_at: Mapped[datetime | None] = mapped_column(UtcTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcTime)

    rater: Mapped[Rater] = relationship()


class Enrolment(Base):
    """A study's link by which visitors become raters, at most ``cap`` of them; ``enrolled`` counts them.

    The ``parameter`` of its address brings what a panel calls the visitor; ``completion_code`` and
    ``return_url`` are what she takes back.
    """

    __tablename__ = "enrolments"

    study_id: Mapped[int] = mapped_column(ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    is_open: Mapped[bool]
    cap: Mapped[int]
    enrolled: Mapped[int] = mapped_column(server_default="0")
    group: Mapped[str] = mapped_column("group_name", String(32), server_default="")
    parameter: Mapped[str] = mapped_column(String(32), server_default="")
    completion_code: Mapped[str] = mapped_column(String(64), server_default="")
    return_url: Mapped[str] = mapped_column(String(500), server_default="")
    created_at: Mapped[datetime] = mapped_column(UtcTime)

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
    """An image at a position (1 first) of a rater's order, under a random key that only she sees.

    ``showing`` is 1, or 2 where the image comes again, for the rater's agreement with herself.
    """

    __tablename__ = "presentations"
    __table_args__ = (
        UniqueConstraint("rater_id", "position"),
        UniqueConstraint("rater_id", "image_id", "showing"),
        UniqueConstraint("rater_id", "key"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    rater_id: Mapped[int] = mapped_column(ForeignKey("raters.id", ondelete="RESTRICT"))
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="RESTRICT"))
    position: Mapped[int]
    showing: Mapped[int] = mapped_column(server_default="1")
    key: Mapped[str] = mapped_column(String(32))

    image: Mapped[Image] = relationship()


class Rating(Base):
    """An answer given at a time: append-only. A rater's current answer is the one she gave last.

    Without an answer the rating withdraws the one before. ``submission`` is an id made once in the browser,
    so that an answer that is sent twice is stored once. ``response_ms`` is counted from the sight of the
    image to the answer, by the clock that ``response_clock`` names; for ``hidden_ms`` of it the page was not
    in sight.
    ``answered_at`` is when she gave the answer, ``received_at`` when it reached the server: later, where she
    had no connection. Both are by the server's clock.
    """

    __tablename__ = "ratings"
    __table_args__ = (
        UniqueConstraint("presentation_id", "submission"),
        CheckConstraint("answer IN ('real', 'fake')", name="answer"),
        CheckConstraint("response_clock IN ('browser', 'server')", name="response_clock"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    presentation_id: Mapped[int] = mapped_column(ForeignKey("presentations.id", ondelete="RESTRICT"))
    answer: Mapped[str | None] = mapped_column(String(4))
    confidence: Mapped[int | None]
    submission: Mapped[str] = mapped_column(String(36))
    response_ms: Mapped[float | None]
    hidden_ms: Mapped[float | None]
    response_clock: Mapped[str | None] = mapped_column(String(8))
    answered_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime] = mapped_column(UtcTime)

    presentation: Mapped[Presentation] = relationship()


class Viewing(Base):
    """One stay of an image on a rater's screen: append-only.

    For ``visible_ms`` it could be seen; for ``hidden_ms`` more the page was in the background.
    """

    __tablename__ = "viewings"
    __table_args__ = (UniqueConstraint("presentation_id", "submission"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    presentation_id: Mapped[int] = mapped_column(ForeignKey("presentations.id", ondelete="RESTRICT"))
    submission: Mapped[str] = mapped_column(String(36))
    visible_ms: Mapped[float]
    hidden_ms: Mapped[float]
    began_at: Mapped[datetime] = mapped_column(UtcTime)
    received_at: Mapped[datetime] = mapped_column(UtcTime)


class Event(Base):
    """Something that admins or raters did: append-only, each row chained to the one before by ``hash``.

    A row without a hash is of an older program that went on during an upgrade; the next one vouches for it.
    ``by`` is an admin's address; without it and without a rater it was done on the command line.
    ``rater_id`` is no foreign key: what happened stays on record when a rater is deleted.
    """

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    study_id: Mapped[int | None] = mapped_column(ForeignKey("studies.id", ondelete="RESTRICT"), index=True)
    rater_id: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(32))
    by: Mapped[str] = mapped_column("by_admin", String(254), server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    at: Mapped[datetime] = mapped_column(UtcTime)
    hash: Mapped[str] = mapped_column(String(64), server_default="")
