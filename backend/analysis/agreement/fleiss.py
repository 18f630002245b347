"""Fleiss' kappa with missing ratings, Gwet's standard error, and intervals that keep their level."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.analysis.agreement.bootstrap import RESAMPLES, bootstrap_kappa
from backend.analysis.agreement.counts import one_category, pairwise_agreement, rated_items
from backend.analysis.agreement.estimate import Interval, linearised
from backend.analysis.agreement.intraclass import IntraclassEstimate, bounded
from backend.analysis.intervals import LEVEL


@dataclass(frozen=True)
class FleissKappa(IntraclassEstimate):
    """Fleiss' kappa of a table of counts. Attributes as of ``IntraclassEstimate``, and:

    Attributes
    ----------
    null_se : float or None
        The standard error if all ratings were independent draws (Fleiss, Nee & Landis 1979): for a test of
        kappa = 0 by z = value / null_se, and for nothing else. An interval made of it covers far too
        little where raters do agree.
    """

    null_se: float | None = None
    METHODS: ClassVar[tuple[str, ...]] = ("profile", "t", "bootstrap")

    def interval(
        self, level: float = LEVEL, method: str | None = None, *, seed: int = 0, resamples: int = RESAMPLES
    ) -> Interval:
        """The two-sided confidence interval; ``(None, None)`` where it is undefined.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        method : str, optional
            ``profile`` or ``t`` as of ``IntraclassEstimate``, or ``bootstrap``: quantiles of kappa over
            resampled items, too narrow with few items.
        seed, resamples : int
            Of the bootstrap.

        Raises
        ------
        ValueError
            For a level outside (0, 1), an unknown method, or ``profile`` with more than two categories.
        """
        if method != "bootstrap":
            return super().interval(level, method)
        self._check(level, method)
        if self.value is None or self.counts is None:
            return None, None
        return bootstrap_kappa(self.counts, seed=seed, resamples=resamples).interval(level)


def fleiss_kappa(counts: ArrayLike, *, categories: Sequence[str] | None = None) -> FleissKappa:
    """Fleiss' kappa, with missing ratings allowed.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category. Items may have different numbers of ratings, by different raters.
    categories : sequence of str, optional
        Their names, for the text of ``degenerate`` alone.

    Returns
    -------
    FleissKappa
        At most 1, and 0 for agreement as by chance. Undefined where no item has two ratings, or where all
        ratings are of one category.

    Raises
    ------
    ValueError
        For what is no table of counts.

    Notes
    -----
    With r_ik raters choosing category k for item i and r_i in all: observed agreement p_a is the mean of
    sum_k r_ik (r_ik - 1) / (r_i (r_i - 1)) over the n2 items with two ratings or more, chance agreement p_e
    is sum_k pi_k^2 with pi_k the mean of r_ik / r_i over the n items with a rating, and kappa is
    (p_a - p_e) / (1 - p_e). The standard error is Gwet's linearisation, which holds away from kappa = 0 too.

    The null variance is that of ``_null_se``; with the same number of ratings for each item it is equation
    12 of Fleiss, Nee & Landis.

    References
    ----------
    Fleiss (1971), Psychol. Bull. 76:378. Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., chapters
    2 and 5. Fleiss, Nee & Landis (1979), Psychol. Bull. 86:974.

    Examples
    --------
    Two images on which three raters agree, and two on which they do not:

    >>> kappa = fleiss_kappa([[3, 0], [0, 3], [1, 2], [2, 1]])
    >>> round(kappa.value, 4), round(kappa.se, 4)
    (0.3333, 0.3849)
    >>> low, high = kappa.interval()
    >>> round(low, 3), round(high, 3)
    (-0.19, 0.857)
    """
    rated, reason = rated_items(counts)
    reason = reason or one_category(rated.sum(axis=0), categories, "kappa")
    if reason:
        return FleissKappa(degenerate=reason)
    shares = rated / rated.sum(axis=1, keepdims=True)
    pairs, paired = pairwise_agreement(rated)
    weight = len(rated) / np.count_nonzero(paired)
    pi = shares.mean(axis=0)
    chance = pi @ pi
    kappa = (weight * pairs.mean() - chance) / (1 - chance)
    influence = weight * (pairs - chance * paired) / (1 - chance)
    influence -= 2 * (1 - kappa) * (shares @ pi - chance) / (1 - chance)
    found = bounded(linearised(kappa, influence), rated)
    return FleissKappa(**vars(found), null_se=_null_se(rated, pi))


def _null_se(rated: NDArray[np.int64], pi: NDArray[np.float64]) -> float:
    """The standard error of kappa where all ratings are independent draws from ``pi``.

    Kappa's linearisation, projected on the single ratings (variance z1 = sum pi^3 - p_e^2 of their
    probability) and on their pairs (z2 = p_e (1 - p_e) - 2 z1): an item of r >= 2 ratings adds
    4 (w - 1)^2 z1 / r + 2 w^2 z2 / (r (r - 1)), a lone rating 4 z1, with w = n / n2; the whole by
    n^2 (1 - p_e)^2.
    """
    ratings = rated.sum(axis=1)
    chance = pi @ pi
    single = (pi**3).sum() - chance**2
    pair = chance * (1 - chance) - 2 * single
    r = ratings[ratings > 1]
    weight = len(ratings) / len(r)
    added = 4 * (weight - 1) ** 2 * single / r + 2 * weight**2 * pair / (r * (r - 1))
    total = added.sum() + 4 * single * (len(ratings) - len(r))
    return float(np.sqrt(max(total, 0.0)) / (len(ratings) * (1 - chance)))
