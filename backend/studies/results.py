"""A study's ratings as the analysis takes them: the same rows for pages, export and statistics."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.orm import Session

from backend.analysis.raters.tally import Confusion, confusion_of
from backend.analysis.ratings import RatingRow
from backend.database import ratings
from backend.database.ratings import FinalRating, Step
from backend.database.tables import Rater, Study
from backend.extras import needing
from backend.studies.lifecycle import ENDED
from backend.studies.options import options_of
from backend.studies.refusals import Conflict

if TYPE_CHECKING:  # the analysis is an extra: it is loaded where results are asked for
    from backend.analysis.report.results import Results


def rating_rows(session: Session, study: Study) -> Iterator[RatingRow]:
    """One row an image and rater who has begun, in the columns of the ratings CSV."""
    return (_row(study, final) for final in ratings.final_ratings(session, study.id))


REMEMBERED = 4
_KEPT: "dict[str, Results]" = {}
"""The latest results by their ratings: a page and its figures need not compute the same again and again."""

SEALED = (
    "the results are sealed until the study is closed: who looks at them while answers come in may be led to "
    "stop, or to go on, by what she sees. Close the study first."
)


def sealed(study: Study) -> bool:
    """Whether nobody may see results yet."""
    return study.state not in ENDED and options_of(study).seal_results


def study_results(session: Session, study: Study) -> "Results | None":
    """The study's statistics, or ``None`` before the first answer. Raises ``Conflict`` while sealed, and
    ``NotInstalled`` where the analysis is not.
    """
    if sealed(study):
        raise Conflict(SEALED)
    # Imported here: scipy takes a second to load, and a server may be installed without.
    with needing():
        from backend.analysis.ratings import RatingsTable  # noqa: PLC0415
        from backend.analysis.report.results import analyze  # noqa: PLC0415

    rows = tuple(rating_rows(session, study))
    if not any(row.answer for row in rows):
        return None
    key = hashlib.sha256(repr(rows).encode()).hexdigest()
    if key not in _KEPT:
        _KEPT[key] = analyze(RatingsTable.from_rows(rows, name=study.title))
        for old in list(_KEPT)[:-REMEMBERED]:
            _KEPT.pop(old, None)
    return _KEPT[key]


@dataclass(frozen=True)
class OwnResults:
    """A rater's confusion counts, and the images that she took for what they were not."""

    counts: Confusion
    mistaken: tuple[tuple[Step, str], ...]
    """Each with its truth, by position."""


def may_see_own(rater: Rater) -> bool:
    """Whether a rater sees her own results: only after the study has closed, and if it allows it."""
    study = rater.study
    return rater.consented_at is not None and study.state in ENDED and options_of(study).show_results


def own_results(session: Session, rater: Rater) -> OwnResults | None:
    """A rater's own results, or ``None`` where she answered nothing."""
    finals = list(ratings.final_ratings(session, rater.study_id, rater_id=rater.id))
    if not any(final.answer for final in finals):
        return None
    rows = [_row(rater.study, final) for final in finals]
    counts = confusion_of(rows)
    steps = ratings.steps(session, rater.id)
    mistaken = [
        (steps[final.position - 1], final.truth)
        for final in finals
        if final.answer and final.answer != final.truth
    ]
    return OwnResults(counts, tuple(mistaken))


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
        confidence=final.confidence,
        response_ms=final.response_ms,
        answered_at=final.answered_at and final.answered_at.isoformat(timespec="microseconds"),
        diagnosis=final.diagnosis,
        repeat_position=final.repeat_position,
        repeat_answer=final.repeat_answer,
    )
