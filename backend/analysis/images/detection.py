"""Mean d' over raters, with raters and images both random."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from backend.analysis.groups.crossed import crossed_mean
from backend.analysis.groups.scores import Floats
from backend.analysis.intervals import LEVEL


@dataclass(frozen=True)
class MeanDPrime:
    """The mean over raters of d'.

    Attributes
    ----------
    value : float or None
        It; ``None`` where no rater answered both reals and fakes.
    se : float or None
        Its standard error over other raters and other images.
    df : float or None
        Satterthwaite's degrees of freedom of ``se``.
    degenerate : str or None
        Why something is ``None``.
    """

    value: float | None
    se: float | None
    df: float | None
    degenerate: str | None

    def interval(self, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
        """The t interval; ``(None, None)`` where the standard error is undefined or 0."""
        if not self.se or self.df is None:
            return None, None
        half = float(stdtrit(self.df, (1 + level) / 2)) * self.se
        return self.value - half, self.value + half


def mean_d_prime(right: Floats, truths: NDArray[np.int8]) -> MeanDPrime:
    """Mean d' of raters who answered both reals and fakes.

    Parameters
    ----------
    right : a matrix (raters, images): 1 right, 0 wrong, NaN missing.
    truths : of each image: 1 real, 0 fake.

    Notes
    -----
    d' = z(TPR) + z(TNR), each rate with the log-linear correction (k + 1/2) / (n + 1). Its standard error is
    that of a mean of scores (``crossed_mean``): an answer's score is z(p) + z'(p) (answer - p) with the
    rater's rate p, so that the scores of a rater add up to her d' (the delta method within raters; between
    them it is exact).

    References
    ----------
    Hautus (1995), Behav. Res. Methods Instrum. Comput. 27:46, for the correction.

    Examples
    --------
    >>> right = np.array([[1, 1, 0, 1, 0], [1, 0, 1, 1, 1], [1, 1, 1, 0, 0]])
    >>> found = mean_d_prime(right, np.array([1, 1, 1, 0, 0]))
    >>> round(found.value, 3), round(found.se, 3)
    (0.596, 0.445)
    """
    answered = ~np.isnan(right)
    scores, weights = np.zeros(right.shape), np.zeros(right.shape)
    for truth in (0, 1):
        chosen = answered & (truths == truth)
        n = chosen.sum(axis=1, keepdims=True)
        rate = np.where(chosen, right, 0).sum(axis=1, keepdims=True) / np.maximum(n, 1)
        z = ndtri((rate * n + 0.5) / (n + 1))
        steepness = n / (n + 1) * np.sqrt(2 * np.pi) * np.exp(z**2 / 2)
        scores = np.where(chosen, z + steepness * (right - rate), scores)
        weights += chosen / np.maximum(n, 1)
    both = (weights.sum(axis=1) > 1.5)[:, None]
    found = crossed_mean(np.where(answered, scores, np.nan), np.where(both, weights, 0.0), truths)
    return MeanDPrime(found.value, found.se, found.df, found.degenerate)
