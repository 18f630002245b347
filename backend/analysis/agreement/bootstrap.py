"""Fleiss' kappa over resampled items: what other images, rated by the same raters, might have given."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.analysis.agreement.counts import one_category, pairwise_agreement, rated_items
from backend.analysis.intervals import LEVEL

RESAMPLES = 10_000


@dataclass(frozen=True, eq=False)
class KappaBootstrap:
    """Fleiss' kappa of resampled tables.

    Attributes
    ----------
    values : ndarray
        Kappa of every resample in which it is defined.
    undefined : int
        Resamples in which it is not: all ratings of one category, or no item with two.
    seed : int
        The seed of the resampling.
    degenerate : str or None
        Why there are no values.
    """

    values: NDArray[np.float64]
    undefined: int
    seed: int
    degenerate: str | None = None

    @property
    def se(self) -> float | None:
        """The standard deviation of ``values``."""
        return float(self.values.std(ddof=1)) if len(self.values) > 1 else None

    def interval(self, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
        """The percentile interval."""
        if not 0 < level < 1:
            raise ValueError(f"level must lie between 0 and 1, not {level}")
        if not len(self.values):
            return None, None
        low, high = np.quantile(self.values, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)


def bootstrap_kappa(counts: ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0) -> KappaBootstrap:
    """Resample the items of a table and take Fleiss' kappa of each resample.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category.
    resamples : int
        How many tables are drawn.
    seed : int
        Seed of the random numbers; the same seed gives the same result.

    Notes
    -----
    Items with the same counts are alike to kappa, so a resample is one multinomial draw of how often each
    distinct row occurs, and kappa of all resamples is three matrix products. Raters are not resampled: a
    rater drawn twice would agree with herself.

    References
    ----------
    Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13. Vanbelle & Albert (2008), Comput.
    Stat. Data Anal. 52:4127.

    Examples
    --------
    >>> found = bootstrap_kappa([[3, 0], [0, 3], [1, 2], [2, 1]] * 10, seed=1)
    >>> len(found.values), found.undefined
    (10000, 0)
    >>> low, high = found.interval()
    >>> 0 < low < 1 / 3 < high < 1
    True
    """
    rated, reason = rated_items(counts)
    reason = reason or one_category(rated.sum(axis=0), None, "kappa")
    if reason:
        return KappaBootstrap(np.empty(0), resamples, seed, reason)
    rows, times = np.unique(rated, axis=0, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(rated), times / len(rated), size=resamples)
    values, defined = _kappas(rows, drawn.astype(float))
    return KappaBootstrap(values[defined], int(np.count_nonzero(~defined)), seed)


def _kappas(
    rows: NDArray[np.int64], drawn: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Fleiss' kappa of each resample, and whether it is defined there."""
    pairs, paired = pairwise_agreement(rows)
    with_pairs = drawn @ paired
    pi = drawn @ (rows / rows.sum(axis=1, keepdims=True)) / drawn.sum(axis=1, keepdims=True)
    # A share is 1 but for rounding only where every drawn row is of that category alone.
    single = ((drawn @ rows) > 0).sum(axis=1) == 1
    defined = (with_pairs > 0) & ~single
    chance = np.where(defined, (pi**2).sum(axis=1), 0.0)
    observed = drawn @ pairs / np.where(defined, with_pairs, 1.0)
    return (observed - chance) / (1 - chance), defined
