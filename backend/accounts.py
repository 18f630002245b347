"""Admin accounts: one-time passwords, log-in, sessions."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from backend.database import admins
from backend.database.tables import Admin, AdminSession
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.tokens import hash_token, new_token

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")

_hasher = PasswordHasher()
# Verified against when the address is unknown, so that the time taken does not tell which addresses exist.
_NOBODY = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class LoggedIn:
    """A fresh session: the token for the browser, and whether the password must be changed first."""

    token: str
    password_is_one_time: bool


def create_admin(session: Session, email: str) -> str:
    """Make an account and return its one-time password."""
    email = _usable_email(email)
    if admins.find(session, email):
        raise Conflict(
            f"there is an admin {email} already. New password: dermvtt admin reset-password {email}"
        )
    password = _one_time_password()
    session.add(
        Admin(
            email=email,
            password_hash=_hasher.hash(password),
            password_is_one_time=True,
            created_at=datetime.now(UTC),
        )
    )
    return password


def reset_password(session: Session, email: str) -> str:
    """Replace a password by a one-time password, which is returned, and end the account's sessions."""
    admin = admins.find(session, _usable_email(email))
    if admin is None:
        raise Unknown(f"there is no admin {email}. Create one: dermvtt admin create {email}")
    password = _one_time_password()
    admin.password_hash, admin.password_is_one_time = _hasher.hash(password), True
    admins.end_sessions(session, admin.id)
    return password


def log_in(session: Session, email: str, password: str, hours: float) -> LoggedIn | None:
    """Open a session, or return ``None`` without saying whether the address or the password was wrong."""
    admin = admins.find(session, email.strip().lower())
    if not _verify(admin.password_hash if admin else _NOBODY, password) or admin is None:
        return None
    now = datetime.now(UTC)
    admins.end_expired(session, now)
    token = new_token()
    expires_at = now + timedelta(hours=hours)
    session.add(AdminSession(token_hash=hash_token(token), admin_id=admin.id, expires_at=expires_at))
    return LoggedIn(token, admin.password_is_one_time)


def log_out(session: Session, token: str) -> None:
    """End a session."""
    admins.end_session(session, hash_token(token))


def logged_in(session: Session, token: str) -> Admin | None:
    """The admin whose session this is."""
    found = admins.find_session(session, hash_token(token), datetime.now(UTC))
    return found.admin if found else None


def has_one_time_password(session: Session, email: str) -> bool:
    """Whether an admin has not yet chosen a password of her own."""
    admin = admins.find(session, email)
    return admin is not None and admin.password_is_one_time


def change_password(session: Session, email: str, old: str, new: str) -> None:
    """Replace a password by one of the admin's own."""
    admin = admins.find(session, email)
    if admin is None or not _verify(admin.password_hash, old):
        raise Invalid("The present password is not right.")
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
        raise Invalid(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    if new == old:
        raise Invalid("The new password must differ from the present one.")
    admin.password_hash, admin.password_is_one_time = _hasher.hash(new), False


def _usable_email(email: str) -> str:
    email = email.strip().lower()
    if not EMAIL.fullmatch(email) or len(email) > 254:
        raise Invalid(f"{email!r} is no e-mail address.")
    return email


def _one_time_password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(4))


def _verify(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password[: LONGEST_PASSWORD + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
