"""Agreement beyond chance by Gwet's AC1, and without chance: percent agreement."""

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.agreement.counts import pairwise_agreement, rated_items
from backend.analysis.agreement.estimate import Estimate, linearised

NO_CHOICE = "one category only: agreement by chance is undefined"


def percent_agreement(counts: ArrayLike) -> Estimate:
    """The share of agreeing pairs of ratings, averaged over the items with two ratings or more.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category.

    Returns
    -------
    Estimate
        Between 0 and 1. Undefined where no item has two ratings.

    Raises
    ------
    ValueError
        For what is no table of counts.

    Notes
    -----
    p_a is the mean of sum_k r_ik (r_ik - 1) / (r_i (r_i - 1)) over the n2 items with two ratings or more; the
    standard error is that of p_a as a ratio over all n items with a rating.

    References
    ----------
    Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed., chapters 2 and 5.

    Examples
    --------
    >>> agreement = percent_agreement([[3, 0], [0, 3], [1, 2], [2, 1]])
    >>> round(agreement.value, 4), round(agreement.se, 4)
    (0.6667, 0.1925)
    """
    rated, reason = rated_items(counts)
    if reason:
        return Estimate(degenerate=reason)
    pairs, paired = pairwise_agreement(rated)
    influence = pairs * len(rated) / np.count_nonzero(paired)
    return linearised(influence.mean(), influence, minimum=0.0)


def gwet_ac1(counts: ArrayLike) -> Estimate:
    """Gwet's AC1.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category. Categories that nobody chose count: chance depends on their
        number.

    Returns
    -------
    Estimate
        At most 1; 1 also where all ratings are of one category, where the kappas are undefined.

    Raises
    ------
    ValueError
        For what is no table of counts.

    Notes
    -----
    (p_a - p_e) / (1 - p_e) with p_a of ``percent_agreement`` and p_e = sum_k pi_k (1 - pi_k) / (q - 1), pi_k
    the mean of r_ik / r_i over the items with a rating, q the number of categories. Standard error by Gwet's
    linearisation.

    References
    ----------
    Gwet (2008), Br. J. Math. Stat. Psychol. 61:29. Gwet (2014), Handbook of Inter-Rater Reliability, 4th ed.,
    chapter 5.

    Examples
    --------
    >>> ac1 = gwet_ac1([[3, 0], [0, 3], [1, 2], [2, 1]])
    >>> round(ac1.value, 4), round(ac1.se, 4)
    (0.3333, 0.3849)
    """
    rated, reason = rated_items(counts)
    categories = rated.shape[1]
    if reason or categories < 2:
        return Estimate(degenerate=reason or NO_CHOICE)
    shares = rated / rated.sum(axis=1, keepdims=True)
    pairs, paired = pairwise_agreement(rated)
    weight = len(rated) / np.count_nonzero(paired)
    pi = shares.mean(axis=0)
    chance = pi @ (1 - pi) / (categories - 1)
    ac1 = (weight * pairs.mean() - chance) / (1 - chance)
    influence = weight * (pairs - chance * paired) / (1 - chance)
    influence -= 2 * (1 - ac1) * (shares @ (1 - pi) / (categories - 1) - chance) / (1 - chance)
    return linearised(ac1, influence)
