"""Queries on studies."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from backend.database.tables import Study


def find(session: Session, study_id: int, *, lock: bool = False) -> Study | None:
    """The study of this id with its mixes; ``lock`` holds it against other writers until the commit."""
    query = select(Study).where(Study.id == study_id).options(selectinload(Study.mixes))
    return session.scalar(query.with_for_update(of=Study) if lock else query)


def everything(session: Session) -> Sequence[Study]:
    """All studies with their mixes, the newest first."""
    return session.scalars(select(Study).options(selectinload(Study.mixes)).order_by(Study.id.desc())).all()
