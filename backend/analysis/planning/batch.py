"""The two-way random-effects interval of a mean rate, for many complete tables at once.

It is the report's, ``backend.analysis.groups.crossed.crossed_mean`` with the images' truths as strata,
written for arrays of tables without missing answers; a test holds the two to each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, stdtrit

from backend.analysis.groups.crossed_estimate import ROUNDING

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MeanRates:
    """A mean rate of each study, its variance, and Satterthwaite's degrees of freedom."""

    value: Floats
    variance: Floats
    df: Floats

    def interval(self, level: float) -> tuple[Floats, Floats]:
        """The logit interval of each study; from 0 to 1 where it is undefined, for nothing is shown there."""
        defined = self.variance > ROUNDING
        value = np.where(defined, self.value, 0.5)
        half = stdtrit(self.df, (1 + level) / 2) * np.sqrt(self.variance) / (value * (1 - value))
        low, high = expit(logit(value) - half), expit(logit(value) + half)
        return np.where(defined, low, 0.0), np.where(defined, high, 1.0)


def mean_rates(kinds: Sequence[NDArray[np.bool_]], weights: Sequence[float]) -> MeanRates:
    """The mean rates of studies, each rater counting once.

    Parameters
    ----------
    kinds : sequence of ndarray
        For each kind of images (real, fake) the right answers, (studies, raters, images); two raters and two
        images at least.
    weights : sequence of float
        Of each kind in a rater's rate; they sum to 1.

    Returns
    -------
    MeanRates
        Of all studies.

    Notes
    -----
    With kind s of n_s images and weight v_s, judged by R raters whose rates have the variance S^2, the
    variance of the mean is the sum of raters, S^2 / R - sum_s e_s, images, i_s = v_s^2 (MS_image,s -
    MS_residual,s) / (R n_s), and residuals, e_s = v_s^2 MS_residual,s / (R n_s), with negative contributions
    taken as 0.

    Examples
    --------
    >>> right = np.array([[[1, 1, 0, 1, 0], [1, 0, 0, 1, 1], [1, 1, 1, 1, 0], [0, 1, 0, 1, 0]]]) == 1
    >>> low, high = mean_rates([right], [1.0]).interval(0.95)
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (0.187, 0.907)
    """
    raters = kinds[0].shape[1]
    rates = np.zeros(kinds[0].shape[:2])
    parts = []
    for right, weight in zip(kinds, weights, strict=True):
        rate, image, residual = _parts(right, weight)
        rates += weight * rate
        parts.append((image, residual, right.shape[2]))
    rater = rates.var(axis=1, ddof=1) / raters - sum(residual for _, residual, _ in parts)
    variance = np.maximum(rater, 0) + sum(np.maximum(image, 0) + residual for image, residual, _ in parts)
    squares = (rater + sum(residual for _, residual, _ in parts)) ** 2 / (raters - 1)
    for image, residual, images in parts:
        squares += (image + residual) ** 2 / (images - 1) + residual**2 / ((raters - 1) * (images - 1))
    df = np.divide(variance**2, squares, out=np.zeros(len(squares)), where=squares > 0)
    fewest = min(raters, *(images for _, _, images in parts))
    return MeanRates(rates.mean(axis=1), variance, np.maximum(df, fewest - 1))


def _parts(right: NDArray[np.bool_], weight: float) -> tuple[Floats, Floats, Floats]:
    """The raters' rates on images of one kind, and what these images and their residual contribute."""
    _, raters, images = right.shape
    of_rater = right.sum(axis=2, dtype=np.int32) / images
    of_image = right.sum(axis=1, dtype=np.int32) / raters
    mean = of_rater.mean(axis=1, keepdims=True)
    by_rater, by_image = ((x - mean) ** 2 for x in (of_rater, of_image))
    ss_rater, ss_image = images * by_rater.sum(axis=1), raters * by_image.sum(axis=1)
    total = raters * images * (mean * (1 - mean))[:, 0]
    ms_residual = np.maximum(total - ss_rater - ss_image, 0) / ((raters - 1) * (images - 1))
    part = weight**2 / (raters * images)
    return of_rater, part * (ss_image / (images - 1) - ms_residual), part * ms_residual
