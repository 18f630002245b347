"""Queries for what an admin takes away: whole histories, streamed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from backend.database import mixes
from backend.database.tables import ConsentText, Image, Presentation, Rater, Rating, Viewing

AT_ONCE = 1000


@dataclass(frozen=True)
class Participant:
    """A rater who has agreed, and the language of the text that she agreed to, where it is known."""

    rater: Rater
    language: str | None


def history(session: Session, study_id: int) -> Iterator[Row[Any]]:
    """Every rating of a study with what it is about, by rater number, in the order they were given.

    Each row: rater, group, image, truth, source, position, the columns of the ``Rating``, and showing.
    """
    query = (
        select(
            Rater.name,
            Rater.group,
            Image.public_id,
            Image.truth,
            mixes.source_of(session, study_id),
            Presentation.position,
            Rating.answer,
            Rating.confidence,
            Rating.response_ms,
            Rating.hidden_ms,
            Rating.response_clock,
            Rating.answered_at,
            Rating.received_at,
            Presentation.showing,
        )
        .join(Presentation, Presentation.id == Rating.presentation_id)
        .join(Rater, Rater.id == Presentation.rater_id)
        .join(Image, Image.id == Presentation.image_id)
        .where(Rater.study_id == study_id)
        .order_by(Rater.number, Rating.answered_at, Rating.id)
    )
    return _streamed(session, query)


def viewings(session: Session, study_id: int) -> Iterator[Row[Any]]:
    """One row a rater and showing of an image that was on her screen, by rater number and position.

    Each row: rater, group, image, position, number of stays; visible milliseconds of the first stay, of the
    last and of all; hidden ones of all; when the first began; showing.
    """
    order = (Viewing.began_at, Viewing.id)
    stays = (
        select(
            Viewing.presentation_id,
            Viewing.visible_ms,
            Viewing.hidden_ms,
            Viewing.began_at,
            func.row_number().over(partition_by=Viewing.presentation_id, order_by=order).label("from_first"),
            func.row_number()
            .over(partition_by=Viewing.presentation_id, order_by=[one.desc() for one in order])
            .label("from_last"),
        )
        .join(Presentation, Presentation.id == Viewing.presentation_id)
        .join(Rater, Rater.id == Presentation.rater_id)
        .where(Rater.study_id == study_id)
        .subquery()
    )
    first, last = stays.c.from_first == 1, stays.c.from_last == 1
    query = (
        select(
            Rater.name,
            Rater.group,
            Image.public_id,
            Presentation.position,
            func.count(),
            func.max(stays.c.visible_ms).filter(first),
            func.max(stays.c.visible_ms).filter(last),
            func.sum(stays.c.visible_ms),
            func.sum(stays.c.hidden_ms),
            func.min(stays.c.began_at),
            Presentation.showing,
        )
        .select_from(stays)
        .join(Presentation, Presentation.id == stays.c.presentation_id)
        .join(Rater, Rater.id == Presentation.rater_id)
        .join(Image, Image.id == Presentation.image_id)
        .group_by(
            Rater.number,
            Rater.name,
            Rater.group,
            Image.public_id,
            Presentation.position,
            Presentation.showing,
        )
        .order_by(Rater.number, Presentation.position)
    )
    return _streamed(session, query)


def participants(session: Session, study_id: int) -> list[Participant]:
    """The raters of a study who have agreed, by number."""
    query = (
        select(Rater, ConsentText.language)
        .outerjoin(ConsentText, ConsentText.version == Rater.consent_version)
        .where(Rater.study_id == study_id, Rater.consented_at.is_not(None))
        .order_by(Rater.number)
    )
    return [Participant(rater, language) for rater, language in session.execute(query)]


def _streamed(session: Session, query: Select[Any]) -> Iterator[Row[Any]]:
    yield from session.execute(query, execution_options={"yield_per": AT_ONCE})
