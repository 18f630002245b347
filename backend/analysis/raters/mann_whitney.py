"""The Mann-Whitney test: exact for small samples without ties, else by its normal approximation."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import binom, ndtr

from backend.analysis.raters.roc import Tally, beaten

SMALL = 8
"""The exact distribution is used up to this size of the smaller sample, as scipy does."""


def mann_whitney_p(counts: Tally) -> float | None:
    """The two-sided p-value of two samples, given as counts of the distinct values.

    Parameters
    ----------
    counts : Tally
        How often each value occurs in the one sample (``positives``) and in the other (``negatives``).

    Returns
    -------
    float or None
        ``None`` where either sample is empty; 1 where all values are the same.

    Notes
    -----
    U is the number of pairs in which the one sample's value is the larger, a tie being half. Under equal
    distributions U has the mean m n / 2 and the variance m n / 12 (N + 1 - sum(t^3 - t) / (N (N - 1))) with t
    the numbers of tied values and N = m + n; the approximation has a continuity correction of 1/2. With 8
    values or fewer in the smaller sample and no tie, U's own distribution is used.

    References
    ----------
    Mann & Whitney (1947), Ann. Math. Stat. 18:50. Lehmann (1975), Nonparametrics, section 1.4 (ties).

    Examples
    --------
    >>> from backend.analysis.raters.roc import tally
    >>> mann_whitney_p(tally([1, 1, 0, 0, 0], [5.1, 4.0, 3.2, 2.5, 1.9]))
    0.2
    """
    m, n = int(counts.positives.sum()), int(counts.negatives.sum())
    if m == 0 or n == 0:
        return None
    ties = (counts.positives + counts.negatives).astype(float)
    if len(ties) == 1:
        return 1.0
    u = int(counts.positives @ beaten(counts)) / 2
    fewer = min(u, m * n - u)
    if min(m, n) <= SMALL and ties.max() == 1:
        tail = _ways(min(m, n), max(m, n), int(fewer)).sum() / binom(m + n, m)
    else:
        spread = m + n + 1 - (ties**3 - ties).sum() / ((m + n) * (m + n - 1))
        tail = ndtr(-(m * n / 2 - fewer - 0.5) / np.sqrt(m * n / 12 * spread))
    return float(min(2 * tail, 1.0))


def _ways(m: int, n: int, most: int) -> NDArray[np.float64]:
    """In how many orders of m and n different values U is 0, 1, ..., ``most``.

    They are the coefficients of the product over i = 1..m of (1 - q^(n + i)) / (1 - q^i).
    """
    ways = np.zeros(most + 1)
    ways[0] = 1
    for i in range(1, m + 1):
        for start in range(min(i, most + 1)):
            ways[start::i] = np.cumsum(ways[start::i])
        if n + i <= most:
            ways[n + i :] -= ways[: -(n + i)].copy()
    return ways
