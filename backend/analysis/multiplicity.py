"""Several tests at once: p-values adjusted so that the chance of any false alarm stays at its level."""

from collections.abc import Sequence

import numpy as np


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Holm's step-down adjustment of a family of p-values.

    Parameters
    ----------
    p_values : sequence of float or None
        One a test; ``None`` where a test is undefined, which leaves it out of the family.

    Returns
    -------
    tuple of float or None
        The adjusted p-values in the same order, ``None`` where there was none. Rejecting those at or below
        alpha keeps the probability of any false rejection at alpha, however the tests depend on each other.

    Raises
    ------
    ValueError
        For a p-value outside [0, 1].

    Notes
    -----
    The i-th smallest of m is multiplied by m - i + 1, made at least its predecessor and at most 1.

    References
    ----------
    Holm (1979), Scand. J. Stat. 6:65.

    Examples
    --------
    >>> holm([0.01, None, 0.04, 0.03])
    (0.03, None, 0.06, 0.06)
    """
    family = [i for i, p in enumerate(p_values) if p is not None]
    p = np.array([p_values[i] for i in family], dtype=float)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError("a p-value must lie between 0 and 1")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted: list[float | None] = [None] * len(p_values)
    for place, value in zip(order.tolist(), np.minimum(stepped, 1.0).tolist(), strict=True):
        adjusted[family[place]] = value
    return tuple(adjusted)
