"""Krippendorff's alpha for categories without an order."""

from collections.abc import Sequence
from dataclasses import replace

from numpy.typing import ArrayLike

from backend.analysis.agreement.counts import one_category, pairwise_agreement, rated_items
from backend.analysis.agreement.estimate import linearised
from backend.analysis.agreement.intraclass import IntraclassEstimate, bounded


def krippendorff_alpha(counts: ArrayLike, *, categories: Sequence[str] | None = None) -> IntraclassEstimate:
    """Krippendorff's alpha, nominal.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category. Items with fewer than two ratings are left out.
    categories : sequence of str, optional
        Their names, for the text of ``degenerate`` alone.

    Returns
    -------
    IntraclassEstimate
        At most 1, and 0 for agreement as by chance. Undefined where no item has two ratings, or where all
        ratings of those that do are of one category.

    Raises
    ------
    ValueError
        For what is no table of counts.

    Notes
    -----
    With N the ratings of the n items with two or more and n_k those in category k, observed agreement is
    p_a = sum_i sum_k r_ik (r_ik - 1) / (r_i - 1) / N, chance agreement p_e = sum_k (n_k / N)^2, and alpha is
    1 - (1 - 1 / N) (1 - p_a) / (1 - p_e), which is 1 - D_o / D_e in Krippendorff's terms. The standard error
    is Gwet's linearisation of alpha without its factor 1 - 1 / N, as the R package irrCAC 1.0 computes it.

    References
    ----------
    Krippendorff (1970), Educ. Psychol. Meas. 30:61. Gwet (2014), Handbook of Inter-Rater Reliability, 4th
    ed., chapters 2 and 5.

    Examples
    --------
    >>> alpha = krippendorff_alpha([[3, 0], [0, 3], [1, 2], [2, 1]])
    >>> round(alpha.value, 4), round(alpha.se, 4)
    (0.3889, 0.3849)
    """
    rated, reason = rated_items(counts)
    rated = rated[rated.sum(axis=1) > 1]
    reason = reason or one_category(rated.sum(axis=0), categories, "alpha")
    if reason:
        return IntraclassEstimate(degenerate=reason)
    ratings = rated.sum(axis=1)
    size = ratings / ratings.mean()
    agreeing = size * pairwise_agreement(rated)[0]
    pi = rated.sum(axis=0) / ratings.sum()
    observed, chance = agreeing.mean(), pi @ pi
    biased = (observed - chance) / (1 - chance)
    shrink = 1 - 1 / ratings.sum()
    alpha = 1 - shrink * (1 - biased)
    corrected = 1 - shrink * (1 - observed)
    influence = (agreeing - corrected * (size - 1) - chance) / (1 - chance)
    by_chance = rated @ pi / ratings.mean() - chance * (size - 1)
    influence -= 2 * (1 - biased) * (by_chance - chance) / (1 - chance)
    return bounded(replace(linearised(biased, influence), value=float(alpha)), rated)
