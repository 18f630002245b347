"""Admin accounts: one-time passwords, log-in, sessions."""

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy.orm import Session

from backend.database import admins
from backend.database.sessions import Database
from backend.database.tables import Admin, AdminSession
from backend.studies.refusals import Conflict, Invalid, Unknown
from backend.tokens import hash_token, new_token

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
EMAIL = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")

_hasher = PasswordHasher()
# Each hash takes 64 MiB: two at a time, however many guess at passwords.
_turns = Semaphore(2)


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
            password_hash=_hash(password),
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
    admin.password_hash, admin.password_is_one_time = _hash(password), True
    admins.end_sessions(session, admin.id)
    return password


def log_in(database: Database, email: str, password: str, hours: float) -> LoggedIn | None:
    """Open a session, or return ``None`` without saying whether the address or the password was wrong.

    The password is checked outside any transaction: hashing is slow on purpose, and guessing at it must not
    keep raters' answers waiting.
    """
    email, nobody = email.strip().lower(), _nobodys_hash()
    with database.read() as session:
        admin = admins.find(session, email) if EMAIL.fullmatch(email) else None
        known = admin.password_hash if admin else nobody
    if not _verify(known, password) or admin is None:
        return None
    with database.write() as session:
        admins.end_expired(session, datetime.now(UTC))
        current = admins.find(session, email)
        if current is None or current.password_hash != known:
            return None  # changed in the meantime
        return LoggedIn(_open_session(session, current.id, hours), current.password_is_one_time)


def log_out(session: Session, token: str) -> None:
    """End a session."""
    admins.end_session(session, hash_token(token))


def logged_in(session: Session, token: str) -> Admin | None:
    """The admin whose session this is."""
    found = admins.find_session(session, hash_token(token), datetime.now(UTC))
    return found.admin if found else None


def has_admin(session: Session, email: str) -> bool:
    """Whether there is such an account."""
    return admins.find(session, email) is not None


def has_one_time_password(session: Session, email: str) -> bool:
    """Whether an admin has not yet chosen a password of her own."""
    admin = admins.find(session, email)
    return admin is not None and admin.password_is_one_time


def change_password(database: Database, email: str, old: str, new: str, hours: float) -> str:
    """Replace a password by one of the admin's own, end all her sessions, and return a new one's token."""
    with database.read() as session:
        admin = admins.find(session, email)
        known = admin.password_hash if admin else _nobodys_hash()
    if not _verify(known, old):
        raise Invalid("The present password is not right.")
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD:
        raise Invalid(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    if new == old:
        raise Invalid("The new password must differ from the present one.")
    hashed = _hash(new)
    with database.write() as session:
        current = admins.find(session, email)
        if current is None or current.password_hash != known:
            raise Conflict("The password was changed elsewhere meanwhile. Please log in again.")
        current.password_hash, current.password_is_one_time = hashed, False
        admins.end_sessions(session, current.id)
        return _open_session(session, current.id, hours)


def _open_session(session: Session, admin_id: int, hours: float) -> str:
    token = new_token()
    expires_at = datetime.now(UTC) + timedelta(hours=hours)
    session.add(AdminSession(token_hash=hash_token(token), admin_id=admin_id, expires_at=expires_at))
    return token


def _usable_email(email: str) -> str:
    email = email.strip().lower()
    if not EMAIL.fullmatch(email) or len(email) > 254:
        raise Invalid(f"{email!r} is no e-mail address.")
    return email


def _one_time_password() -> str:
    return "-".join(secrets.token_hex(2) for _ in range(4))


@cache
def _nobodys_hash() -> str:
    """Verified against when the address is unknown: the time taken does not tell which addresses exist.

    Made at the first log-in of whomever, as starting should not wait for it.
    """
    return _hash(secrets.token_hex(16))


def _hash(password: str) -> str:
    with _turns:
        return _hasher.hash(password)


def _verify(password_hash: str, password: str) -> bool:
    try:
        with _turns:
            return _hasher.verify(password_hash, password[: LONGEST_PASSWORD + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False
