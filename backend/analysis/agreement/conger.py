"""Conger's kappa: Cohen's for any number of raters, each with chances of her own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.analysis.agreement.counts import (
    MISSING,
    answering,
    category_counts,
    one_category,
    pairwise_agreement,
)
from backend.analysis.agreement.estimate import Estimate, linearised

Array = NDArray[np.float64]


def conger_kappa(ratings: ArrayLike, *, categories: Sequence[str] | None = None) -> Estimate:
    """Conger's kappa, with missing ratings allowed.

    Parameters
    ----------
    ratings : array_like of int, shape (raters, items)
        Category codes 0, 1, ...; -1 is a missing rating. Raters without any are left out.
    categories : sequence of str, optional
        Their names, for the text of ``degenerate`` alone.

    Returns
    -------
    Estimate
        At most 1; Cohen's kappa for two raters without missing ratings. Undefined where fewer than two raters
        answered, no item has two ratings, or all ratings are of one category.

    Raises
    ------
    ValueError
        For what is no matrix of ratings.

    Notes
    -----
    (p_a - p_e) / (1 - p_e) with p_a as for Fleiss' kappa, and p_e the mean over all pairs of raters g < h of
    sum_k p_gk p_hk, with p_gk the share of category k among the ratings of g. Standard error by Gwet's
    linearisation, in which every p_gk is a ratio over the items that g rated.

    References
    ----------
    Conger (1980), Psychol. Bull. 88:322. Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., chapters
    2 and 5.

    Examples
    --------
    >>> kappa = conger_kappa([[1, 0, 1, 0], [1, 0, 0, 1], [1, 0, 1, 1]])
    >>> round(kappa.value, 4), round(kappa.se, 4)
    (0.3333, 0.3954)
    """
    matrix, reason = answering(ratings)
    if reason:
        return Estimate(degenerate=reason)
    counts = category_counts(matrix, int(matrix.max()) + 1)
    reason = one_category(counts.sum(axis=0), categories, "kappa")
    if reason:
        return Estimate(degenerate=reason)
    pairs, paired = pairwise_agreement(counts)
    weight = len(counts) / np.count_nonzero(paired)
    chance, by_chance = _chance(matrix, counts.shape[1])
    kappa = (weight * pairs.mean() - chance) / (1 - chance)
    influence = weight * (pairs - chance * paired) / (1 - chance)
    influence -= 2 * (1 - kappa) * (by_chance - chance) / (1 - chance)
    return linearised(kappa, influence)


def _chance(matrix: NDArray[np.integer], categories: int) -> tuple[float, Array]:
    """Chance agreement, and what each item has to do with it (with ``chance`` for its mean)."""
    raters, items = matrix.shape
    given = matrix != MISSING
    chosen = [matrix == category for category in range(categories)]
    rated = np.count_nonzero(given, axis=1)
    shares = np.stack([np.count_nonzero(of, axis=1) for of in chosen], axis=1) / rated[:, None]
    # The others' shares, summed: each rater meets every other one.
    others = shares.sum(axis=0) - shares
    pairs = raters * (raters - 1)
    met = (shares * others).sum(axis=1)
    per_item = sum((items / rated * others[:, k]) @ of for k, of in enumerate(chosen))
    per_item = per_item - (items / rated * met) @ given + met.sum()
    return float(met.sum() / pairs), per_item / pairs
