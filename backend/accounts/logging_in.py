"""Logging in by password and second factor, and changing one's password."""

from dataclasses import dataclass
from datetime import UTC, datetime

from backend.accounts import throttle
from backend.accounts.passwords import EMAIL, hashed, nobodys_hash, require_usable, verify
from backend.accounts.second_factor import take_code
from backend.accounts.sessions import open_session
from backend.database import admins, events
from backend.database.sessions import Database
from backend.studies.refusals import Conflict, Invalid
from backend.tokens import hash_token

UNKNOWN = "unknown"
"""Stands in the log where an address that has no account was tried: what was typed may be a password."""


@dataclass(frozen=True)
class Browser:
    """Where somebody logs in from: network address, what the browser calls itself, and the number that it was
    given when the account was logged in there before.
    """

    client: str = ""
    agent: str = ""
    number: str = ""


NOWHERE = Browser()


@dataclass(frozen=True)
class LoggedIn:
    """A fresh session: the token for the browser, and what must be done before anything else."""

    token: str
    email: str
    password_is_one_time: bool
    awaits_code: bool = False


def log_in(
    database: Database, email: str, password: str, hours: float, browser: Browser = NOWHERE
) -> LoggedIn | None:
    """Open a session, or return ``None`` without saying whether the address or the password was wrong.

    The password is checked outside any transaction: hashing is slow on purpose, and guessing at it must not
    keep raters' answers waiting. Raises ``TooManyAttempts``.
    """
    email = email.strip().lower()
    guesser = _guesser(email, browser)
    throttle.begin_attempt(database, guesser)
    with database.read() as session:
        admin = admins.find(session, email) if EMAIL.fullmatch(email) else None
        known = admin.password_hash if admin else nobodys_hash()
    right = verify(known, password) and admin is not None
    with database.write() as session:
        current = admins.find(session, email) if admin else None
        # Or changed in the meantime.
        if not right or current is None or current.password_hash != known or current.deactivated_at:
            events.add(session, None, "log-in failed", by=admin.email if admin else UNKNOWN)
            return None
        admins.end_expired(session, datetime.now(UTC))
        awaits_code = current.totp_since is not None
        token = open_session(session, current.id, hours, agent=browser.agent, awaits_code=awaits_code)
        if not awaits_code:
            events.add(session, None, "logged in", by=email)
        opened = LoggedIn(token, email, current.password_is_one_time, awaits_code)
    throttle.give_back(database, guesser, whole=not awaits_code)
    return opened


def awaited(database: Database, token: str) -> str:
    """The address of the admin who has given her password and not yet the second factor.

    Raises ``Conflict`` where no password was given, or too long ago.
    """
    with database.read() as session:
        waiting = admins.find_session(session, hash_token(token), datetime.now(UTC))
        if waiting is None or not waiting.awaits_code:
            raise Conflict("The log-in took too long. Please log in again.")
        return waiting.admin.email


def give_code(
    database: Database, secret: bytes, token: str, code: str, hours: float, browser: Browser = NOWHERE
) -> LoggedIn | None:
    """Give the second factor after the password; ``None`` for a wrong code, or one that was taken before.

    Raises as ``awaited``, and ``TooManyAttempts``.
    """
    email = awaited(database, token)
    guesser = _guesser(email, browser)
    throttle.begin_attempt(database, guesser)
    with database.write() as session:
        admin = admins.find(session, email, lock=True)
        waiting = admins.find_session(session, hash_token(token), datetime.now(UTC))
        taken = take_code(session, admin, secret, code) if admin and waiting else ""
        if admin is None or not taken:
            events.add(session, None, "log-in failed", by=email, reason="second factor")
            return None
        admins.end_session(session, hash_token(token), email)
        fresh = open_session(session, admin.id, hours, agent=browser.agent)
        events.add(session, None, "logged in", by=email, second_factor=taken)
        opened = LoggedIn(fresh, email, admin.password_is_one_time)
    throttle.give_back(database, guesser, whole=True)
    return opened


def change_password(
    database: Database, email: str, old: str, new: str, hours: float, *, agent: str = ""
) -> str:
    """Replace a password by one of the admin's own, end all her sessions, and return a new one's token.

    Raises ``Invalid``, and ``TooManyAttempts``.
    """
    guesser = throttle.logged_in_already(email)
    throttle.begin_attempt(database, guesser)
    with database.read() as session:
        admin = admins.find(session, email)
        known = admin.password_hash if admin else nobodys_hash()
    if not verify(known, old):
        raise Invalid("The present password is not right.")
    throttle.give_back(database, guesser, whole=True)
    require_usable(new)
    if new == old:
        raise Invalid("The new password must differ from the present one.")
    stored = hashed(new)
    with database.write() as session:
        current = admins.find(session, email, lock=True)
        if current is None or current.password_hash != known or current.deactivated_at:
            raise Conflict("The password was changed elsewhere meanwhile. Please log in again.")
        current.password_hash, current.password_is_one_time = stored, False
        admins.end_sessions(session, current.id)
        events.add(session, None, "password changed", by=email)
        return open_session(session, current.id, hours, agent=agent)


def _guesser(email: str, browser: Browser) -> throttle.Guesser:
    return (
        throttle.known_browser(browser.number) if browser.number else throttle.stranger(email, browser.client)
    )
