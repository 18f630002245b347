"""Passwords: hashed slowly on purpose, two at a time."""

import re
import secrets
from functools import cache
from threading import Semaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from backend.studies.refusals import Invalid

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200
EMAIL = re.compile(r"[^@\s\x00]+@[^@\s\x00]+")

_hasher = PasswordHasher()
# Each hash takes 64 MiB: two at a time, however many guess at passwords.
_turns = Semaphore(2)


def usable_email(email: str) -> str:
    """An address as it is stored; raises ``Invalid``."""
    email = email.strip().lower()
    if not EMAIL.fullmatch(email) or len(email) > 254:
        raise Invalid(f"{email!r} is no e-mail address.")
    return email


def require_usable(password: str) -> None:
    """Raise ``Invalid`` for a password that is too short or too long."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Invalid(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")


def one_time_password() -> str:
    """A password that is used once: 64 random bits, easily read out."""
    return "-".join(secrets.token_hex(2) for _ in range(4))


def hashed(password: str) -> str:
    """What is stored of a password."""
    with _turns:
        return _hasher.hash(password)


def verify(password_hash: str, password: str) -> bool:
    """Whether this is the password that was hashed."""
    try:
        with _turns:
            return _hasher.verify(password_hash, password[: LONGEST_PASSWORD + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False


@cache
def nobodys_hash() -> str:
    """Verified against when the address is unknown: the time taken does not tell which addresses exist.

    Made at the first log-in of whomever, as starting should not wait for it.
    """
    return hashed(secrets.token_hex(16))
