"""Fleiss' kappa as Baur, Albarqouni & Navab (2018) have it in their Table 3: blanks without being blanks."""

from collections.abc import Sequence

from numpy.typing import ArrayLike

from backend.analysis.agreement.counts import ONE_RATER, one_category, rated_items
from backend.analysis.agreement.fleiss import FleissKappa, fleiss_kappa

NO_INTERVAL = "blanks enter the formula as if every rater had answered: no standard error and no interval"


def fleiss_kappa_fixed_raters(
    counts: ArrayLike, raters: int, *, categories: Sequence[str] | None = None
) -> FleissKappa:
    """Fleiss' formula of 1971 with one number of raters for all items, whether all of them answered or not.

    It reproduces a publication and is not to be used for anything else: a blank counts as a rating that
    agrees with nothing. Without blanks it is ``fleiss_kappa`` with all that it has.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category.
    raters : int
        The number of raters that is put in for every item.
    categories : sequence of str, optional
        Their names, for the text of ``degenerate`` alone.

    Returns
    -------
    FleissKappa
        With blanks, a value without a standard error or interval: the formula was derived without them.

    Raises
    ------
    ValueError
        For what is no table of counts, or an item with more ratings than raters.

    Notes
    -----
    With N items, n raters and counts n_ik: P = (sum_ik n_ik^2 - N n) / (N n (n - 1)), p_k = sum_i n_ik /
    (N n), and kappa is (P - sum_k p_k^2) / (1 - sum_k p_k^2).

    References
    ----------
    Fleiss (1971), Psychol. Bull. 76:378. Baur, Albarqouni & Navab (2018), Table 3.

    Examples
    --------
    >>> table = [[3, 0], [0, 3], [1, 2], [2, 0]]
    >>> round(fleiss_kappa_fixed_raters(table, 3).value, 4), round(fleiss_kappa(table).value, 4)
    (0.3494, 0.6571)
    """
    rated, reason = rated_items(counts)
    most = int(rated.sum(axis=1).max(initial=0))
    if most > raters:
        raise ValueError(f"an image has {most} ratings of {raters} raters")
    if len(rated) * raters == rated.sum():
        return fleiss_kappa(rated, categories=categories)
    reason = ONE_RATER if raters == 1 else reason or one_category(rated.sum(axis=0), categories, "kappa")
    if reason:
        return FleissKappa(degenerate=reason)
    pairs = len(rated) * raters * (raters - 1)
    observed = ((rated**2).sum() - len(rated) * raters) / pairs
    chance = ((rated.sum(axis=0) / (len(rated) * raters)) ** 2).sum()
    value = float((observed - chance) / (1 - chance))
    return FleissKappa(value=value, items=len(rated), degenerate=NO_INTERVAL)
