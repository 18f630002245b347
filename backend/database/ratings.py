"""Queries on ratings: the append-only history, and what follows from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session, aliased

from backend.database.tables import Image, Presentation, Rater, Rating


@dataclass(frozen=True)
class Step:
    """A position of a rater's order with her current answer, ``None`` before the first."""

    position: int
    key: str
    answer: str | None


@dataclass(frozen=True)
class FinalRating:
    """A rater's current answer to an image with its history in short: a row of the ratings export."""

    rater: str
    group: str
    image: str
    truth: str
    source: str
    position: int
    answer: str | None
    first_answer: str | None
    revisions: int
    response_ms: float | None
    answered_at: datetime | None


def find_submission(session: Session, presentation_id: int, submission: str) -> Rating | None:
    """The rating that was stored for this submission, if it came before."""
    query = select(Rating).where(Rating.presentation_id == presentation_id, Rating.submission == submission)
    return session.scalar(query)


def current(session: Session, presentation_id: int) -> Rating | None:
    """The last rating of a presentation."""
    query = select(Rating).where(Rating.presentation_id == presentation_id)
    return session.scalar(query.order_by(Rating.id.desc()).limit(1))


def steps(session: Session, rater_id: int) -> list[Step]:
    """A rater's whole order with her current answers."""
    span = _spans(select(Presentation.id).where(Presentation.rater_id == rater_id).scalar_subquery())
    query = (
        select(Presentation.position, Presentation.key, Rating.answer)
        .outerjoin(span, span.c.presentation_id == Presentation.id)
        .outerjoin(Rating, Rating.id == span.c.last)
        .where(Presentation.rater_id == rater_id)
        .order_by(Presentation.position)
    )
    return [Step(*row) for row in session.execute(query)]


def last_position(session: Session, rater_id: int) -> int | None:
    """The position that the rater rated or revised last."""
    query = select(Presentation.position).join(Rating, Rating.presentation_id == Presentation.id)
    query = query.where(Presentation.rater_id == rater_id).order_by(Rating.id.desc()).limit(1)
    return session.scalar(query)


def final_ratings(session: Session, study_id: int) -> Iterator[FinalRating]:
    """One row a rater who has begun and image, by rater number and position, streamed."""
    started = select(Rater.id).where(Rater.study_id == study_id, Rater.consented_at.is_not(None))
    span = _spans(select(Presentation.id).where(Presentation.rater_id.in_(started)).scalar_subquery())
    first, last = aliased(Rating), aliased(Rating)
    query = (
        select(
            Rater.name,
            Rater.group,
            Image.public_id,
            Image.truth,
            Image.source,
            Presentation.position,
            last.answer,
            first.answer,
            func.coalesce(span.c.ratings - 1, 0),
            first.response_ms,
            last.answered_at,
        )
        .join(Presentation, Presentation.rater_id == Rater.id)
        .join(Image, Image.id == Presentation.image_id)
        .outerjoin(span, span.c.presentation_id == Presentation.id)
        .outerjoin(first, first.id == span.c.first)
        .outerjoin(last, last.id == span.c.last)
        .where(Rater.id.in_(started))
        .order_by(Rater.number, Presentation.position)
    )
    for row in session.execute(query, execution_options={"yield_per": 1000}):
        yield FinalRating(*row)


def _spans(presentations: object) -> Subquery:
    """The first and the last rating of each of these presentations, and how many there are."""
    query = select(
        Rating.presentation_id,
        func.min(Rating.id).label("first"),
        func.max(Rating.id).label("last"),
        func.count().label("ratings"),
    ).where(Rating.presentation_id.in_(presentations))
    return query.group_by(Rating.presentation_id).subquery()
