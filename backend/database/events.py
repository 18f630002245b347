"""The audit log: what admins and raters did, append-only. Every part of the program appends by ``add``."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from backend.database import chain
from backend.database.tables import Event, Rater

DOWNLOADED = "downloaded"
"""The one kind that changes nothing of a study: in the log, and not in the study's own record."""
ELSEWHERE = "another installation"
"""Stands for whoever did what a bundle brought: who it was stayed where it was done."""
BY_RATERS = ("agreed", "submitted")
"""What raters do themselves."""
COMMAND_LINE = "command line"
"""Who did what no admin and no rater did."""


@dataclass(frozen=True)
class Chosen:
    """Which rows of the log are meant, ``by`` whom as ``actors`` says; empty fields mean all."""

    study_id: int | None = None
    by: str = ""
    kind: str = ""


def add(
    session: Session,
    study_id: int | None,
    kind: str,
    *,
    rater_id: int | None = None,
    by: str = "",
    **details: Any,
) -> None:
    """Record that something happens now, with this transaction and not without it.

    ``by`` names the admin who did it; empty, without a rater, it was the command line. ``study_id`` is
    ``None`` for what belongs to no study. Details hold nothing personal of raters, ids at most: what
    is in the log cannot be taken out of it.
    """
    chain.append(session, study_id, kind, rater_id=rater_id, by=by, details=details)


def adopt(
    session: Session, study_id: int, kind: str, *, rater_id: int | None, details: dict[str, Any], at: datetime
) -> None:
    """Record what happened to a study in another installation, before it came here."""
    chain.append(session, study_id, kind, rater_id=rater_id, by=ELSEWHERE, details=details, at=at)


def happened(session: Session, study_id: int, kind: str) -> bool:
    """Whether a study has an event of this kind."""
    waiting = (one.event for one in chain.pending(session))
    if any((one.study_id, one.kind) == (study_id, kind) for one in waiting):
        return True
    query = select(Event.id).where(Event.study_id == study_id, Event.kind == kind)
    return session.scalar(query.limit(1)) is not None


def last(session: Session, study_id: int, kind: str) -> Event | None:
    """The latest event of this kind of a study."""
    query = select(Event).where(Event.study_id == study_id, Event.kind == kind)
    return session.scalar(query.order_by(Event.id.desc()).limit(1))


def everything(session: Session, study_id: int) -> Sequence[Event]:
    """The events that changed the course of a study, the oldest first."""
    query = select(Event).where(Event.study_id == study_id, Event.kind != DOWNLOADED)
    return session.scalars(query.order_by(Event.id)).all()


def page(session: Session, chosen: Chosen, *, skip: int, most: int) -> list[tuple[Event, str]]:
    """Rows of the log with the rater's name, the latest first."""
    query = _chosen(chosen).order_by(Event.id.desc()).offset(skip).limit(most)
    return [(row, name or "") for row, name in session.execute(query)]


def count(session: Session, chosen: Chosen) -> int:
    """How many rows of the log are meant."""
    return session.scalar(select(func.count()).select_from(_chosen(chosen).subquery())) or 0


def stream(session: Session, chosen: Chosen) -> Generator[tuple[Event, str], None, None]:
    """Rows of the log with the rater's name, the oldest first, however many."""
    query = _chosen(chosen).order_by(Event.id).execution_options(yield_per=1000)
    with session.execute(query) as rows:
        for row, name in rows:
            yield row, name or ""


def actors(session: Session) -> Sequence[str]:
    """The admins who stand in the log, and the command line."""
    found = session.scalars(select(Event.by).where(Event.by != "").distinct().order_by(Event.by)).all()
    return [COMMAND_LINE, *found]


def kinds(session: Session) -> Sequence[str]:
    """What has happened at all."""
    return session.scalars(select(Event.kind).distinct().order_by(Event.kind)).all()


def _chosen(chosen: Chosen) -> Select[tuple[Event, str | None]]:
    query = select(Event, Rater.name).outerjoin(Rater, Rater.id == Event.rater_id)
    if chosen.study_id is not None:
        query = query.where(Event.study_id == chosen.study_id)
    if chosen.kind:
        query = query.where(Event.kind == chosen.kind)
    if chosen.by == COMMAND_LINE:
        return query.where(Event.by == "", Event.kind.not_in(BY_RATERS))
    return query.where(Event.by == chosen.by) if chosen.by else query
