"""What admins take away is put on record before it leaves."""

from backend.database import events
from backend.database.sessions import Database
from backend.routes.admin.access import AdminAccess


def downloaded(database: Database, study_id: int | None, what: str, admin: AdminAccess) -> None:
    """Record that an admin downloads something."""
    with database.write() as session:
        events.add(session, study_id, events.DOWNLOADED, by=admin.email, file=what)
