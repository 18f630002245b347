"""Queries on who raters are, apart from their answers."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, delete, func, select
from sqlalchemy.orm import Session, joinedload

from backend.database.tables import Event, Invitation, Message, Person, Presentation, Rater, Rating, Viewing


@dataclass(frozen=True)
class Listed:
    """A rater with who she is, whether a link of hers works, and the last mail to her."""

    rater: Rater
    person: Person | None
    invited: bool
    message: Message | None


def listed(session: Session, study_id: int) -> list[Listed]:
    """The raters of a study, by number."""
    invited = select(Invitation.rater_id).where(Invitation.revoked_at.is_(None))
    last = (
        select(Message.rater_id, func.max(Message.id).label("id"))
        .join(Rater, Rater.id == Message.rater_id)
        .where(Rater.study_id == study_id)
        .group_by(Message.rater_id)
        .subquery()
    )
    query = (
        select(Rater, Person, Rater.id.in_(invited), Message)
        .outerjoin(Person, Person.rater_id == Rater.id)
        .outerjoin(last, last.c.rater_id == Rater.id)
        .outerjoin(Message, Message.id == last.c.id)
        .where(Rater.study_id == study_id)
        .order_by(Rater.number)
    )
    return [Listed(*row) for row in session.execute(query)]


def of_rater(session: Session, rater_id: int) -> Person | None:
    """Who a rater is, as far as it is known."""
    return session.get(Person, rater_id)


def addresses(session: Session, study_id: int) -> list[tuple[str, str]]:
    """The addresses of a study's raters, each with the rater's name."""
    query = select(Person.email, Rater.name).join(Rater, Rater.id == Person.rater_id)
    return [
        (email, name)
        for email, name in session.execute(query.where(Rater.study_id == study_id, Person.email != ""))
    ]


def by_external_id(session: Session, study_id: int, external_id: str) -> Person | None:
    """Whom a panel calls by this id in a study."""
    return session.scalar(
        select(Person).where(Person.study_id == study_id, Person.external_id == external_id)
    )


def to_remind(session: Session, study_id: int) -> list[tuple[Rater, datetime | None]]:
    """Whom a mail may reach who has not finished, with when the last was made or tried."""
    last = func.max(func.coalesce(Message.sent_at, Message.tried_at, Message.created_at))
    query = (
        select(Rater, last)
        .join(Person, Person.rater_id == Rater.id)
        .outerjoin(Message, Message.rater_id == Rater.id)
        .where(
            Rater.study_id == study_id,
            Rater.submitted_at.is_(None),
            Person.email != "",
            Person.opted_out_at.is_(None),
            _has_link(),
        )
        .group_by(Rater.id)
        .order_by(Rater.number)
    )
    return [(rater, moment) for rater, moment in session.execute(query)]


def to_invite(session: Session, study_id: int) -> list[Rater]:
    """Whom a mail may reach who has not begun, and to whom none was ever made."""
    query = (
        select(Rater)
        .join(Person, Person.rater_id == Rater.id)
        .where(
            Rater.study_id == study_id,
            Rater.consented_at.is_(None),
            Person.email != "",
            Person.opted_out_at.is_(None),
            _has_link(),
            ~select(Message.id).where(Message.rater_id == Rater.id).exists(),
        )
        .order_by(Rater.number)
    )
    return list(session.scalars(query))


def has_link(session: Session, rater_id: int) -> bool:
    """Whether a link of the rater works."""
    return session.scalar(select(Rater.id).where(Rater.id == rater_id, _has_link())) is not None


def with_personal_data(session: Session, study_id: int) -> list[Rater]:
    """The raters of a study of whom anything personal is kept beside their answers."""
    person = select(Person.rater_id).where(Person.rater_id == Rater.id)
    message = select(Message.id).where(Message.rater_id == Rater.id)
    query = select(Rater).options(joinedload(Rater.study)).where(Rater.study_id == study_id)
    return [
        rater
        for rater, kept in session.execute(query.add_columns(person.exists() | message.exists()))
        if kept or any(isinstance(given, str) for given in rater.form.values())
    ]


def forget(session: Session, rater_id: int) -> None:
    """Delete who a rater is, and the mails to her."""
    for table in (Person, Message):
        session.execute(delete(table).where(table.rater_id == rater_id))


def delete_rater(session: Session, rater: Rater) -> None:
    """Delete a rater with everything of hers; events that name her id stay."""
    shown = select(Presentation.id).where(Presentation.rater_id == rater.id).scalar_subquery()
    for table in (Rating, Viewing):
        session.execute(delete(table).where(table.presentation_id.in_(shown)))
    session.execute(delete(Presentation).where(Presentation.rater_id == rater.id))
    forget(session, rater.id)
    session.execute(delete(Invitation).where(Invitation.rater_id == rater.id))
    session.delete(rater)
    session.flush()


def unused_id(session: Session) -> int | None:
    """An id that no rater ever had, where the database would give a deleted rater's to another.

    SQLite takes the largest one and one; PostgreSQL counts on by itself.
    """
    if session.get_bind().dialect.name != "sqlite":
        return None
    largest = (session.scalar(select(func.max(one))) or 0 for one in (Rater.id, Event.rater_id))
    return max(largest) + 1


def _has_link() -> object:
    link = and_(Invitation.rater_id == Rater.id, Invitation.revoked_at.is_(None))
    return select(Invitation.id).where(link).exists()
