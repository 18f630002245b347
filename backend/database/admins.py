"""Queries on admins and their sessions."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from backend.database.tables import Admin, AdminSession


def find(session: Session, email: str) -> Admin | None:
    """The admin of this e-mail address."""
    return session.scalar(select(Admin).where(Admin.email == email))


def find_session(session: Session, token_hash: str, now: datetime) -> AdminSession | None:
    """The log-in of this token with its admin, unless it has expired."""
    query = select(AdminSession).where(AdminSession.token_hash == token_hash, AdminSession.expires_at > now)
    return session.scalar(query.options(joinedload(AdminSession.admin)))


def end_session(session: Session, token_hash: str) -> None:
    """End one log-in."""
    session.execute(delete(AdminSession).where(AdminSession.token_hash == token_hash))


def end_sessions(session: Session, admin_id: int) -> None:
    """End every log-in of an admin."""
    session.execute(delete(AdminSession).where(AdminSession.admin_id == admin_id))


def end_expired(session: Session, now: datetime) -> None:
    """Forget log-ins whose time is over."""
    session.execute(delete(AdminSession).where(AdminSession.expires_at <= now))
