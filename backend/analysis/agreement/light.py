"""Light's kappa: Cohen's kappa of each pair of raters, averaged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.agreement.counts import answering
from backend.analysis.agreement.estimate import ALIKE, ONE_ITEM, Estimate, standard_error
from backend.analysis.agreement.pair_tables import ByRaters, PairTables

UNDEFINED = "no two raters have answers in common that differ: kappa is undefined"


@dataclass(frozen=True)
class LightKappa(Estimate):
    """Light's kappa. Attributes as of ``Estimate``, and:

    Attributes
    ----------
    pairs : int
        Pairs of raters whose kappa is defined: those averaged.
    undefined_pairs : int
        Pairs left out: without a common item, or of one and the same answer throughout.
    """

    pairs: int = 0
    undefined_pairs: int = 0


def light_kappa(ratings: ArrayLike) -> LightKappa:
    """The mean of Cohen's kappa over all pairs of raters, with missing ratings allowed.

    Parameters
    ----------
    ratings : array_like of int, shape (raters, items)
        Category codes 0, 1, ...; -1 is a missing rating. Each pair is taken over the items that both rated.

    Returns
    -------
    LightKappa
        At most 1. Pairs whose kappa is undefined are left out of the mean, and ``degenerate`` tells how many;
        without any other pair, it is undefined.

    Raises
    ------
    ValueError
        For what is no matrix of ratings.

    Notes
    -----
    Cohen's kappa of g and h over their n common items is (p_a - p_e) / (1 - p_e) with p_e = sum_k p_g(k)
    p_h(k). An item that they rated x and y moves it by ([x = y] - p_a - (1 - kappa) (p_h(x) + p_g(y) -
    2 p_e)) / (n (1 - p_e)). The mean of these over the pairs, times the number of items, is the influence of
    the item on Light's kappa, from which the standard error follows as for Gwet's coefficients.
    For two raters without missing ratings it is that of Fleiss, Cohen & Everitt (1969), but for n - 1
    in place of n.

    References
    ----------
    Light (1971), Psychol. Bull. 76:365. Cohen (1960), Educ. Psychol. Meas. 20:37. Fleiss, Cohen & Everitt
    (1969), Psychol. Bull. 72:323.

    Examples
    --------
    >>> kappa = light_kappa([[1, 0, 1, 0], [1, 0, 0, 1], [1, 0, 1, 1]])
    >>> round(kappa.value, 4), kappa.pairs
    (0.3333, 3)
    """
    matrix, reason = answering(ratings)
    if reason:
        return LightKappa(degenerate=reason)
    by_raters = ByRaters.of(matrix)
    tables = PairTables.of(by_raters)
    pairs = int(np.count_nonzero(tables.defined)) // 2
    left_out = len(matrix) * (len(matrix) - 1) // 2 - pairs
    if not pairs:
        return LightKappa(degenerate=UNDEFINED, undefined_pairs=left_out)
    value = float(tables.kappa[tables.defined].mean())
    se = standard_error(tables.influence(by_raters) * matrix.shape[1] / pairs)
    reasons = [ONE_ITEM] if se is None else [] if se else [ALIKE]
    if left_out:
        reasons.append(f"{left_out} of {pairs + left_out} pairs of raters have no kappa and are left out")
    return LightKappa(
        value=value,
        se=se,
        items=matrix.shape[1],
        degenerate="; ".join(reasons) or None,
        pairs=pairs,
        undefined_pairs=left_out,
    )
