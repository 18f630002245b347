"""Kappa of each category against all others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.analysis.agreement.counts import as_counts
from backend.analysis.agreement.fleiss import FleissKappa, fleiss_kappa


@dataclass(frozen=True)
class CategoryKappa:
    """How far raters agree on one category.

    Attributes
    ----------
    category : str
        Its name.
    share : float or None
        Its share of all ratings; ``None`` where there are none.
    kappa : FleissKappa
        Fleiss' kappa of this category against all others taken together.
    """

    category: str
    share: float | None
    kappa: FleissKappa


def category_kappas(
    counts: ArrayLike, *, categories: Sequence[str] | None = None
) -> tuple[CategoryKappa, ...]:
    """Fleiss' kappa of each category, with missing ratings allowed.

    Parameters
    ----------
    counts : array_like of int, shape (items, categories)
        How many raters chose each category.
    categories : sequence of str, optional
        Their names; else their numbers.

    Returns
    -------
    tuple of CategoryKappa
        In the order of the columns.

    Raises
    ------
    ValueError
        For what is no table of counts, or another number of names than categories.

    Notes
    -----
    Without missing ratings kappa_k = 1 - sum_i r_ik (r - r_ik) / (N r (r - 1) p_k (1 - p_k)). Two categories
    have the same kappa, which is that of the whole table.

    References
    ----------
    Fleiss (1971), Psychol. Bull. 76:378. Fleiss (1981), Statistical Methods for Rates and Proportions, 2nd
    ed., section 13.2.

    Examples
    --------
    >>> found = category_kappas([[3, 0, 0], [0, 3, 0], [0, 2, 1], [1, 1, 1]], categories="abc")
    >>> [(one.category, round(one.kappa.value, 3)) for one in found]
    [('a', 0.625), ('b', 0.333), ('c', -0.2)]
    """
    array = as_counts(counts)
    names = list(map(str, range(array.shape[1]))) if categories is None else list(categories)
    if len(names) != array.shape[1]:
        raise ValueError(f"{len(names)} names for {array.shape[1]} categories")
    total = int(array.sum())
    others = array.sum(axis=1, keepdims=True) - array
    return tuple(
        CategoryKappa(
            category=name,
            share=int(array[:, k].sum()) / total if total else None,
            kappa=fleiss_kappa(
                np.stack([others[:, k], array[:, k]], axis=1), categories=(f"not {name}", name)
            ),
        )
        for k, name in enumerate(names)
    )
