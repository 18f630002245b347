"""Equivalence to chance: two one-sided tests (TOST) against a margin that the user must give."""

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, bdtrc

from backend.analysis.intervals import LEVEL, clopper_pearson_limits

CHANCE = 0.5
HALF = 0.5


@dataclass(frozen=True)
class BinomialEquivalence:
    """Whether a proportion lies within a margin of 1/2, by two exact one-sided binomial tests.

    Attributes
    ----------
    successes, trials : int
        The counts.
    margin : float
        The proportion counts as 1/2 where it lies strictly between 1/2 - margin and 1/2 + margin.
    value : float or None
        Successes by trials.
    p_lower, p_upper : float or None
        Exact one-sided p-values against 1/2 - margin or less, and against 1/2 + margin or more.
    p_value : float or None
        The larger of the two: equivalence is shown at level alpha where it is at most alpha.
    degenerate : str or None
        Why there is no test.
    """

    successes: int
    trials: int
    margin: float
    value: float | None = None
    p_lower: float | None = None
    p_upper: float | None = None
    p_value: float | None = None
    degenerate: str | None = None

    def interval(self, level: float = 2 * LEVEL - 1) -> tuple[float, float] | tuple[None, None]:
        """Clopper and Pearson's interval; at level 1 - 2 alpha it fits the tests at level alpha.

        Equivalence is shown where the interval lies within the margin: either of its limits is that of a
        one-sided exact test at alpha.
        """
        low, high = clopper_pearson_limits(self.successes, self.trials, level)
        return (float(low), float(high)) if self.trials else (None, None)


def check_margin(margin: float) -> None:
    """Raise ``ValueError`` for a margin that is none: it must lie between 0 and 1/2."""
    if not 0 < margin < HALF:
        raise ValueError(f"the margin must lie between 0 and {HALF}, not {margin}")


def binomial_equivalence(successes: int, trials: int, margin: float) -> BinomialEquivalence:
    """Two one-sided exact binomial tests of a proportion against 1/2 - margin and 1/2 + margin.

    Parameters
    ----------
    successes, trials : int
        The counts, such as a rater's right answers and all her answers.
    margin : float
        How far from 1/2 counts as no different; between 0 and 1/2.

    Returns
    -------
    BinomialEquivalence
        Degenerate without trials.

    Raises
    ------
    ValueError
        For a margin outside (0, 1/2), or counts that cannot be.

    Notes
    -----
    p_lower = P(X >= k) with X ~ Bin(n, 1/2 - margin), p_upper = P(X <= k) with X ~ Bin(n, 1/2 + margin), and
    the test of both together needs no correction (an intersection-union test). With a true proportion of 1/2,
    margin 0.1 and alpha 0.05 its power is 0.089 with 80 trials, 0.771 with 200 and 0.981 with 400.

    References
    ----------
    Schuirmann, D. J. (1987). J. Pharmacokinet. Biopharm. 15:657.
    Berger, R. L. & Hsu, J. C. (1996). Stat. Sci. 11:283.

    Examples
    --------
    >>> found = binomial_equivalence(41, 80, 0.1)
    >>> round(found.p_lower, 4), round(found.p_upper, 4), round(found.p_value, 4)
    (0.0271, 0.0699, 0.0699)
    """
    check_margin(margin)
    if not 0 <= successes <= trials:
        raise ValueError("successes must lie between 0 and the number of trials")
    if trials == 0:
        return BinomialEquivalence(0, 0, margin, degenerate="no image answered")
    lower = float(bdtrc(successes - 1, trials, CHANCE - margin)) if successes else 1.0
    upper = float(bdtr(successes, trials, CHANCE + margin))
    return BinomialEquivalence(
        successes, trials, margin, successes / trials, lower, upper, float(np.maximum(lower, upper))
    )
