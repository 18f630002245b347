"""What one rater alone can show: the exact power of her tests, without simulation.

One rater judges ``n`` images, each right with the same probability and independently, so that the number of
right answers is binomial and the power is a sum over its values.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.analysis.groups.equivalence import CHANCE

ALPHA = 0.05
MOST = 20_000
"""How far ``images_needed`` looks: no rater judges more."""


@dataclass(frozen=True)
class OneRater:
    """What one rater can show with a number of images.

    Attributes
    ----------
    images : int
        Images that she judges.
    superiority_power : float
        Power of the exact two-sided binomial test of her accuracy against 1/2.
    equivalence_power : float or None
        Power of the two one-sided exact binomial tests; ``None`` without a margin.
    """

    images: int
    superiority_power: float
    equivalence_power: float | None


def superiority_power(images: ArrayLike, accuracy: float, *, alpha: float = ALPHA) -> NDArray[np.float64]:
    """Power of the exact two-sided binomial test of one rater's accuracy against 1/2.

    Parameters
    ----------
    images : array_like of int
        Numbers of images.
    accuracy : float
        The rater's true accuracy.
    alpha : float
        Two-sided level of the test.

    Returns
    -------
    ndarray
        The power at each of ``images``. At accuracy 1/2 it is the size of the test, at most ``alpha``.

    Notes
    -----
    With X ~ Bin(n, 1/2) the test rejects at k right answers where 2 min(P(X <= k), P(X >= k)) <= alpha, that
    is at k <= c and at k >= n - c with c the largest k for which P(X <= k) <= alpha / 2.

    References
    ----------
    Clopper, C. J. & Pearson, E. S. (1934). Biometrika 26:404.

    Examples
    --------
    >>> round(float(superiority_power(80, 0.6)), 3)
    0.369
    """
    from scipy.stats import binom  # noqa: PLC0415 - takes a second, which no other command should wait for

    n = np.asarray(images)
    at = binom.ppf(alpha / 2, n, CHANCE)
    critical = np.where(binom.cdf(at, n, CHANCE) <= alpha / 2, at, at - 1)
    return np.asarray(binom.cdf(critical, n, accuracy) + binom.sf(n - critical - 1, n, accuracy))


def equivalence_power(
    images: ArrayLike, margin: float, accuracy: float = CHANCE, *, alpha: float = ALPHA
) -> NDArray[np.float64]:
    """Power of two one-sided exact binomial tests (TOST) to show that one rater is as good as chance.

    Parameters
    ----------
    images : array_like of int
        Numbers of images.
    margin : float
        The accuracy counts as chance where it lies between 1/2 - margin and 1/2 + margin.
    accuracy : float
        The rater's true accuracy.
    alpha : float
        Level of each of the two tests, and so of both together.

    Returns
    -------
    ndarray
        The power at each of ``images``.

    Notes
    -----
    Equivalence is shown at k right answers where P(X >= k) <= alpha with X ~ Bin(n, 1/2 - margin), and
    P(X <= k) <= alpha with X ~ Bin(n, 1/2 + margin). By symmetry these are the k from the smallest, l, that
    fulfils the first, to n - l.

    References
    ----------
    Schuirmann, D. J. (1987). J. Pharmacokinet. Biopharm. 15:657.
    Wellek, S. (2010). Testing Statistical Hypotheses of Equivalence and Noninferiority, 2nd ed., section 4.3.

    Examples
    --------
    >>> [round(float(power), 3) for power in equivalence_power([80, 200, 400], 0.1)]
    [0.089, 0.771, 0.981]
    """
    from scipy.stats import binom  # noqa: PLC0415 - as above

    n = np.asarray(images)
    least = binom.isf(alpha, n, CHANCE - margin) + 1
    power = binom.cdf(n - least, n, accuracy) - binom.cdf(least - 1, n, accuracy)
    return np.where(least <= n - least, power, 0.0)


def images_needed(powers: NDArray[np.float64], wanted: float) -> int | None:
    """The number of images from which on one rater's power stays at ``wanted`` or above.

    Parameters
    ----------
    powers : ndarray
        The power at 1, 2, 3, ... images. It rises as the teeth of a saw, for numbers of right answers are
        whole.
    wanted : float
        The power that is wanted.

    Returns
    -------
    int or None
        ``None`` where the last of ``powers`` falls short.

    Examples
    --------
    >>> images_needed(superiority_power(np.arange(1, 1000), 0.6), 0.8)
    210
    """
    short = np.flatnonzero(powers < wanted)
    if len(short) == 0:
        return 1
    return None if short[-1] == len(powers) - 1 else int(short[-1]) + 2
