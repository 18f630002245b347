"""Making, changing and removing accounts; each of it goes into the log. There is always an owner left.

On the pages nobody does any of it to her own account.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from backend.accounts.passwords import hashed, one_time_password, usable_email
from backend.database import admins, events
from backend.database.tables import Admin
from backend.roles import ROLES
from backend.studies.refusals import Conflict, Invalid, Unknown


def create_admin(session: Session, email: str, role: str = "owner", *, by: str = "") -> str:
    """Make an account and return its one-time password."""
    email = usable_email(email)
    _require_role(role)
    if admins.find(session, email):
        raise Conflict(
            f"there is an admin {email} already. New password: dermvtt admin reset-password {email}"
        )
    password = one_time_password()
    session.add(
        Admin(
            email=email,
            password_hash=hashed(password),
            password_is_one_time=True,
            role=role,
            created_at=datetime.now(UTC),
        )
    )
    events.add(session, None, "account made", by=by, account=email, role=role)
    return password


def everyone(session: Session) -> Sequence[Admin]:
    """All accounts, by address."""
    return admins.everyone(session)


def set_role(session: Session, email: str, role: str, *, by: str = "") -> None:
    """Give an account another role; raises ``Conflict`` for the last owner's."""
    _require_role(role)
    admin = _locked(session, email, by)
    if admin.role == role:
        return
    _require_another_owner(session, admin)
    events.add(session, None, "role changed", by=by, account=admin.email, role=role, before=admin.role)
    admin.role = role


def deactivate(session: Session, email: str, *, by: str = "") -> None:
    """Let an account log in no more, and end its sessions. Raises for the last owner's."""
    admin = _locked(session, email, by)
    if admin.deactivated_at is not None:
        return
    _require_another_owner(session, admin)
    admin.deactivated_at = datetime.now(UTC)
    admins.end_sessions(session, admin.id)
    events.add(session, None, "account deactivated", by=by, account=admin.email, role=admin.role)


def activate(session: Session, email: str, *, by: str = "") -> None:
    """Let an account that was deactivated log in again."""
    admin = _locked(session, email, by)
    if admin.deactivated_at is not None:
        admin.deactivated_at = None
        events.add(session, None, "account activated", by=by, account=admin.email, role=admin.role)


def remove(session: Session, email: str, *, by: str = "") -> None:
    """Remove an account; what it did stays in the log. Raises for the last owner's."""
    admin = _locked(session, email, by)
    _require_another_owner(session, admin)
    events.add(session, None, "account removed", by=by, account=admin.email, role=admin.role)
    admins.remove(session, admin.id)


def reset_password(session: Session, email: str, *, by: str = "") -> str:
    """Replace a password by a one-time password, which is returned, and end the account's sessions."""
    admin = _locked(session, email, by)
    password = one_time_password()
    admin.password_hash, admin.password_is_one_time = hashed(password), True
    admins.end_sessions(session, admin.id)
    events.add(session, None, "password reset", by=by, account=admin.email)
    return password


def reset_second_factor(session: Session, email: str, *, by: str = "") -> None:
    """Let an account log in by its password alone, and end its sessions."""
    admin = _locked(session, email, by)
    admins.forget_second_factor(session, admin)
    admins.end_sessions(session, admin.id)
    events.add(session, None, "second factor reset", by=by, account=admin.email)


def end_sessions(session: Session, email: str, *, by: str = "") -> None:
    """End all log-ins of an account."""
    admin = _locked(session, email, by)
    ended = admins.end_sessions(session, admin.id)
    events.add(session, None, "sessions ended", by=by, account=admin.email, sessions=ended)


def has_admin(session: Session, email: str) -> bool:
    """Whether there is such an account."""
    return admins.find(session, email) is not None


def has_one_time_password(session: Session, email: str) -> bool:
    """Whether an admin has not yet chosen a password of her own."""
    admin = admins.find(session, email)
    return admin is not None and admin.password_is_one_time


def _locked(session: Session, email: str, by: str) -> Admin:
    # Not one's own: whoever finds a browser open must not get a password without the present one.
    if by and usable_email(email) == by:
        raise Conflict("This is your own account. Another owner can do that, or the command line.")
    # All owners' rows too: of two who demote each other at once, the second finds that she would be the last.
    admins.lock_owners(session)
    admin = admins.find(session, usable_email(email))
    if admin is None:
        raise Unknown(f"there is no admin {email}. Create one: dermvtt admin create {email}")
    return admin


def _require_another_owner(session: Session, admin: Admin) -> None:
    if admin.role == "owner" and admin.deactivated_at is None and admins.count_owners(session) == 1:
        raise Conflict(f"{admin.email} is the last owner. Make another admin an owner first.")


def _require_role(role: str) -> None:
    if role not in ROLES:
        raise Invalid(f"there is no role {role!r}; the roles are {', '.join(ROLES)}.")
