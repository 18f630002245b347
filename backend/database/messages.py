"""Queries on mails that are to be sent, or were."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from backend.database.tables import Message, Rater


@dataclass(frozen=True)
class Counts:
    """How many mails of a study wait (or are being sent), were sent, and could not be."""

    waiting: int = 0
    sent: int = 0
    failed: int = 0


def counts(session: Session, study_id: int) -> Counts:
    """The mails of a study by what became of them."""
    query = (
        select(Message.state, func.count())
        .join(Rater, Rater.id == Message.rater_id)
        .where(Rater.study_id == study_id)
        .group_by(Message.state)
    )
    found = dict(session.execute(query).all())
    waiting = found.get("queued", 0) + found.get("sending", 0)
    return Counts(waiting, found.get("sent", 0), found.get("failed", 0))


def queue(session: Session, raters: Iterable[Rater], kind: str, now: datetime) -> int:
    """Put a mail to each of these raters into the queue; how many."""
    made = [Message(rater_id=one.id, kind=kind, state="queued", created_at=now) for one in raters]
    session.add_all(made)
    return len(made)


def claim(session: Session, before: datetime, abandoned: datetime) -> Message | None:
    """The next mail to send, locked: one not tried since ``before``, or left lying since ``abandoned``.

    Its rater is locked with it; a mail of which somebody else holds either is passed over, so that nobody
    waits for the other.
    """
    waits = (Message.state == "queued") & or_(Message.tried_at.is_(None), Message.tried_at < before)
    lies = (Message.state == "sending") & (Message.tried_at < abandoned)
    query = select(Message).join(Message.rater).options(contains_eager(Message.rater))
    query = query.where(or_(waits, lies)).order_by(Message.id).limit(1)
    return session.scalar(query.with_for_update(of=[Message, Rater], skip_locked=True))


def again(session: Session, study_id: int) -> int:
    """Put the failed mails of a study back into the queue; how many."""
    of_study = select(Rater.id).where(Rater.study_id == study_id)
    failed = update(Message).where(Message.state == "failed", Message.rater_id.in_(of_study))
    return session.execute(failed.values(state="queued", attempts=0, tried_at=None)).rowcount


def find(session: Session, message_id: int) -> Message | None:
    """The mail of this id, locked; none where its rater's data was deleted meanwhile."""
    return session.get(Message, message_id, with_for_update=True)
