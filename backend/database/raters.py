"""Queries on raters, their invitations and their presentation orders."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, contains_eager, joinedload

from backend.database import ratings
from backend.database.tables import Invitation, Presentation, Rater, Rating


@dataclass(frozen=True)
class Progress:
    """How far a rater is. ``answered`` counts images, ``revisions`` the ratings beyond the first of each."""

    rater: Rater
    images: int
    answered: int
    revisions: int
    last_seen: datetime | None
    invited: bool


def find_by_token_hash(
    session: Session, token_hash: str, *, lock: bool = False, alone: bool = False
) -> Rater | None:
    """The rater of an invitation that is not revoked, with her study.

    ``lock`` holds the rater against other writers, and the study and the link as they are, until the commit,
    so that what is checked stays true. ``alone``: no other rater of the study may write meanwhile.
    """
    query = (
        select(Rater)
        .join(Rater.study)
        .join(Invitation, Invitation.rater_id == Rater.id)
        .where(Invitation.token_hash == token_hash, Invitation.revoked_at.is_(None))
        .options(contains_eager(Rater.study))
    )
    if not lock:
        return session.scalar(query)
    rater = session.scalar(query.with_for_update(of=Rater))
    if rater is None:
        return None
    # Shared: raters do not wait for each other, but for who is closing the study or revoking the link.
    kind = {"key_share": True} if alone else {"read": True}
    session.refresh(rater.study, ["state", "options"], with_for_update=kind)
    link = select(Invitation.revoked_at).where(Invitation.token_hash == token_hash)
    return rater if session.execute(link.with_for_update(read=True)).scalar_one() is None else None


def token_was_given(session: Session, token_hash: str) -> bool:
    """Whether a link ever had this token, also one that was revoked."""
    return session.scalar(select(Invitation.id).where(Invitation.token_hash == token_hash)) is not None


def find(session: Session, study_id: int, name: str, *, lock: bool = False) -> Rater | None:
    """The rater of this name in a study; ``lock`` holds her against other writers until the commit."""
    query = select(Rater).where(Rater.study_id == study_id, Rater.name == name)
    query = query.options(joinedload(Rater.study))
    return session.scalar(query.with_for_update(of=Rater) if lock else query)


def by_id(session: Session, rater_id: int, *, lock: bool = False) -> Rater | None:
    """The rater of this id; ``lock`` holds her against other writers until the commit."""
    query = select(Rater).where(Rater.id == rater_id)
    return session.scalar(query.with_for_update() if lock else query)


def hold(session: Session, rater_ids: Iterable[int]) -> None:
    """Hold raters against other writers until the commit."""
    query = select(Rater.id).where(Rater.id.in_(rater_ids)).order_by(Rater.id)
    session.execute(query.with_for_update()).all()


def names(session: Session, study_id: int) -> set[str]:
    """The names that the raters of a study bear."""
    return set(session.scalars(select(Rater.name).where(Rater.study_id == study_id)))


def last_number(session: Session, study_id: int) -> int:
    """The highest number that a rater of the study bears, 0 before the first."""
    return session.scalar(select(func.max(Rater.number)).where(Rater.study_id == study_id)) or 0


def order_rows(session: Session, study_id: int, *, begun: bool = False) -> list[tuple[str, int]]:
    """The row of the balanced design of each rater who has one, with her group; ``begun``: who has agreed."""
    query = select(Rater.group, Rater.order_row)
    query = query.where(Rater.study_id == study_id, Rater.order_row.is_not(None))
    found = session.execute(query.where(Rater.consented_at.is_not(None)) if begun else query)
    return [(group, row) for group, row in found]


def forget_order(session: Session, rater_id: int) -> None:
    """Remove a rater's order, nothing of which may have been rated or seen."""
    session.execute(delete(Presentation).where(Presentation.rater_id == rater_id))


def first_choices(session: Session, study_id: int, group: str) -> dict[str, int]:
    """How many raters of a group have begun, by the answer whose button stands first."""
    query = select(Rater.first_choice, func.count()).where(
        Rater.study_id == study_id, Rater.group == group, Rater.consented_at.is_not(None)
    )
    return dict(session.execute(query.group_by(Rater.first_choice)).all())


def revoke_invitations(session: Session, rater_id: int, now: datetime) -> int:
    """Revoke every open invitation of a rater; return how many there were."""
    query = update(Invitation).where(Invitation.rater_id == rater_id, Invitation.revoked_at.is_(None))
    return session.execute(query.values(revoked_at=now)).rowcount


def presentation_by_key(session: Session, rater_id: int, key: str) -> Presentation | None:
    """The presentation of a key, with its image, if it is this rater's."""
    query = select(Presentation).where(Presentation.rater_id == rater_id, Presentation.key == key)
    return session.scalar(query.options(joinedload(Presentation.image)))


def progress(session: Session, study_id: int) -> list[Progress]:
    """Each rater of a study and how far she is, in the order of their numbers."""
    of_study = select(Presentation.id).join(Rater, Rater.id == Presentation.rater_id)
    held = ratings.ends(of_study.where(Rater.study_id == study_id).scalar_subquery())
    counts = (
        select(
            Presentation.rater_id,
            func.count().label("images"),
            func.count(Rating.answer).label("answered"),
            func.coalesce(func.sum(held.c.ratings - 1), 0).label("revisions"),
            func.max(Rating.received_at).label("last"),
        )
        .join(Rater, Rater.id == Presentation.rater_id)
        .outerjoin(held, held.c.presentation_id == Presentation.id)
        .outerjoin(Rating, Rating.id == held.c.last)
        .where(Rater.study_id == study_id)
        .group_by(Presentation.rater_id)
        .subquery()
    )
    invited = select(Invitation.rater_id).where(Invitation.revoked_at.is_(None))
    query = (
        select(
            Rater,
            func.coalesce(counts.c.images, 0),
            func.coalesce(counts.c.answered, 0),
            func.coalesce(counts.c.revisions, 0),
            counts.c.last,
            Rater.id.in_(invited),
        )
        .outerjoin(counts, counts.c.rater_id == Rater.id)
        .where(Rater.study_id == study_id)
        .order_by(Rater.number)
    )
    return [Progress(*row) for row in session.execute(query)]
