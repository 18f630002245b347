"""What changed the course of a study: an append-only record."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.database.tables import Event


def add(
    session: Session, study_id: int, kind: str, *, rater_id: int | None = None, by: str = "", **details: Any
) -> None:
    """Record that something happened now; ``by`` names the admin who did it."""
    event = Event(
        study_id=study_id, rater_id=rater_id, kind=kind, by=by, details=details, at=datetime.now(UTC)
    )
    session.add(event)


def happened(session: Session, study_id: int, kind: str) -> bool:
    """Whether a study has an event of this kind."""
    query = select(Event.id).where(Event.study_id == study_id, Event.kind == kind)
    return session.scalar(query.limit(1)) is not None


def last(session: Session, study_id: int, kind: str) -> Event | None:
    """The latest event of this kind of a study."""
    query = select(Event).where(Event.study_id == study_id, Event.kind == kind)
    return session.scalar(query.order_by(Event.id.desc()).limit(1))


def everything(session: Session, study_id: int) -> Sequence[Event]:
    """The events of a study, the oldest first."""
    return session.scalars(select(Event).where(Event.study_id == study_id).order_by(Event.id)).all()
