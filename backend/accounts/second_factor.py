"""The second factor: codes of an authenticator app (TOTP, RFC 6238) and recovery codes, each taken once."""

import base64
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend.accounts import throttle
from backend.database import admins, events
from backend.database.sessions import Database
from backend.database.tables import Admin
from backend.studies.refusals import Conflict, Invalid
from backend.tokens import hash_token

if TYPE_CHECKING:  # a server that only shows images needs none of them in memory
    from cryptography.fernet import Fernet

ISSUER = "DermVTT"
STEP_SECONDS = 30
DRIFT_STEPS = 1
"""A code of the step before or after is taken too: telephones' clocks are not exact."""
RECOVERY_CODES = 10
WRONG_KEY = (
    "The second factor cannot be read: the installation's secret (DERMVTT_SECRET_KEY or secret.key) has "
    "changed. Reset it: dermvtt admin reset-second-factor ADDRESS"
)


@dataclass(frozen=True)
class Enrolment:
    """What an authenticator app needs: typed, or as the address in a QR code."""

    typed: str
    address: str


def begin_second_factor(session: Session, email: str, secret: bytes) -> None:
    """Draw a secret for an admin who has no second factor; it counts once a code has confirmed it."""
    admin = _own(session, email)
    if admin.totp_since is not None:
        raise Conflict("There is a second factor already. Turn it off first.")
    if admin.totp_secret is None:  # a page that is loaded again shows the same code
        import pyotp  # noqa: PLC0415 - as above

        admin.totp_secret = _box(secret).encrypt(pyotp.random_base32().encode()).decode()
        events.add(session, None, "second factor begun", by=email)


def enrolment(session: Session, email: str, secret: bytes) -> Enrolment | None:
    """The secret that waits to be confirmed."""
    admin = admins.find(session, email)
    if admin is None or admin.totp_secret is None or admin.totp_since is not None:
        return None
    import pyotp  # noqa: PLC0415 - as above

    typed = _opened(admin, secret)
    return Enrolment(typed, pyotp.TOTP(typed).provisioning_uri(name=email, issuer_name=ISSUER))


def confirm_second_factor(session: Session, email: str, secret: bytes, code: str) -> list[str]:
    """Turn the second factor on if the code fits; returns the recovery codes, which are shown once."""
    admin = _own(session, email)
    if admin.totp_secret is None or admin.totp_since is not None:
        raise Conflict("There is nothing to confirm. Please begin again.")
    if not _take_totp(admin, secret, code):
        raise Invalid("The code is not right. Is the clock of your telephone exact?")
    admin.totp_since = datetime.now(UTC)
    codes = [f"{secrets.token_hex(4)}-{secrets.token_hex(4)}" for _ in range(RECOVERY_CODES)]
    admins.keep_recovery_codes(session, admin.id, [hash_token(_plain(one)) for one in codes])
    events.add(session, None, "second factor on", by=email)
    return codes


def stop_second_factor(database: Database, email: str, secret: bytes, code: str) -> None:
    """Turn one's own second factor off: by a code, so that an open browser is not enough.

    One that was not confirmed yet is forgotten without. Raises ``TooManyAttempts``.
    """
    guesser = throttle.logged_in_already(email)
    throttle.begin_attempt(database, guesser)
    with database.write() as session:
        admin = _own(session, email)
        if admin.totp_since is not None:
            if not take_code(session, admin, secret, code):
                raise Invalid("The code is not right.")
            events.add(session, None, "second factor off", by=email)
        admins.forget_second_factor(session, admin)
    throttle.give_back(database, guesser, whole=True)


def second_factor_since(session: Session, email: str) -> datetime | None:
    """Since when an admin has a second factor."""
    admin = admins.find(session, email)
    return admin.totp_since if admin else None


def recovery_codes_left(session: Session, email: str) -> int:
    """How many recovery codes have not been used."""
    return admins.count_recovery_codes(session, email)


def take_code(session: Session, admin: Admin, secret: bytes, code: str) -> str:
    """Take a code for good: what it was, ``"code"`` or ``"recovery code"``, or empty if it does not fit."""
    if _take_totp(admin, secret, code):
        return "code"
    return "recovery code" if admins.use_recovery_code(session, admin.id, hash_token(_plain(code))) else ""


def _take_totp(admin: Admin, secret: bytes, code: str) -> bool:
    digits = re.sub(r"\s", "", code)
    if not re.fullmatch(r"[0-9]{6}", digits) or admin.totp_secret is None:
        return False
    import pyotp  # noqa: PLC0415 - as above

    totp = pyotp.TOTP(_opened(admin, secret), interval=STEP_SECONDS)
    now = int(datetime.now(UTC).timestamp()) // STEP_SECONDS
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        # Also a step before the last one taken is refused: a code seen over a shoulder is of no use.
        # Unless that one lies in the future, taken while a clock was wrong.
        used = admin.totp_step is not None and step <= admin.totp_step <= now + DRIFT_STEPS
        if not used and secrets.compare_digest(totp.at(step * STEP_SECONDS), digits):
            admin.totp_step = step
            return True
    return False


def _own(session: Session, email: str) -> Admin:
    admin = admins.find(session, email, lock=True)
    if admin is None:
        raise Conflict("This account has been removed.")
    return admin


def _opened(admin: Admin, secret: bytes) -> str:
    from cryptography.fernet import InvalidToken  # noqa: PLC0415 - as above

    try:
        return _box(secret).decrypt((admin.totp_secret or "").encode()).decode()
    except InvalidToken as error:
        raise Conflict(WRONG_KEY) from error


def _box(secret: bytes) -> "Fernet":
    """What encrypts second factors: its key is derived from the installation's secret, for this use alone."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    key = HKDF(SHA256(), 32, salt=None, info=b"dermvtt second factor").derive(secret)
    return Fernet(base64.urlsafe_b64encode(key))


def _plain(code: str) -> str:
    return re.sub(r"[\s-]", "", code).lower()
