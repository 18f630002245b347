"""The first owner: a one-time link, printed where the server is started, makes her account."""

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from backend.accounts.passwords import hashed, require_usable, usable_email
from backend.accounts.sessions import open_session
from backend.database import admins, events
from backend.database.sessions import Database
from backend.database.tables import Admin
from backend.studies.refusals import Unknown
from backend.tokens import hash_token, new_token

HOURS = 24
NO_LINK = "this link does not work any more. Start the server again for a new one, or log in."


def first_link(session: Session) -> str:
    """A fresh token for the first owner; empty where there is an admin. The first that is used ends all."""
    if admins.any_admin(session):
        return ""
    token, now = new_token(), datetime.now(UTC)
    admins.add_first_link(session, hash_token(token), now, now + timedelta(hours=HOURS))
    return token


def open_first_link(session: Session, token: str) -> None:
    """Raise ``Unknown`` unless the link works: known, not expired, and no admin yet."""
    now = datetime.now(UTC)
    # A link that expires in more than its time was made by a clock that was wrong.
    latest = now + timedelta(hours=HOURS)
    if admins.any_admin(session) or not admins.has_first_link(session, hash_token(token), now, latest):
        raise Unknown(NO_LINK)


def make_first_owner(
    database: Database, token: str, email: str, password: str, hours: float, *, agent: str = ""
) -> str:
    """Make the first owner's account and return the token of her session."""
    with database.read() as session:
        open_first_link(session, token)  # before a slow hash
    email = usable_email(email)
    require_usable(password)
    stored = hashed(password)
    with database.write() as session:
        admins.lock_first_links(session)
        open_first_link(session, token)
        admins.forget_first_links(session)
        now = datetime.now(UTC)
        owner = Admin(
            email=email, password_hash=stored, password_is_one_time=False, role="owner", created_at=now
        )
        session.add(owner)
        session.flush()
        events.add(session, None, "first owner made", by=email, account=email)
        return open_session(session, owner.id, hours, agent=agent)
