"""ROC curves, and the counts by score from which they and the areas under them are made."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class RocCurve(NamedTuple):
    """The points of an ROC curve from (0, 0) to (1, 1), as arrays.

    A score at or above ``thresholds[k]`` is called positive at point k; the first is infinite: nothing is.
    """

    fpr: NDArray[np.float64]
    tpr: NDArray[np.float64]
    thresholds: NDArray[np.float64]


class Tally(NamedTuple):
    """Scores as counts: how many positives and negatives have each of the distinct ``scores``, ascending."""

    scores: NDArray[np.float64]
    positives: NDArray[np.int64]
    negatives: NDArray[np.int64]


def roc_curve(truth: ArrayLike, scores: ArrayLike) -> RocCurve | None:
    """The ROC curve of scores, of which a high one speaks for the positive class.

    Parameters
    ----------
    truth : array_like
        1 for a positive, 0 for a negative.
    scores : array_like
        One for each; a NaN is left out.

    Returns
    -------
    RocCurve or None
        A point for every distinct score, and (0, 0); ``None`` without a positive or without a negative.

    Examples
    --------
    >>> curve = roc_curve([1, 1, 0, 0], [2, 1, 1, -2])
    >>> curve.fpr.tolist(), curve.tpr.tolist(), curve.thresholds.tolist()
    ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 1.0, 1.0], [inf, 2.0, 1.0, -2.0])
    """
    levels, positives, negatives = tally(truth, scores)
    if not positives.any() or not negatives.any():
        return None
    tpr, fpr = (
        np.concatenate([[0], np.cumsum(counts[::-1])]) / counts.sum() for counts in (positives, negatives)
    )
    return RocCurve(fpr=fpr, tpr=tpr, thresholds=np.concatenate([[np.inf], levels[::-1]]))


def tally(truth: ArrayLike, scores: ArrayLike) -> Tally:
    """Count positives and negatives by score, leaving out NaN."""
    values = np.asarray(scores, dtype=float)
    known = ~np.isnan(values)
    levels, place = np.unique(values[known], return_inverse=True)
    positive = np.asarray(truth)[known] == 1
    total = np.bincount(place, minlength=len(levels))
    positives = np.bincount(place[positive], minlength=len(levels))
    return Tally(levels, positives, total - positives)


def beaten(counts: Tally) -> NDArray[np.int64]:
    """For each level, twice the number of negatives below it, ties being half: whole numbers, so exact."""
    return 2 * np.cumsum(counts.negatives) - counts.negatives
