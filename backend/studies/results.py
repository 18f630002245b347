"""A study's ratings as the analysis takes them: the same rows for pages, export and statistics."""

import io
from collections.abc import Iterator

from sqlalchemy.orm import Session

from backend.analysis.ratings import RatingRow, RatingsTable, write_ratings
from backend.analysis.report import Results, analyze
from backend.database import ratings
from backend.database.ratings import FinalRating
from backend.database.tables import Study


def rating_rows(session: Session, study: Study) -> Iterator[RatingRow]:
    """One row an image and rater who has begun, in the columns of the ratings CSV."""
    return (_row(study, final) for final in ratings.final_ratings(session, study.id))


def study_results(session: Session, study: Study) -> Results | None:
    """The study's statistics, or ``None`` before the first answer."""
    rows = list(rating_rows(session, study))
    if not any(row.answer for row in rows):
        return None
    return analyze(RatingsTable.from_rows(rows, name=study.title))


def ratings_csv(session: Session, study: Study) -> str:
    """The study's ratings CSV: what ``dermvtt analyze`` takes."""
    stream = io.StringIO(newline="")
    write_ratings(rating_rows(session, study), stream)
    return stream.getvalue()


def _row(study: Study, final: FinalRating) -> RatingRow:
    return RatingRow(
        rater=final.rater,
        group=final.group,
        image=final.image,
        truth=final.truth,
        answer=final.answer,
        study=str(study.id),
        source=final.source,
        position=final.position,
        first_answer=final.first_answer,
        revisions=final.revisions,
        response_ms=final.response_ms,
        answered_at=final.answered_at and final.answered_at.isoformat(timespec="microseconds"),
    )
