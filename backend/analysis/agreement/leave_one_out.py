"""How far kappa rests on a single rater."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.agreement.counts import MISSING, as_ratings, category_counts
from backend.analysis.agreement.fleiss import FleissKappa, fleiss_kappa


@dataclass(frozen=True)
class KappaWithout:
    """Fleiss' kappa of all raters but one.

    Attributes
    ----------
    rater : int
        The row of the rater who is left out.
    kappa : FleissKappa
        Kappa of the others.
    change : float or None
        It less the kappa of everyone: positive where the others agree better without her.
    """

    rater: int
    kappa: FleissKappa
    change: float | None


def leave_one_rater_out(
    ratings: ArrayLike, categories: int = 2, *, names: Sequence[str] | None = None
) -> tuple[KappaWithout, ...]:
    """Fleiss' kappa without each rater in turn, with missing ratings allowed.

    Parameters
    ----------
    ratings : array_like of int, shape (raters, items)
        Category codes 0, 1, ...; -1 is a missing rating.
    categories : int
        How many categories there are.
    names : sequence of str, optional
        Their names, for the text of ``degenerate`` alone.

    Returns
    -------
    tuple of KappaWithout
        In the order of the raters, without those who rated nothing.

    Raises
    ------
    ValueError
        For what is no matrix of ratings.

    Notes
    -----
    The others' counts are those of everyone less the rater's own. With two raters nothing is left to
    compare, and ``kappa.degenerate`` says so.

    Examples
    --------
    The third rater contradicts the others:

    >>> found = leave_one_rater_out([[1, 0, 1, 0], [1, 0, 1, 0], [1, 0, 0, 1]])
    >>> [(one.rater, round(one.kappa.value, 3)) for one in found]
    [(0, 0.0), (1, 0.0), (2, 1.0)]
    """
    matrix = as_ratings(ratings, categories)
    counts = category_counts(matrix, categories)
    everyone = fleiss_kappa(counts)
    found = []
    for rater in np.flatnonzero((matrix != MISSING).any(axis=1)):
        own = matrix[rater]
        rest = counts - (own[:, None] == np.arange(categories))
        kappa = fleiss_kappa(rest, categories=names)
        known = kappa.value is not None and everyone.value is not None
        found.append(KappaWithout(int(rater), kappa, kappa.value - everyone.value if known else None))
    return tuple(found)
