"""Queries on studies' own links, by which visitors become raters."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from backend.database.tables import Enrolment


def of_study(session: Session, study_id: int) -> Enrolment | None:
    """The enrolment of a study, if it ever had one."""
    return session.get(Enrolment, study_id)


def by_token_hash(session: Session, token_hash: str) -> Enrolment | None:
    """The enrolment whose link holds this token, with its study."""
    query = select(Enrolment).where(Enrolment.token_hash == token_hash)
    return session.scalar(query.options(joinedload(Enrolment.study)))
