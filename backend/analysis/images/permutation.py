"""Permutation tests: flipping the signs of paired differences, and exchanging the labels of two samples.

Exact wherever that is feasible, by counting all that could have happened; otherwise by drawing at random.
"""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.analysis.groups.permutation import RESAMPLES, permutation_test

FLIPPED = 20
"""Differences of which every choice of signs is tried: 2^20 sums."""
TABULATED = 10_000_000
"""Steps that an exact count of label exchanges may take."""
TOLERANCE = 1e-9
DRAWN = 2_000_000  # numbers drawn at a time


@dataclass(frozen=True)
class Permutation:
    """A two-sided permutation test.

    Attributes
    ----------
    statistic : float
        The mean difference.
    p_value : float
        The share of rearrangements whose mean difference is at least as far from 0.
    p_smallest : float
        The smallest p that any data of this size could give.
    exact : bool
        Whether all rearrangements were counted; otherwise they were drawn at random.
    """

    statistic: float
    p_value: float
    p_smallest: float
    exact: bool


def sign_flip(differences: ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES) -> Permutation:
    """Whether paired differences lie around 0, by flipping their signs.

    Parameters
    ----------
    differences : one a pair, at least one.
    seed, resamples : of the random signs that are drawn for more than 20 differences.

    Notes
    -----
    The null hypothesis is that the differences are independent and each is as likely as its opposite. Of n
    differences p is at least 2^(1 - n).

    References
    ----------
    Fisher (1935), The Design of Experiments, section 21.

    Examples
    --------
    >>> sign_flip([3, 1, 2, 1, 3])
    Permutation(statistic=2.0, p_value=0.0625, p_smallest=0.0625, exact=True)
    """
    d = np.asarray(differences, dtype=float)
    statistic = float(d.mean())
    reach = abs(d.sum()) - TOLERANCE * np.abs(d).sum()
    if len(d) > FLIPPED:
        hits = _random_flips(d, reach, np.random.default_rng(seed), resamples)
        # The signs that happened count among those drawn, so that p is never 0.
        return Permutation(statistic, (hits + 1) / (resamples + 1), 1 / (resamples + 1), exact=False)
    sums = d[:1]
    for step in d[1:]:
        # The first sign stays: flipping all of them changes no distance from 0.
        sums = np.concatenate([sums + step, sums - step])
    p = float(np.count_nonzero(np.abs(sums) >= reach) / len(sums))
    return Permutation(statistic, p, 2.0 ** (1 - len(d)), exact=True)


def label_exchange(
    first: ArrayLike, second: ArrayLike, *, seed: int = 0, resamples: int = RESAMPLES
) -> Permutation:
    """Whether two samples could have been labelled the other way, by the difference of their means.

    Parameters
    ----------
    first, second : the samples, neither empty. An exact count takes multiples of one unit, as shares of a few
        raters are.
    seed, resamples : of the random labels that are drawn where an exact count would take too long.

    Notes
    -----
    The null hypothesis is that all values are exchangeable. Exactly: of all choices of n_1 among the n_1 +
    n_2 values, those are counted whose sum is at least as far from its expectation; as many sums coincide,
    they are tabulated value by value. p is at least 1 / C(n_1 + n_2, n_1), twice that for samples of one
    size.

    References
    ----------
    Pitman (1937), Suppl. J. R. Stat. Soc. 4:119. Pagano & Tritchler (1983), J. Am. Stat. Assoc. 78:435.

    Examples
    --------
    >>> label_exchange([0.75, 1, 1, 0.75], [0.25, 0.5, 0.25, 0])
    Permutation(statistic=0.625, p_value=0.02857142857142857, p_smallest=0.02857142857142857, exact=True)
    """
    one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    values, size = np.concatenate([one, other]), len(one)
    statistic = float(one.mean() - other.mean())
    smallest = (2 if size == len(other) else 1) / comb(len(values), size)
    steps = _steps(values, size)
    if steps is not None:
        p = _tabulated(steps, size, int(steps[:size].sum()))
        return Permutation(statistic, p, min(smallest, 1.0), exact=True)
    drawn = permutation_test(one, other, limit=0, resamples=resamples, seed=seed)
    return Permutation(statistic, drawn.p_value, drawn.smallest_p, exact=False)


def _random_flips(d: NDArray, reach: float, rng: np.random.Generator, resamples: int) -> int:
    hits, batch = 0, max(DRAWN // len(d), 1)
    for start in range(0, resamples, batch):
        count = min(batch, resamples - start)
        signs = rng.integers(0, 2, (count, len(d)), dtype=np.int8) * 2 - 1
        hits += int(np.count_nonzero(np.abs(signs @ d) >= reach))
    return hits


def _steps(values: NDArray, size: int) -> NDArray[np.int64] | None:
    """The values as whole steps from the smallest, or ``None`` where an exact count would take too long."""
    above = values - values.min()
    limit = TABULATED // (len(values) * size)
    for parts in range(1, 1 + int(limit // max(above.sum(), 1))):
        whole = np.rint(above * parts)
        if np.abs(above * parts - whole).max() < TOLERANCE * parts:
            return whole.astype(np.int64) if whole.sum() <= limit else None
    return None


def _tabulated(steps: NDArray[np.int64], size: int, observed: int) -> float:
    """The share of choices of ``size`` steps whose sum is as far from its expectation as the observed one."""
    total = int(steps.sum())
    ways = np.zeros((size + 1, total + 1))
    ways[0, 0] = 1
    for step in steps.tolist():
        # Each step is taken once: numpy reads all of what stood there before it writes.
        ways[1:, step:] += ways[:-1, : total + 1 - step]
    sums, n = np.arange(total + 1), len(steps)
    far = np.abs(sums * n - size * total) >= abs(observed * n - size * total)
    return float(min(ways[size, far].sum() / ways[size].sum(), 1.0))
