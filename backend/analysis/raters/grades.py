"""Raters who said how sure they were: answers as graded scores, and the area under their ROC curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.analysis.intervals import LEVEL
from backend.analysis.raters.auc import area
from backend.analysis.raters.columns import Columns
from backend.analysis.raters.counts import rows_by_rater
from backend.analysis.raters.roc import RocCurve, roc_curve, tally
from backend.analysis.ratings import RatingsTable
from backend.analysis.ratings.numbers import numbers


@dataclass(frozen=True)
class Grades:
    """How well a rater's graded answers separate real from fake. ``blank_as_error`` makes no difference.

    Attributes
    ----------
    graded : int
        Answers with a confidence: those that the area uses.
    ungraded : int
        Answers without a confidence, which are left out.
    auc : float or None
        Area under the ROC curve: how often a real is graded above a fake, a tie being half.
    auc_se : float or None
        DeLong's standard error.
    auc_ci_low, auc_ci_high : float or None
        Interval on the logit scale; exact where ``auc`` is 0 or 1.
    auc_degenerate : str or None
        Why one of them is ``None``; ``None`` where all are defined.
    """

    graded: int
    ungraded: int
    auc: float | None
    auc_se: float | None
    auc_ci_low: float | None
    auc_ci_high: float | None
    auc_degenerate: str | None


def graded_scores(table: RatingsTable) -> NDArray[np.float64]:
    """A score for each row of the table: confidence for "real", minus confidence for "fake".

    NaN where there is no answer or no confidence. So sure fakes come first, guesses stand in the middle, and
    sure reals come last.

    Raises
    ------
    RatingsError
        For a confidence that is no number, or negative.
    """
    sign = np.array([-1.0, 1.0, np.nan])[table.answer]  # -1, a missing answer, is the last
    return sign * numbers(table, "confidence")


def rater_curves(table: RatingsTable) -> dict[str, RocCurve | None]:
    """Each rater's ROC curve, for figures; ``None`` for whoever graded no real or no fake."""
    scores = graded_scores(table)
    rows = rows_by_rater(table, ~np.isnan(scores))
    curves = (roc_curve(table.truth[chosen], scores[chosen]) for chosen in rows)
    return dict(zip(table.raters, curves, strict=True))


def grade_columns(table: RatingsTable, level: float = LEVEL) -> Columns:
    """The fields of ``Grades``, each for all raters."""
    scores = graded_scores(table)
    answered = np.bincount(table.rater[table.answer >= 0], minlength=len(table.raters)).tolist()
    rows = rows_by_rater(table, ~np.isnan(scores))
    counts = (tally(table.truth[chosen], scores[chosen]) for chosen in rows)
    found = [area(one, "real image", "fake image", "grade") for one in counts]
    limits = [one.interval(level) for one in found]
    graded = [len(chosen) for chosen in rows]
    return {
        "graded": graded,
        "ungraded": [all_ - used for all_, used in zip(answered, graded, strict=True)],
        "auc": [one.value for one in found],
        "auc_se": [one.se for one in found],
        "auc_ci_low": [low for low, _ in limits],
        "auc_ci_high": [high for _, high in limits],
        "auc_degenerate": [one.degenerate for one in found],
    }
