"""Queries on admins, their sessions and second factors, and the first owner's link."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, Delete, delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from backend.database.tables import Admin, AdminSession, FirstLink, RecoveryCode


def find(session: Session, email: str, *, lock: bool = False) -> Admin | None:
    """The admin of this e-mail address."""
    query = select(Admin).where(Admin.email == email)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def everyone(session: Session) -> Sequence[Admin]:
    """All admins, by address."""
    return session.scalars(select(Admin).order_by(Admin.email)).all()


def any_admin(session: Session) -> bool:
    """Whether there is an admin at all."""
    return session.scalar(select(Admin.id).limit(1)) is not None


def lock_owners(session: Session) -> None:
    """Let nobody else change an owner's account until this transaction ends."""
    query = select(Admin).where(Admin.role == "owner").order_by(Admin.id).with_for_update()
    session.scalars(query.execution_options(populate_existing=True)).all()


def count_owners(session: Session) -> int:
    """How many owners there are who can log in."""
    query = select(func.count(Admin.id)).where(Admin.role == "owner", Admin.deactivated_at.is_(None))
    return session.scalar(query) or 0


def remove(session: Session, admin_id: int) -> None:
    """Remove an admin; the database removes her sessions and recovery codes with her."""
    session.execute(delete(Admin).where(Admin.id == admin_id))


def find_session(session: Session, token_hash: str, now: datetime) -> AdminSession | None:
    """The log-in of this token with its admin, unless it has expired or she may log in no more."""
    query = select(AdminSession).where(AdminSession.token_hash == token_hash, AdminSession.expires_at > now)
    found = session.scalar(query.options(joinedload(AdminSession.admin)))
    return found if found and found.admin.deactivated_at is None else None


def see_session(session: Session, token_hash: str, now: datetime) -> None:
    """Note that a log-in is in use."""
    session.execute(update(AdminSession).where(AdminSession.token_hash == token_hash).values(seen_at=now))


def sessions_of(session: Session, email: str, now: datetime, idle: datetime) -> Sequence[AdminSession]:
    """An admin's whole log-ins that end after now and were used after ``idle``, those used last first."""
    query = select(AdminSession).join(Admin).where(Admin.email == email, AdminSession.expires_at > now)
    query = query.where(AdminSession.awaits_code.is_(False), AdminSession.seen_at > idle)
    return session.scalars(query.order_by(AdminSession.seen_at.desc())).all()


def end_session(session: Session, token_hash: str, email: str) -> bool:
    """End one log-in of an admin; whether there was one."""
    return _count(session, delete(AdminSession).where(AdminSession.token_hash == token_hash, _is(email))) > 0


def end_other_sessions(session: Session, email: str, token_hash: str) -> int:
    """End an admin's log-ins but one; how many there were."""
    return _count(session, delete(AdminSession).where(AdminSession.token_hash != token_hash, _is(email)))


def end_sessions(session: Session, admin_id: int) -> int:
    """End every log-in of an admin; how many there were."""
    return _count(session, delete(AdminSession).where(AdminSession.admin_id == admin_id))


def end_expired(session: Session, now: datetime) -> None:
    """Forget log-ins whose time is over."""
    session.execute(delete(AdminSession).where(AdminSession.expires_at <= now))


def forget_second_factor(session: Session, admin: Admin) -> None:
    """Let an admin log in by her password alone."""
    admin.totp_secret = admin.totp_since = admin.totp_step = None
    session.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin.id))


def keep_recovery_codes(session: Session, admin_id: int, hashes: Iterable[str]) -> None:
    """Keep recovery codes in place of those before."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.admin_id == admin_id))
    session.add_all(RecoveryCode(admin_id=admin_id, code_hash=one) for one in hashes)


def use_recovery_code(session: Session, admin_id: int, code_hash: str) -> bool:
    """Use a recovery code up; whether there was one."""
    own = (RecoveryCode.admin_id == admin_id, RecoveryCode.code_hash == code_hash)
    return _count(session, delete(RecoveryCode).where(*own)) > 0


def count_recovery_codes(session: Session, email: str) -> int:
    """How many recovery codes an admin has left."""
    query = select(func.count(RecoveryCode.code_hash)).join(Admin, Admin.id == RecoveryCode.admin_id)
    return session.scalar(query.where(Admin.email == email)) or 0


def add_first_link(session: Session, token_hash: str, now: datetime, expires_at: datetime) -> None:
    """Keep a link for the first owner, beside those of other servers that have not expired."""
    session.execute(delete(FirstLink).where(FirstLink.expires_at <= now))
    session.add(FirstLink(token_hash=token_hash, expires_at=expires_at))


def forget_first_links(session: Session) -> None:
    """Let none of the first owner's links work any more."""
    session.execute(delete(FirstLink))


def has_first_link(session: Session, token_hash: str, now: datetime, latest: datetime) -> bool:
    """Whether there is this link, and it expires between now and the latest time."""
    times = (FirstLink.expires_at > now, FirstLink.expires_at <= latest)
    query = select(FirstLink.token_hash).where(FirstLink.token_hash == token_hash, *times)
    return session.scalar(query) is not None


def lock_first_links(session: Session) -> None:
    """Let one use a link at a time."""
    session.scalars(select(FirstLink).order_by(FirstLink.token_hash).with_for_update()).all()


def _is(email: str) -> Any:
    return AdminSession.admin_id.in_(select(Admin.id).where(Admin.email == email))


def _count(session: Session, query: Delete) -> int:
    result = session.execute(query, execution_options={"synchronize_session": False})
    return result.rowcount if isinstance(result, CursorResult) else 0
