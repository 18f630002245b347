"""Queries on ratings: the append-only history, and what follows from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Subquery, exists, func, select
from sqlalchemy.orm import Session, aliased

from backend.database import mixes
from backend.database.tables import Image, Presentation, Rater, Rating, Study, Viewing


@dataclass(frozen=True)
class Step:
    """A position of a rater's order with her current answer, ``None`` before the first.

    ``seen``: the image has been on her screen.
    """

    position: int
    key: str
    answer: str | None
    confidence: int | None = None
    seen: bool = False


@dataclass(frozen=True)
class FinalRating:
    """A rater's current answer to an image with its history in short: a row of the ratings export.

    All of it is of the first showing, but for the position of a second one and her current answer to that.
    """

    rater: str
    group: str
    image: str
    truth: str
    source: str
    position: int
    answer: str | None
    first_answer: str | None
    revisions: int
    confidence: int | None
    response_ms: float | None
    answered_at: datetime | None
    diagnosis: str | None = None
    repeat_position: int | None = None
    repeat_answer: str | None = None


def steps(session: Session, rater_id: int) -> list[Step]:
    """A rater's whole order with her current answers."""
    ranked = ranks(select(Presentation.id).where(Presentation.rater_id == rater_id).scalar_subquery())
    viewed = exists().where(Viewing.presentation_id == Presentation.id)
    query = (
        select(
            Presentation.position,
            Presentation.key,
            Rating.answer,
            Rating.confidence,
            viewed | ranked.c.id.is_not(None),
        )
        .outerjoin(ranked, (ranked.c.presentation_id == Presentation.id) & (ranked.c.from_last == 1))
        .outerjoin(Rating, Rating.id == ranked.c.id)
        .where(Presentation.rater_id == rater_id)
        .order_by(Presentation.position)
    )
    return [Step(*row) for row in session.execute(query)]


def last_position(session: Session, rater_id: int) -> int | None:
    """The position that the rater rated or revised last."""
    query = select(Presentation.position).join(Rating, Rating.presentation_id == Presentation.id)
    query = query.where(Presentation.rater_id == rater_id)
    return session.scalar(query.order_by(Rating.answered_at.desc(), Rating.id.desc()).limit(1))


def last_received(session: Session, rater_id: int) -> datetime | None:
    """When the last of a rater's ratings came, by the server's clock of then."""
    query = select(func.max(Rating.received_at)).join(Rating.presentation)
    return session.scalar(query.where(Presentation.rater_id == rater_id))


def any_in_study(session: Session, study_id: int) -> bool:
    """Whether a rating of the study exists."""
    query = select(Rating.id).join(Rating.presentation).join(Rater, Rater.id == Presentation.rater_id)
    return session.scalar(query.where(Rater.study_id == study_id).limit(1)) is not None


def final_ratings(session: Session, study_id: int, *, rater_id: int | None = None) -> Iterator[FinalRating]:
    """One row a rater who has begun (or this rater) and image, by rater number and position, streamed."""
    started = select(Rater.id).where(Rater.study_id == study_id, Rater.consented_at.is_not(None))
    if rater_id is not None:
        started = started.where(Rater.id == rater_id)
    held = ends(select(Presentation.id).where(Presentation.rater_id.in_(started)).scalar_subquery())
    first, last = aliased(Rating), aliased(Rating)
    query = (
        select(
            Rater.name,
            Rater.group,
            Image.public_id,
            Image.truth,
            mixes.source_of(session, study_id),
            Presentation.position,
            last.answer,
            first.answer,
            func.coalesce(held.c.ratings - 1, 0),
            last.confidence,
            first.response_ms,
            last.answered_at,
            Image.provenance["diagnosis"].as_string(),
        )
        .join(Presentation, (Presentation.rater_id == Rater.id) & (Presentation.showing == 1))
        .join(Image, Image.id == Presentation.image_id)
        .outerjoin(held, held.c.presentation_id == Presentation.id)
        .outerjoin(first, first.id == held.c.first)
        .outerjoin(last, last.id == held.c.last)
        .where(Rater.id.in_(started))
        .order_by(Rater.number, Presentation.position)
    )
    if _repeats(session, study_id):
        query = _with_second(query, started)
    for row in session.execute(query, execution_options={"yield_per": 1000}):
        yield FinalRating(*row)


def _repeats(session: Session, study_id: int) -> bool:
    """Whether images of the study are shown twice."""
    options = session.scalar(select(Study.options).where(Study.id == study_id)) or {}
    return bool(options.get("repeats"))


def _with_second(query: Select[Any], raters: Select[Any]) -> Select[Any]:
    """The query with where each image was shown a second time, and what the rater then said in the end."""
    again, said = aliased(Presentation), aliased(Rating)
    second = select(Presentation.id).where(Presentation.rater_id.in_(raters), Presentation.showing == 2)
    held = ends(second.scalar_subquery())
    is_again = (again.rater_id == Rater.id) & (again.image_id == Presentation.image_id) & (again.showing == 2)
    return (
        query.add_columns(again.position, said.answer)
        .outerjoin(again, is_again)
        .outerjoin(held, held.c.presentation_id == again.id)
        .outerjoin(said, said.id == held.c.last)
    )


def ends(presentations: object) -> Subquery:
    """The ids of the first and the last rating of each of these presentations, and how many there are.

    One row a presentation: joined on both a presentation and a place, SQLite would look for the place first,
    and among many ratings that takes minutes.
    """
    ranked = ranks(presentations)
    query = select(
        ranked.c.presentation_id,
        func.max(ranked.c.id).filter(ranked.c.from_first == 1).label("first"),
        func.max(ranked.c.id).filter(ranked.c.from_last == 1).label("last"),
        func.count().label("ratings"),
    )
    return query.group_by(ranked.c.presentation_id).subquery()


def ranks(presentations: object) -> Subquery:
    """Each rating of these presentations with its place in the order in which they were given.

    That order is by time: an answer that was given earlier, but arrives later, stays the earlier one.
    """
    last_first = (Rating.answered_at.desc(), Rating.id.desc())
    query = select(
        Rating.id,
        Rating.presentation_id,
        func.row_number()
        .over(partition_by=Rating.presentation_id, order_by=(Rating.answered_at, Rating.id))
        .label("from_first"),
        func.row_number().over(partition_by=Rating.presentation_id, order_by=last_first).label("from_last"),
    )
    return query.where(Rating.presentation_id.in_(presentations)).subquery()
