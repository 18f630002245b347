"""Log-ins: opened, seen, ended. They end at a fixed time, and sooner when they are not used."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from backend.database import admins, events
from backend.database.outages import outage_of
from backend.database.sessions import Database
from backend.database.tables import AdminSession
from backend.tokens import hash_token, new_token

CODE_MINUTES = 10
"""How long after the password the second factor is waited for."""
SEEN_EVERY = timedelta(minutes=1)
"""That a session is in use is written down once in a while, not at every page."""
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "CrOS", "Linux")
NAMES = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS", "CrOS": "ChromeOS"}


def open_session(
    session: Session, admin_id: int, hours: float, *, agent: str = "", awaits_code: bool = False
) -> str:
    """Open a session and return the browser's token."""
    token, now = new_token(), datetime.now(UTC)
    lasts = timedelta(minutes=CODE_MINUTES) if awaits_code else timedelta(hours=hours)
    session.add(
        AdminSession(
            token_hash=hash_token(token),
            admin_id=admin_id,
            created_at=now,
            seen_at=now,
            expires_at=now + lasts,
            agent=shortened(agent),
            awaits_code=awaits_code,
        )
    )
    return token


def logged_in(
    database: Database, token: str, idle_minutes: float, *, used: bool = True
) -> AdminSession | None:
    """The session of this token with its admin, unless it has ended; ``used`` keeps it from idling out."""
    now = datetime.now(UTC)
    with database.read() as session:
        found = admins.find_session(session, hash_token(token), now)
    if found is None or (not found.awaits_code and now - found.seen_at > timedelta(minutes=idle_minutes)):
        return None
    # Also where it was seen in the future: a clock was set back.
    if used and abs(now - found.seen_at) > SEEN_EVERY:
        _see(database, found.token_hash, now)
    return found


def _see(database: Database, token_hash: str, now: datetime) -> None:
    try:
        with database.write() as session:
            admins.see_session(session, token_hash, now)
    except Exception as error:
        if outage_of(error) is None:
            raise
        # Nothing can be stored for a while: who only looks should see something all the same.


def sessions_of(session: Session, email: str, idle_minutes: float) -> Sequence[AdminSession]:
    """An admin's sessions that have not ended, those used last first."""
    now = datetime.now(UTC)
    return admins.sessions_of(session, email, now, now - timedelta(minutes=idle_minutes))


def log_out(session: Session, token: str, *, by: str) -> None:
    """End the session of this token."""
    admins.end_session(session, hash_token(token), by)
    events.add(session, None, "logged out", by=by)


def end_session(session: Session, token_hash: str, *, by: str) -> None:
    """End one of an admin's own sessions, by the fingerprint that her page shows."""
    if admins.end_session(session, token_hash, by):
        events.add(session, None, "session ended", by=by)


def end_other_sessions(session: Session, token: str, *, by: str) -> None:
    """End all of an admin's sessions but this one."""
    ended = admins.end_other_sessions(session, by, hash_token(token))
    events.add(session, None, "other sessions ended", by=by, sessions=ended)


def shortened(agent: str) -> str:
    """A browser's name for itself in few words.

    >>> shortened("Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0")
    'Firefox 143 on Linux'
    """
    browser = next((m for name in BROWSERS if (m := re.search(rf"({name})\w*/(\d+)", agent))), None)
    system = next((name for name in SYSTEMS if name in agent), "")
    if browser is None:
        return "".join(letter for letter in agent if letter.isprintable())[:80]
    name = f"{NAMES.get(browser[1], browser[1])} {browser[2]}"
    return f"{name} on {NAMES.get(system, system)}" if system else name
