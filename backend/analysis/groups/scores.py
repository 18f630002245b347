"""The answers against the truth as a matrix, and the measures as weighted sums of it."""

import numpy as np
from numpy.typing import NDArray

from backend.analysis.ratings import RatingsTable

MEASURES = ("accuracy", "balanced_accuracy", "tpr", "tnr", "fpr")
"""Rates of a rater, and attributes of a ``RaterResult``, that groups are described and compared by."""

Floats = NDArray[np.float64]


def correctness(table: RatingsTable, *, blank_as_error: bool = False) -> Floats:
    """Who was right about what: a matrix (raters, images) of 1 right, 0 wrong, and NaN without an answer.

    Parameters
    ----------
    table : RatingsTable
        The ratings.
    blank_as_error : bool
        A missing answer counts as a wrong one; an image that a rater was never shown stays NaN.

    Examples
    --------
    >>> from backend.analysis.ratings import RatingRow
    >>> rows = [RatingRow("A", "ED", "1", "fake", "fake"), RatingRow("A", "ED", "2", "real", "")]
    >>> correctness(RatingsTable.from_rows(rows)).tolist()
    [[1.0, nan]]
    >>> correctness(RatingsTable.from_rows(rows), blank_as_error=True).tolist()
    [[1.0, 0.0]]
    """
    right = np.where(table.answers < 0, np.nan, table.answers == table.truths)
    if blank_as_error:
        blank = table.answer < 0
        right[table.rater[blank], table.image[blank]] = 0.0
    return right


def measured(right: Floats, truths: NDArray[np.int8], measure: str) -> tuple[Floats, Floats]:
    """A measure as scores and weights: a rater's rate is the sum of her scores, each by its weight.

    Parameters
    ----------
    right : ndarray
        What ``correctness`` gives, or some of its rows.
    truths : ndarray
        The truth of each image: 1 real, 0 fake.
    measure : str
        One of ``MEASURES``.

    Returns
    -------
    scores, weights : ndarray
        Both (raters, images). The weights of a rater sum to 1, or are all 0 where she lacks the rate.
    """
    answered = ~np.isnan(right)
    real, fake = _shares(answered & (truths == 1)), _shares(answered & (truths == 0))
    if measure == "balanced_accuracy":
        both = (real.any(axis=1) & fake.any(axis=1))[:, None]
        return right, np.where(both, (real + fake) / 2, 0.0)
    if measure == "fpr":
        return 1 - right, fake
    return right, {"accuracy": _shares(answered), "tpr": real, "tnr": fake}[measure]


def _shares(chosen: NDArray[np.bool_]) -> Floats:
    """Equal weights for each rater's chosen images."""
    return chosen / np.maximum(chosen.sum(axis=1, keepdims=True), 1)
