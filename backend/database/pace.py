"""How fast raters answer and which answers they give, without a look at the truth; and with one."""

from dataclasses import dataclass

from sqlalchemy import Integer, case, cast, func, select
from sqlalchemy.orm import Session, aliased

from backend.database import ratings
from backend.database.tables import Image, Presentation, Rater, Rating


@dataclass(frozen=True)
class Pace:
    """A rater's answers as counts: how many were ``real`` or ``fake``, and how many of them were right.

    ``median_ms``: the median response time to the first sight of an image, where it is known.
    """

    real: int = 0
    fake: int = 0
    right: int = 0
    timed: int = 0
    median_ms: float | None = None


def paces(session: Session, study_id: int) -> dict[int, Pace]:
    """The pace of each rater of a study who has answered, by her id."""
    of_study = select(Presentation.id).join(Rater, Rater.id == Presentation.rater_id)
    held = ratings.ends(of_study.where(Rater.study_id == study_id).scalar_subquery())
    first, last = aliased(Rating), aliased(Rating)
    counted = (
        select(
            Presentation.rater_id,
            func.sum(case((last.answer == "real", 1), else_=0)),
            func.sum(case((last.answer == "fake", 1), else_=0)),
            func.sum(case((last.answer == Image.truth, 1), else_=0)),
        )
        .join(held, held.c.presentation_id == Presentation.id)
        .join(last, last.id == held.c.last)
        .join(Image, Image.id == Presentation.image_id)
        .group_by(Presentation.rater_id)
    )
    timed = (
        select(
            Presentation.rater_id,
            first.response_ms,
            func.row_number()
            .over(partition_by=Presentation.rater_id, order_by=first.response_ms)
            .label("place"),
            func.count().over(partition_by=Presentation.rater_id).label("count"),
        )
        .join(held, held.c.presentation_id == Presentation.id)
        .join(first, first.id == held.c.first)
        .where(first.response_ms.is_not(None))
        .subquery()
    )
    twice = cast(timed.c.place, Integer) * 2 - cast(timed.c.count, Integer)  # 0, 1 or 2 in the middle
    medians = (
        select(timed.c.rater_id, func.max(timed.c.count), func.avg(timed.c.response_ms))
        .where(twice.between(0, 2))
        .group_by(timed.c.rater_id)
    )
    times = {rater: (count, float(median)) for rater, count, median in session.execute(medians)}
    return {
        rater: Pace(real, fake, right, *times.get(rater, (0, None)))
        for rater, real, fake, right in session.execute(counted)
    }
