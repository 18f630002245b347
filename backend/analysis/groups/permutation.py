"""The exact permutation test of a difference between two groups' means."""

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

LIMIT = 200_000
"""Up to this many relabellings all are looked at."""
RESAMPLES = 9_999
"""Beyond it, this many are drawn."""
TIE = 1e-12
"""Sums closer than this, in units of the largest value, are the same: they differ by rounding."""
CHUNK = 1_000_000


@dataclass(frozen=True)
class PermutationTest:
    """The difference of two means against all that could have come about by labelling the values anew.

    Attributes
    ----------
    difference : float or None
        Mean of the first sample minus mean of the second.
    p_value : float or None
        Two-sided: the share of relabellings whose difference is at least as far from 0 as the observed one.
    p_greater, p_less : float or None
        One-sided: the share of relabellings with a difference at least as large, or at most as large.
    smallest_p : float or None
        The smallest two-sided p-value that samples of these sizes could give this test at all.
    relabellings : int
        Relabellings looked at, the observed labels not counted when they were drawn at random.
    exact : bool
        Whether they are all that there are.
    degenerate : str or None
        Why there is no test.
    """

    difference: float | None = None
    p_value: float | None = None
    p_greater: float | None = None
    p_less: float | None = None
    smallest_p: float | None = None
    relabellings: int = 0
    exact: bool = True
    degenerate: str | None = None


def permutation_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    limit: int = LIMIT,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> PermutationTest:
    """Test whether two samples come from one distribution, by the difference of their means.

    Parameters
    ----------
    first, second : array_like
        The values of the two samples.
    limit : int
        All relabellings are looked at where there are this many or fewer.
    resamples : int
        How many are drawn at random where there are more.
    seed : int
        Of the random draw.

    Returns
    -------
    PermutationTest
        Degenerate where a sample is empty.

    Raises
    ------
    ValueError
        For a value that is not finite.

    Notes
    -----
    With m and n values there are N = (m + n)! / (m! n!) relabellings, equally likely if labels mean nothing.
    p is the share of them, the observed one among them, with abs(D*) >= abs(D). With unequal sizes the
    smallest p is 1/N, where one sample holds the largest values (or the smallest); with equal sizes 2/N, as
    exchanging the samples turns D* into -D*. (The other two-sided p-value in use, twice the smaller one-sided
    one, is ``2 * min(p_greater, p_less)``.) Drawn at random, R relabellings of which b are as extreme give
    (b + 1) / (R + 1): b / R would be too small, and could be 0 (Phipson & Smyth 2010).

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments, section 21.
    Ernst, M. D. (2004). Stat. Sci. 19:676.
    Phipson, B. & Smyth, G. K. (2010). Stat. Appl. Genet. Mol. Biol. 9:39.

    Examples
    --------
    >>> found = permutation_test([0.9, 0.8, 0.85], [0.6, 0.5])
    >>> found.p_value, found.smallest_p, found.relabellings
    (0.1, 0.1, 10)
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if len(a) == 0 or len(b) == 0:
        return PermutationTest(degenerate="a group without a value cannot be compared")
    values = np.concatenate([a, b])
    if not np.isfinite(values).all():
        raise ValueError("the values must be finite")
    count = comb(len(values), len(a))
    tie = TIE * np.abs(values).max()
    # With their mean at 0, the sum of the smaller sample tells the sum of the other and so the difference.
    values = values - values.mean()
    smaller, sign = (values[: len(a)], 1) if len(a) <= len(b) else (values[len(a) :], -1)
    exact = count <= limit
    size = len(smaller)
    sums = subset_sums(values, size) if exact else _drawn_sums(values, size, resamples, seed)
    shares = _shares(sign * sums, sign * smaller.sum(), tie, exact)
    return PermutationTest(
        difference=float(a.mean() - b.mean()),
        **shares,
        smallest_p=(1 + (len(a) == len(b))) / count if exact else 1 / (resamples + 1),
        relabellings=count if exact else resamples,
        exact=exact,
    )


def _shares(sums: NDArray[np.float64], observed: float, tie: float, exact: bool) -> dict[str, float]:
    """How often a relabelling is as extreme as what was observed, which is one of them if they are all."""
    counts = {
        "p_value": int(np.count_nonzero(np.abs(sums) >= abs(observed) - tie)),
        "p_greater": int(np.count_nonzero(sums >= observed - tie)),
        "p_less": int(np.count_nonzero(sums <= observed + tie)),
    }
    more = 0 if exact else 1
    return {name: (count + more) / (len(sums) + more) for name, count in counts.items()}


def subset_sums(values: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """The sum of every subset of ``size`` of the values, in no particular order."""
    return _sums_by_size(values, size)[size]


def _sums_by_size(values: NDArray[np.float64], most: int) -> list[NDArray[np.float64]]:
    """The sums of all subsets of 0 to ``most`` values: those of one half, each with each of the other."""
    if len(values) == 1:
        return [np.zeros(1), values][: most + 1]
    half = len(values) // 2
    left, right = _sums_by_size(values[:half], most), _sums_by_size(values[half:], most)
    return [
        np.concatenate(
            [
                np.add.outer(left[k], right[size - k]).ravel()
                for k in range(max(0, size - len(right) + 1), min(size, len(left) - 1) + 1)
            ]
        )
        for size in range(min(most, len(values)) + 1)
    ]


def _drawn_sums(values: NDArray[np.float64], size: int, draws: int, seed: int) -> NDArray[np.float64]:
    """The sums of subsets drawn at random, in pieces that fit into memory."""
    rng = np.random.default_rng(seed)
    sums = np.empty(draws)
    step = max(1, CHUNK // len(values))
    for start in range(0, draws, step):
        keys = rng.random((min(step, draws - start), len(values)))
        chosen = np.argpartition(keys, size - 1, axis=1)[:, :size]
        sums[start : start + step] = values[chosen].sum(axis=1)
    return sums
