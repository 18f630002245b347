"""Light's kappa: Cohen's kappa of each pair of raters, averaged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.analysis.agreement.counts import answering
from backend.analysis.agreement.estimate import ALIKE, ONE_ITEM, Estimate, standard_error
from backend.analysis.agreement.pair_tables import ByRaters, PairTables

UNDEFINED = "no two raters have answers in common that differ: kappa is undefined"
MOST_RATERS = 5_000
TOO_MANY = f"more than {MOST_RATERS:,} raters: their pairs are too many to average"
PAIRS_AT_ONCE = 1_000_000


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
        without any other pair, it is undefined, as it is for more raters than ``MOST_RATERS``.

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
    if len(matrix) > MOST_RATERS:
        return LightKappa(degenerate=TOO_MANY)
    # Each pair is met twice, as (g, h) and as (h, g).
    defined, total, moved = _all_pairs(ByRaters.of(matrix))
    pairs, left_out = defined // 2, len(matrix) * (len(matrix) - 1) // 2 - defined // 2
    if not pairs:
        return LightKappa(degenerate=UNDEFINED, undefined_pairs=left_out)
    value = total / defined
    se = standard_error(moved * matrix.shape[1] / defined)
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


def _all_pairs(ratings: ByRaters) -> tuple[int, float, NDArray[np.float64]]:
    """How many pairs have a kappa, the sum of those, and how far each item moves it; raters in blocks."""
    raters, items = ratings.chosen.shape[1:]
    block = max(1, PAIRS_AT_ONCE // raters)
    defined, total, moved = 0, 0.0, np.zeros(items)
    for start in range(0, raters, block):
        tables = PairTables.of(ratings, slice(start, start + block))
        defined += int(np.count_nonzero(tables.defined))
        total += float(tables.kappa.sum())
        moved += tables.influence(ratings)
    return defined, total, moved
