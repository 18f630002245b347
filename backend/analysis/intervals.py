"""Confidence intervals of proportions: one at a time, or for arrays of counts at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

LEVEL = 0.95

Limits = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Proportion:
    """A count of successes among independent trials.

    Attributes
    ----------
    successes : int
        Trials that succeeded.
    trials : int
        All of them.

    Examples
    --------
    >>> accuracy = Proportion(54, 80)
    >>> accuracy.value
    0.675
    >>> [round(limit, 3) for limit in accuracy.interval()]
    [0.566, 0.768]
    >>> [round(limit, 3) for limit in accuracy.interval(0.99, "clopper-pearson")]
    [0.526, 0.802]
    """

    successes: int
    trials: int

    @property
    def value(self) -> float | None:
        """Successes by trials; ``None`` without trials."""
        return self.successes / self.trials if self.trials else None

    @property
    def degenerate(self) -> str | None:
        """Why ``value`` is ``None``."""
        return None if self.trials else "no trials: the proportion is undefined"

    def interval(
        self, level: float = LEVEL, method: str = "wilson"
    ) -> tuple[float, float] | tuple[None, None]:
        """The two-sided confidence interval; ``(None, None)`` without trials.

        Parameters
        ----------
        level : float
            Confidence level, between 0 and 1.
        method : str
            ``wilson`` (score interval: keeps its level on average) or ``clopper-pearson`` (exact: never falls
            below its level, and is wider for it).

        Raises
        ------
        ValueError
            For a level outside (0, 1), counts that cannot be, or another method.
        """
        if method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, not {method!r}")
        low, high = METHODS[method](self.successes, self.trials, level)
        return (float(low), float(high)) if self.trials else (None, None)


def wilson(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float] | tuple[None, None]:
    """Wilson's score interval of a proportion in [0, 1]; ``(None, None)`` without trials."""
    return Proportion(successes, trials).interval(level)


def wilson_limits(successes: ArrayLike, trials: ArrayLike, level: float = LEVEL) -> Limits:
    """Wilson's score limits for arrays of counts; NaN where there are no trials.

    Parameters
    ----------
    successes, trials : array_like of int
        Counts of one shape, or that broadcast to one.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray

    Raises
    ------
    ValueError
        For a level outside (0, 1), or counts that cannot be.

    Notes
    -----
    With z the normal quantile of (1 + level) / 2, k of n: (k + z^2/2 -+ z sqrt(k (n - k) / n + z^2/4)) /
    (n + z^2). It keeps near its level for the few dozen images of a study, and stays inside [0, 1].

    References
    ----------
    Wilson (1927), J. Am. Stat. Assoc. 22:209. Brown, Cai & DasGupta (2001), Stat. Sci. 16:101.
    """
    k, n = _counts(successes, trials)
    z = normal_quantile(level)
    half = z * np.sqrt(k * (n - k) / n + z**2 / 4)
    low, high = ((k + z**2 / 2 + side) / (n + z**2) for side in (-half, half))
    # At both ends the formula gives 0 and 1 but for its last bits.
    return np.where(k == 0, 0 * low, low), np.where(k == n, 1.0, high)


def clopper_pearson_limits(successes: ArrayLike, trials: ArrayLike, level: float = LEVEL) -> Limits:
    """Clopper and Pearson's exact limits for arrays of counts; NaN where there are no trials.

    Parameters
    ----------
    successes, trials : array_like of int
        Counts of one shape, or that broadcast to one.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    low, high : ndarray

    Raises
    ------
    ValueError
        For a level outside (0, 1), or counts that cannot be.

    Notes
    -----
    The proportions at which k successes or more, and k or fewer, each have the probability (1 - level) / 2:
    quantiles of Beta(k, n - k + 1) and Beta(k + 1, n - k).

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26:404.
    """
    k, n = _counts(successes, trials)
    normal_quantile(level)
    low = betaincinv(np.maximum(k, 1), n - np.maximum(k, 1) + 1, (1 - level) / 2)
    high = betaincinv(np.minimum(k, n - 1) + 1, n - np.minimum(k, n - 1), (1 + level) / 2)
    return np.where(k == 0, 0 * n, low), np.where(k == n, 1.0, high)


METHODS: dict[str, Callable[..., Limits]] = {
    "wilson": wilson_limits,
    "clopper-pearson": clopper_pearson_limits,
}


def normal_quantile(level: float) -> float:
    """The z of a two-sided normal interval. Raises ``ValueError`` for a level outside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"level must lie between 0 and 1, not {level}")
    return float(ndtri((1 + level) / 2))


def ratio(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """``part / whole``, NaN where ``whole`` is 0."""
    return np.asarray(part) / np.where(np.asarray(whole) == 0, np.nan, whole)


def defined(values: ArrayLike) -> list[float | None]:
    """An array as a result holds it: NaN, which stands for an undefined value inside, becomes ``None``."""
    array = np.asarray(values, dtype=float)
    return np.where(np.isnan(array), None, array).tolist()


def _counts(successes: ArrayLike, trials: ArrayLike) -> Limits:
    """Both as floats of one shape, with NaN for no trials."""
    k, n = np.broadcast_arrays(np.asarray(successes, dtype=float), np.asarray(trials, dtype=float))
    if not ((k >= 0) & (k <= n)).all():
        raise ValueError("successes must lie between 0 and the number of trials")
    return k, np.where(n == 0, np.nan, n)
